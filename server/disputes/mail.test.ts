import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { organizations } from '#db/schema/index.ts'
import { renderEmail } from '#emails/index.tsx'
import { compose, isTemplate } from '../email/compose.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner } from '../test/factories.ts'

/** Every mail that was queued, as it would go out now. */
async function mails(deps: TestDeps, orgId: string) {
  const [org] = await deps.db.read.select().from(organizations).where(eq(organizations.id, orgId))
  const jobs = await deps.db.read.query.outbox.findMany({ where: (table, { eq: is }) => is(table.topic, 'email.send') })
  const texts: { subject: string; text: string; partnerId: string | null }[] = []
  for (const job of jobs) {
    const { template, to, about } = job.payload as { template: string; to: { partnerId: string }; about: never }
    if (!org || !isTemplate(template)) throw new Error(`no template ${template}`)
    const composed = await compose(deps, org, template, { to, about })
    if (!composed) continue
    const frame = { orgName: org.name, simulated: false, publicUrl: deps.config.PUBLIC_URL }
    texts.push({ ...(await renderEmail(composed.message, frame)), partnerId: composed.partnerId })
  }
  return texts
}

test('each side hears what the other said, in its own place, and the partner how it was decided', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps, { name: 'Acme' })
  const partner = await aPartner(deps, { orgId: org.id, name: 'Northwind' })
  const person = await asRole(deps, 'partner', { org, partner })
  const admin = await asRole(deps, 'admin', { org })
  const { id } = await aCommission(deps, { partner, amount: 100_000 })
  const dispute = await person.api.disputes.open({ commissionId: id, reason: 'We agreed on 20 %.' })
  expect(await mails(deps, org.id)).toMatchObject([
    {
      subject: 'Northwind disputes C-000001',
      text: expect.stringContaining(`/admin/commissions/${id}`),
      partnerId: null,
    },
  ])
  deps.clock.advance(1)
  await admin.api.disputes.answer({ disputeId: dispute.id, body: 'For renewals only.' })
  const [, answered] = await mails(deps, org.id)
  expect(answered).toMatchObject({ subject: 'Acme answered on C-000001', partnerId: partner.id })
  expect(answered?.text).toContain(`/portal/commissions/${id}`)
  expect(answered?.text).toContain('For renewals only.')
  expect(answered?.text).not.toContain(admin.user.name)
  deps.clock.advance(1)
  await admin.api.disputes.resolve({
    disputeId: dispute.id,
    decision: 'adjust',
    amount: 5_000,
    reason: 'You are right.',
  })
  // What is no longer true is not sent: the dispute is neither open nor waiting for an answer.
  expect(await mails(deps, org.id)).toMatchObject([
    { subject: 'Adjusted by $50.00: C-000001', text: expect.stringContaining('You are right.'), partnerId: partner.id },
  ])
})

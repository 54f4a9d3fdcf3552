import { sql } from 'drizzle-orm'
import { emails, outbox, payoutImports } from '#db/schema/index.ts'
import { inviteMember, remintInvitation } from '#server/auth/invitations.ts'
import { periodOf } from '#server/lib/period.ts'
import { blankWording } from '#server/rules/rules.ts'
import { createRule } from '#server/rules/service.ts'
import { createRun } from '#server/runs/service.ts'
import { aPartner, aPayout } from '#server/test/factories.ts'
import { work } from '#server/work.ts'
import { negotiatedDeal } from './negotiated-deal.ts'
import { someImports } from './some-imports.ts'
import type { Base } from './world.ts'

/** An organization with one of everything that a page can show. */
export async function fullHouse(base: Base) {
  const { deps, org, payable, fresh, manager, admin, owner } = base
  const common = { createdBy: manager.user.id, approvedBy: admin.user.id, period: '2026-02', reference: 'INV-2026-02' }
  const partner = payable.partner
  const now = deps.clock.now()
  const payouts = {
    pending: await aPayout(deps, { ...common, partner, notes: 'For the Contoso deal.' }),
    approved: await aPayout(deps, { ...common, partner, status: 'approved' }),
    blocked: await aPayout(deps, { ...common, partner: fresh.partner, status: 'approved' }),
    failed: await aPayout(deps, { ...common, partner, status: 'failed' }),
    rejected: await aPayout(deps, { ...common, partner, status: 'rejected' }),
    paid: await aPayout(deps, { ...common, partner, status: 'paid', bankStatus: 'arrived', bankArrivalAt: now }),
    manual: await aPayout(deps, {
      ...common,
      partner,
      status: 'paid',
      paidVia: 'manual',
      transferId: null,
      manualMethod: 'bank_transfer',
      manualReference: 'ACH 7',
      manualPaidOn: '2026-03-01',
    }),
    reversed: await aPayout(deps, { ...common, partner, status: 'reversed' }),
  }
  await aPartner(deps, {
    orgId: org.id,
    name: 'Restricted Referrals',
    transfersStatus: 'restricted',
    requirements: [{ code: 'dob', text: 'your date of birth', deadline: now + 7 * 86_400_000 }],
  })
  await aPartner(deps, { orgId: org.id, name: 'Archived Affiliates', archivedAt: now })
  const { id } = deps.ids
  const emailId = id('eml')
  const importId = id('imp')
  const brokenImportId = id('imp')
  const jobId = id('job')
  const html = '<html lang="en"><head><title>Approved</title></head><body><h1>Approved</h1><p>Hello.</p></body></html>'
  await deps.db.write(async tx => {
    await tx.insert(emails).values({
      id: emailId,
      orgId: org.id,
      eventId: emailId,
      template: 'payoutApproved',
      recipient: payable.person.email,
      partnerId: partner.id,
      payoutId: payouts.pending.id,
      subject: '[SIMULATED] $1,240.00 approved',
      html,
      text: 'Approved\n\nHello.',
      messageId: `${emailId}@acme.example`,
      status: 'failed',
      error: '550 no such mailbox',
      createdAt: now,
    })
    await tx.insert(payoutImports).values({
      id: importId,
      orgId: org.id,
      status: 'draft',
      fileName: 'february.csv',
      sha256: 'f'.repeat(64),
      rows: [
        row({ line: 2, partnerId: partner.id, partner: partner.name, amount: 1_000, amountText: '10.00' }),
        row({ line: 3, partner: 'nobody@nowhere.example', errors: ['Line 3, partner: There is no such partner.'] }),
        row({
          line: 4,
          partnerId: partner.id,
          partner: partner.name,
          amount: 500,
          amountText: '5.00',
          duplicate: 'Twice.',
        }),
      ],
      rowCount: 3,
      createdBy: owner.user.id,
      createdAt: now,
    })
    // Valid JSON, and no rows: what only a bug could have written. Its page is what a bug looks like to people.
    await tx.run(sql`
      INSERT INTO payout_imports (id, org_id, status, file_name, sha256, rows, row_count, created_by, created_at)
      VALUES (${brokenImportId}, ${org.id}, 'draft', 'broken.csv', 'b', '{}', 0, ${owner.user.id}, ${now})`)
    await tx.insert(outbox).values({
      id: jobId,
      orgId: org.id,
      topic: 'partner.sync',
      key: jobId,
      payload: { partnerId: partner.id },
      status: 'parked',
      attempts: 12,
      runAt: now,
      lastError: 'Stripe did not answer',
      createdAt: now,
      finishedAt: now,
    })
  })
  const scope = { orgId: org.id, actor: { kind: 'user' as const, id: owner.user.id, name: owner.user.name } }
  const { invitationId } = await work(deps, scope, unit =>
    inviteMember(unit, { email: 'nina@acme.example', role: 'viewer', name: 'Nina', partnerId: null }),
  )
  const invitation = await remintInvitation(deps, invitationId)
  if (!invitation) throw new Error('the invitation is not open')
  const negotiated = await negotiatedDeal(base)
  const imports = await someImports(base)
  const byManager = { orgId: org.id, actor: { kind: 'user', id: manager.user.id, name: manager.user.name } } as const
  const { ruleId, runId } = await work(deps, byManager, async unit => {
    const rule = { name: 'House rule', stream: 'base', programId: null, wording: blankWording('2026-01-01') } as const
    const run = await createRun(unit, { period: periodOf(now, 'UTC') })
    return { ruleId: (await createRule(unit, rule)).ruleId, runId: run.id }
  })
  return {
    payouts,
    ruleId,
    runId,
    emailId,
    importId,
    brokenImportId,
    jobId,
    negotiated,
    imports,
    invitationPath: new URL(invitation.url).pathname,
  }
}

type Row = (typeof payoutImports.$inferInsert.rows)[number]

function row(values: Partial<Row> & { line: number }): Row {
  return {
    partnerId: null,
    partner: '',
    amount: null,
    amountText: '',
    currency: 'USD',
    period: '2026-02',
    reference: null,
    notes: null,
    errors: [],
    duplicate: null,
    warnings: [],
    ...values,
  }
}

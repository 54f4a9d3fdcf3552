import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { doctor } from '../commands/doctor.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aPartner, aPayout } from '../test/factories.ts'
import { handlers } from '../worker/handlers.ts'
import { createWorker } from '../worker/worker.ts'
import { invariantNames } from './check.ts'
import { standingViolations } from './standing.ts'
import { invariantsTask, lastCheck, notBesideRequests, raise } from './watch.ts'

/** Two companies with a payout each; one of them can be broken and mended. */
async function twoCompanies() {
  const deps = await testDeps()
  const owner = await asRole(deps, 'owner')
  const other = await asRole(deps, 'owner')
  for (const { org } of [owner, other]) await aPayout(deps, { partner: await aPartner(deps, { orgId: org.id }) })
  const add = (count: number) =>
    deps.db.write(tx =>
      tx.run(sql`UPDATE payout_totals SET count = count + ${count} WHERE org_id = ${owner.org.id} AND partner_id = ''`),
    )
  const pausedOf = async (orgId: string) =>
    (
      await deps.db.read.get<{ at: number | null }>(
        sql`SELECT transfers_paused_at AS at FROM organizations WHERE id = ${orgId}`,
      )
    )?.at
  return { deps, owner, other, corrupt: () => add(1), mend: () => add(-1), pausedOf, task: invariantsTask() }
}

async function mailsOf(deps: TestDeps): Promise<string[]> {
  await createWorker(deps, handlers).runUntilIdle()
  return deps.mailer.sent.map(mail => mail.subject)
}

async function run(deps: TestDeps, args: string[], offline = false) {
  const lines: string[] = []
  const steps = doctor(deps.db, args, deps.clock.now(), offline ? undefined : deps)
  for (;;) {
    const step = await steps.next()
    if (step.done) return { lines, text: lines.join('\n'), exit: step.value }
    lines.push(step.value)
  }
}

test('a violation stops the sending of its company alone, is written down, and is told to its owners once', async () => {
  const { deps, owner, other, corrupt, mend, pausedOf, task } = await twoCompanies()
  await task.run(deps)
  expect(lastCheck(deps)?.violations.size).toBe(0)
  expect(await mailsOf(deps)).toEqual([])
  await corrupt()
  await task.run(deps)
  expect(await pausedOf(owner.org.id)).toBe(deps.clock.now())
  expect(await pausedOf(other.org.id)).toBeNull()
  const told = await mailsOf(deps)
  expect(told).toEqual(['[SIMULATED] Transfers paused: Something in the books can’t be right'])
  const [mail] = deps.mailer.sent
  expect(mail?.to).toContain(owner.user.email)
  expect(mail?.text).toMatch(/that are not the sums/)
  expect(mail?.text).toMatch(/npm run doctor/)
  deps.clock.advance(15 * 60_000)
  await task.run(deps)
  expect(await mailsOf(deps)).toEqual(told)
  const written = await deps.db.read.all<{ action: string }>(
    sql`SELECT action FROM audit WHERE target_type = 'invariant' AND org_id = ${owner.org.id}`,
  )
  expect(written).toEqual([{ action: 'invariant.broken' }])
  expect([...(lastCheck(deps)?.violations ?? [])]).toEqual([['company_totals_are_sums', 1]])
  await mend()
  await task.run(deps)
  expect(await standingViolations(deps.db.read, owner.org.id)).toEqual([])
  // The same thing, wrong once more, is news.
  await corrupt()
  deps.clock.advance(15 * 60_000)
  await task.run(deps)
  expect(await mailsOf(deps)).toHaveLength(2)
})

test('while it stands, transfers are resumed only with a reason, and then it pauses nothing again', async () => {
  const { deps, owner, corrupt, mend, pausedOf, task } = await twoCompanies()
  await corrupt()
  await task.run(deps)
  await expect(owner.api.orgs.resumeTransfers({})).rejects.toThrow(/npm run doctor, which looks again; or say why/)
  await owner.api.orgs.resumeTransfers({ reason: 'Only a count of ours is off' })
  expect(await pausedOf(owner.org.id)).toBeNull()
  await task.run(deps)
  expect(await pausedOf(owner.org.id)).toBeNull()
  const [entry] = await deps.db.read.all<{ after: string }>(
    sql`SELECT after FROM audit WHERE action = 'orgs.resumeTransfers'`,
  )
  expect(JSON.parse(entry?.after ?? '')).toEqual({ reason: 'Only a count of ours is off', standing: 1 })
  // Once it is mended and looked at again, nobody has to explain anything.
  await owner.api.orgs.pauseTransfers({ reason: 'Let me see' })
  await mend()
  await run(deps, [])
  await owner.api.orgs.resumeTransfers({})
  expect(await pausedOf(owner.org.id)).toBeNull()
})

test('what is no one company’s stops all of them', async () => {
  const { deps, owner, other, pausedOf } = await twoCompanies()
  const subject = { type: 'audit_chain', id: 'system' }
  await raise(deps, [{ invariant: 'audit_chain', orgId: null, subject, says: 'audit_chain system is broken.' }])
  for (const { org } of [owner, other]) expect(await pausedOf(org.id)).toBe(deps.clock.now())
  expect(deps.log.lines.at(-1)).toMatchObject({ level: 'error', message: 'the database breaks its invariants' })
  // A look that left the invariant out says nothing of it.
  await raise(deps, [], { skipped: ['audit_chain'] })
  expect(await standingViolations(deps.db.read, owner.org.id)).toHaveLength(1)
})

test('doctor lists what is broken with what it promises, raises the alarm, and exits with 1', async () => {
  const { deps, owner, corrupt, pausedOf } = await twoCompanies()
  const well = await run(deps, [])
  expect(well).toMatchObject({ exit: 0, text: expect.stringContaining('Nothing is broken.') })
  expect(well.text).toContain('is version')
  expect(well.text).toContain('the file’s pages were not (--file)')
  await corrupt()
  const ill = await run(deps, [])
  expect(ill.exit).toBe(1)
  expect(ill.text).toContain('BROKEN company_totals_are_sums: The totals of a company')
  expect(ill.text).toContain(`  ${owner.org.id}: organization ${owner.org.id} has totals of its payouts`)
  expect(await pausedOf(owner.org.id)).toBe(deps.clock.now())
})

test('doctor answers as JSON, for one company, and offline with the file’s pages; it changes nothing then', async () => {
  const { deps, owner, other, corrupt, pausedOf } = await twoCompanies()
  await corrupt()
  const offline = await run(deps, ['--json'], true)
  expect(offline).toMatchObject({ exit: 1 })
  expect(JSON.parse(offline.text)).toMatchObject({
    ok: false,
    checked: invariantNames,
    violations: [{ invariant: 'company_totals_are_sums', orgId: owner.org.id }],
    transfers: { unknown: 0, inReview: 0 },
  })
  const one = await run(deps, ['--json', '--org', other.org.id])
  expect(one.exit).toBe(0)
  expect(JSON.parse(one.text).checked).toEqual(invariantNames.filter(name => !notBesideRequests.includes(name)))
  expect(await pausedOf(owner.org.id)).toBeNull()
  expect((await run(deps, ['--file'])).exit).toBe(1)
  expect(await run(deps, ['--org', 'org_none'])).toMatchObject({ exit: 2, text: 'There is no organization org_none.' })
  expect((await run(deps, ['--wrong'])).exit).toBe(2)
})

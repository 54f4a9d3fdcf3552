import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { audit, organizations, payoutRunRows, payoutRuns, programs } from '#db/schema/index.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { dayOf, formatPeriod, periodOf, shiftPeriod, startOfDay } from '../lib/period.ts'
import { takeNumbers } from '../numbers.ts'
import { refuseClosed } from '../periods/service.ts'
import { daysBefore } from '../rates/rate.ts'
import type { Work } from '../work.ts'
import { planNow } from './facts.ts'
import { type PlannedRow, runDigest } from './plan.ts'
import { type includeInput, type planInput, type runChangeInput, runNumber } from './rules.ts'

export type Run = typeof payoutRuns.$inferSelect

/** What a mutation answers: enough for the caller's next step. */
export interface ChangedRun {
  id: string
  number: string
  status: Run['status']
  version: number
  digest: string
}

/** The run for a change. NOT_FOUND for another organization's; CONFLICT unless it is the draft that the page showed. */
export async function draftOf(work: Work, runId: string, version: number | undefined): Promise<Run> {
  const [run] = await work.tx
    .select()
    .from(payoutRuns)
    .where(and(eq(payoutRuns.id, runId), eq(payoutRuns.orgId, work.orgId)))
  if (!run) throw notFound('payout run')
  if (run.status !== 'draft' || (version !== undefined && version !== run.version)) throw await conflict(work, run)
  return run
}

/** The sentence for the slower of two people. */
async function conflict(work: Work, run: Run): Promise<DomainError> {
  const [last] = await work.tx
    .select({ by: audit.actorName, action: audit.action })
    .from(audit)
    .where(and(eq(audit.orgId, work.orgId), eq(audit.targetType, 'run'), eq(audit.targetId, run.id)))
    .orderBy(sql`${audit.seq} DESC`)
    .limit(1)
  const words: Record<string, string> = {
    'runs.refresh': 'refreshed it',
    'runs.include': 'changed which rows are paid',
    'runs.execute': 'executed it',
    'runs.discard': 'discarded it',
  }
  const done = last ? `: ${last.by} ${words[last.action] ?? 'changed it'}` : ''
  return new DomainError(
    'CONFLICT',
    `${runNumber(run.number)} has moved on${done}. It is ${run.status === 'draft' ? 'still a draft' : run.status} now, and nothing was changed. Look again.`,
  )
}

/**
 * Plans a run as a draft: nothing is created, and nothing is reserved, until it is executed.
 * @throws DomainError INVALID for a cut-off or a period to come, or one that is closed; NOT_FOUND for a foreign program
 */
export async function createRun(work: Work, input: z.infer<typeof planInput>): Promise<ChangedRun> {
  const { period } = input
  const programIds = input.programIds ? [...new Set(input.programIds)].sort() : null
  const [org] = await work.tx
    .select({ zone: organizations.timeZone })
    .from(organizations)
    .where(eq(organizations.id, work.orgId))
  if (!org) throw new Error(`organization ${work.orgId} is gone`)
  if (period > periodOf(work.at, org.zone)) {
    const sentence = `${formatPeriod(period)} has not begun.`
    throw new DomainError('INVALID', sentence, { fields: { period: sentence } })
  }
  await refuseClosed(work.tx, work.orgId, period)
  if (programIds) await refuseForeign(work, programIds)
  const cutoffAt = cutoffOf(work, period, input.cutoff, org.zone)
  const rows = await planNow(work.tx, { orgId: work.orgId, now: work.at, cutoffAt, programIds })
  const id = work.id('run')
  const number = await takeNumbers(work, 'runs', 1)
  const digest = runDigest(rows.map(row => ({ ...row, included: row.outcome === 'pay' })))
  await work.tx.insert(payoutRuns).values({
    ...{ id, number, period, cutoffAt, programIds, digest },
    orgId: work.orgId,
    status: 'draft',
    plannedAt: work.at,
    createdBy: work.actor.id,
    createdAt: work.at,
  })
  await insertRows(work, id, rows, new Set())
  work.audit({
    action: 'runs.plan',
    target: { type: 'run', id },
    after: { number, period, cutoffAt, programIds, ...counted(rows), digest },
  })
  work.changed('runs')
  return { id, number: runNumber(number), status: 'draft', version: 1, digest }
}

async function refuseForeign(work: Work, programIds: string[]): Promise<void> {
  const own = await work.tx
    .select({ id: programs.id })
    .from(programs)
    .where(
      and(
        eq(programs.orgId, work.orgId),
        sql`${programs.id} IN (SELECT value FROM json_each(${JSON.stringify(programIds)}))`,
      ),
    )
  if (own.length !== programIds.length) throw notFound('program')
}

/** The last millisecond that counts: of the day given, or of the period; never one to come, for what is on hold stays on hold. */
function cutoffOf(work: Work, period: string, day: string | undefined, zone: string): number {
  const last = day ?? daysBefore(`${shiftPeriod(period, 1)}-01`, 1)
  if (day !== undefined && day > dayOf(work.at, zone))
    throw new DomainError('INVALID', 'The cut-off is a day to come: what is released until then is on hold today.', {
      fields: { cutoff: 'Choose today or an earlier day.' },
    })
  return Math.min(startOfDay(daysBefore(last, -1), zone) - 1, work.at)
}

function counted(rows: PlannedRow[]) {
  const count = (outcome: PlannedRow['outcome']) => rows.filter(row => row.outcome === outcome).length
  return { pay: count('pay'), rollsOver: count('rolls_over'), blocked: count('blocked') }
}

const linesAtOnce = 1_000

/** Writes the rows, a thousand lines a statement. `excluded` are the keys of those that somebody took out. */
async function insertRows(work: Work, runId: string, rows: PlannedRow[], excluded: Set<string>): Promise<void> {
  for (const part of byLines(rows, row => row.lines.length)) {
    const json = JSON.stringify(
      part.map(({ carries: _, ...row }) => ({
        ...row,
        id: work.id('rr'),
        included: row.outcome === 'pay' && !excluded.has(rowKey(row)) ? 1 : 0,
        lines: JSON.stringify(row.lines),
        flags: JSON.stringify(row.flags),
        blockers: JSON.stringify(row.blockers),
      })),
    )
    await work.tx.run(sql`
      INSERT INTO payout_run_rows (id, org_id, run_id, partner_id, currency, amount, last_amount, outcome, reason, included, lines, flags, blockers, digest)
      SELECT value ->> 'id', ${work.orgId}, ${runId}, value ->> 'partnerId', value ->> 'currency', value ->> 'amount', value ->> 'lastAmount', value ->> 'outcome',
             value ->> 'reason', value ->> 'included', value ->> 'lines', value ->> 'flags', value ->> 'blockers', value ->> 'digest'
      FROM json_each(${json})`)
  }
}

/** Cuts a list where its parts' lines reach a thousand, so that no statement holds everybody up. */
export function byLines<T>(items: readonly T[], linesOf: (item: T) => number): T[][] {
  const parts: T[][] = []
  let lines = Number.POSITIVE_INFINITY
  for (const item of items) {
    if (lines + linesOf(item) > linesAtOnce) {
      parts.push([])
      lines = 0
    }
    parts.at(-1)?.push(item)
    lines += linesOf(item)
  }
  return parts
}

export function rowKey(row: { partnerId: string; currency: string }): string {
  return `${row.partnerId} ${row.currency}`
}

/** Plans a draft anew, from what is owed now; what somebody took out stays out. */
export async function refreshRun(work: Work, input: z.infer<typeof runChangeInput>): Promise<ChangedRun> {
  const run = await draftOf(work, input.runId, input.version)
  const before = await work.tx
    .select({
      partnerId: payoutRunRows.partnerId,
      currency: payoutRunRows.currency,
      outcome: payoutRunRows.outcome,
      included: payoutRunRows.included,
    })
    .from(payoutRunRows)
    .where(eq(payoutRunRows.runId, run.id))
  const excluded = new Set(before.filter(row => row.outcome === 'pay' && !row.included).map(rowKey))
  const { cutoffAt, programIds } = run
  const rows = await planNow(work.tx, { orgId: work.orgId, now: work.at, cutoffAt, programIds })
  await work.tx.delete(payoutRunRows).where(eq(payoutRunRows.runId, run.id))
  await insertRows(work, run.id, rows, excluded)
  const digest = runDigest(rows.map(row => ({ ...row, included: row.outcome === 'pay' && !excluded.has(rowKey(row)) })))
  await work.tx
    .update(payoutRuns)
    .set({ digest, plannedAt: work.at, version: run.version + 1 })
    .where(eq(payoutRuns.id, run.id))
  work.audit({
    action: 'runs.refresh',
    target: { type: 'run', id: run.id },
    before: { digest: run.digest },
    after: { ...counted(rows), digest },
  })
  work.changed('runs')
  return { id: run.id, number: runNumber(run.number), status: 'draft', version: run.version + 1, digest }
}

/** Takes rows out of what will be paid, or puts them back. INVALID for a row that rolls over or is blocked. */
export async function includeRows(work: Work, input: z.infer<typeof includeInput>): Promise<ChangedRun> {
  const run = await draftOf(work, input.runId, input.version)
  const rows = await work.tx
    .select({
      id: payoutRunRows.id,
      partnerId: payoutRunRows.partnerId,
      currency: payoutRunRows.currency,
      outcome: payoutRunRows.outcome,
      reason: payoutRunRows.reason,
      included: payoutRunRows.included,
      digest: payoutRunRows.digest,
    })
    .from(payoutRunRows)
    .where(eq(payoutRunRows.runId, run.id))
  const byId = groupBy(rows, row => row.id)
  const chosen = input.rowIds
    ? input.rowIds.map(id => {
        const row = byId.get(id)?.[0]
        if (!row) throw notFound('row')
        return row
      })
    : rows.filter(row => row.outcome === 'pay')
  const unpayable = chosen.find(row => row.outcome !== 'pay')
  if (unpayable && input.included) throw new DomainError('INVALID', `That row can’t be paid. ${unpayable.reason ?? ''}`)
  const changed = new Set(chosen.filter(row => row.outcome === 'pay' && row.included !== input.included))
  if (changed.size === 0)
    return { id: run.id, number: runNumber(run.number), status: 'draft', version: run.version, digest: run.digest }
  await work.tx.run(sql`
    UPDATE payout_run_rows SET included = ${input.included ? 1 : 0}
    WHERE id IN (SELECT value FROM json_each(${JSON.stringify([...changed].map(row => row.id))})) AND run_id = ${run.id}`)
  const digest = runDigest(rows.map(row => (changed.has(row) ? { ...row, included: input.included } : row)))
  await work.tx
    .update(payoutRuns)
    .set({ digest, version: run.version + 1 })
    .where(eq(payoutRuns.id, run.id))
  work.audit({
    action: 'runs.include',
    target: { type: 'run', id: run.id },
    after: {
      included: input.included,
      rows: [...changed].slice(0, 100).map(row => ({ partnerId: row.partnerId, currency: row.currency })),
      count: changed.size,
      digest,
    },
  })
  work.changed('runs')
  return { id: run.id, number: runNumber(run.number), status: 'draft', version: run.version + 1, digest }
}

/** Puts a draft away; what it would have paid is in the next plan. */
export async function discardRun(work: Work, input: z.infer<typeof runChangeInput>): Promise<ChangedRun> {
  const run = await draftOf(work, input.runId, input.version)
  await work.tx
    .update(payoutRuns)
    .set({ status: 'discarded', version: run.version + 1 })
    .where(eq(payoutRuns.id, run.id))
  work.audit({
    action: 'runs.discard',
    target: { type: 'run', id: run.id },
    before: { status: 'draft' },
    after: { status: 'discarded' },
  })
  work.changed('runs')
  return {
    id: run.id,
    number: runNumber(run.number),
    status: 'discarded',
    version: run.version + 1,
    digest: run.digest,
  }
}

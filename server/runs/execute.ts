import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { type CommissionSnapshot, partners, payoutRunRows, payoutRuns, programs } from '#db/schema/index.ts'
import { notify } from '../email/notify.ts'
import { DomainError } from '../lib/errors.ts'
import { formatMoney, sumByCurrency } from '../lib/money.ts'
import { takeNumbers } from '../numbers.ts'
import { insertPayouts } from '../payouts/service.ts'
import { postingPeriod, refuseClosed } from '../periods/service.ts'
import type { Work } from '../work.ts'
import { planNow } from './facts.ts'
import { postConversions } from './ledger.ts'
import type { PlannedRow } from './plan.ts'
import { type executeInput, runNumber } from './rules.ts'
import { byLines, type ChangedRun, draftOf, type Run, rowKey } from './service.ts'

export interface Executed extends ChangedRun {
  payouts: number
  totals: { amount: number; currency: string }[]
}

interface Shown {
  id: string
  partnerId: string
  name: string
  currency: string
  amount: number
  digest: string
}

/**
 * Makes the payouts of a draft, all of them or none. What is owed is planned anew under the lock and held against what was shown: if
 * one row would pay anything else, nothing is written. Whoever executes counts as the payouts' creator.
 * @throws DomainError CONFLICT naming up to five partners with what changed, or for another version or digest; INVALID without rows
 */
export async function executeRun(work: Work, input: z.infer<typeof executeInput>): Promise<Executed> {
  const run = await draftOf(work, input.runId, input.version)
  if (input.digest !== run.digest)
    throw new DomainError('CONFLICT', 'The plan is not the one that you looked at. Look again before you execute it.')
  await refuseClosed(work.tx, work.orgId, run.period)
  const shown = await shownRows(work, run.id)
  if (shown.length === 0)
    throw new DomainError('INVALID', 'There is nothing to pay in this run: include a row, or discard it.')
  const { cutoffAt, programIds } = run
  const fresh = await planNow(work.tx, { orgId: work.orgId, now: work.at, cutoffAt, programIds })
  const chosen = matching(shown, fresh)
  const rows = await bookCarries(work, run, chosen)
  const payoutIds = await makePayouts(work, run, rows)
  await linkRows(work, shown, payoutIds)
  await nameAuthors(work, payoutIds.values())
  await work.tx
    .update(payoutRuns)
    .set({ status: 'executed', executedBy: work.actor.id, executedAt: work.at, version: run.version + 1 })
    .where(eq(payoutRuns.id, run.id))
  const totals = sumByCurrency(chosen)
  work.audit({
    action: 'runs.execute',
    target: { type: 'run', id: run.id },
    before: { status: 'draft', digest: run.digest },
    after: { status: 'executed', payouts: chosen.length, totals },
  })
  notify(work, {
    template: 'approvalRequested',
    eventId: run.id,
    to: { staffWith: 'payouts.approve', except: work.actor.id },
    about: { runId: run.id },
  })
  work.changed('runs')
  work.changed('commissions')
  return {
    id: run.id,
    number: runNumber(run.number),
    status: 'executed',
    version: run.version + 1,
    digest: run.digest,
    payouts: chosen.length,
    totals,
  }
}

/** The rows that are to be paid, as the draft has them, in the partners' order. */
function shownRows(work: Work, runId: string): Promise<Shown[]> {
  return work.tx
    .select({
      id: payoutRunRows.id,
      partnerId: payoutRunRows.partnerId,
      name: partners.name,
      currency: payoutRunRows.currency,
      amount: payoutRunRows.amount,
      digest: payoutRunRows.digest,
    })
    .from(payoutRunRows)
    .innerJoin(partners, eq(partners.id, payoutRunRows.partnerId))
    .where(sql`${payoutRunRows.runId} = ${runId} AND ${payoutRunRows.included} = 1`)
    .orderBy(sql`${partners.name} COLLATE NOCASE`, payoutRunRows.currency, payoutRunRows.id)
}

/** Whoever set an amount or a share in it by hand prepared the payout too: it takes somebody else to approve it. */
async function nameAuthors(work: Work, payoutIds: Iterable<string>): Promise<void> {
  await work.tx.run(sql`
    INSERT OR IGNORE INTO payout_editors (payout_id, user_id, edited_at)
    SELECT DISTINCT c.payout_id, u.id, ${work.at} FROM commissions c
    LEFT JOIN attribution_runs r ON r.id = c.run_id AND r.basis = 'override'
    JOIN users u ON u.id IN (CASE c.kind WHEN 'dispute' THEN c.created_by END, r.created_by)
    WHERE c.payout_id IN (SELECT value FROM json_each(${JSON.stringify([...payoutIds])})) AND +c.org_id = ${work.orgId}
      AND (c.kind = 'dispute' OR r.id IS NOT NULL)`)
}

const namedAtMost = 5

/** The fresh rows of those that were shown. CONFLICT if any of them is another one now. */
function matching(shown: Shown[], fresh: PlannedRow[]): PlannedRow[] {
  const now = new Map(fresh.map(row => [rowKey(row), row]))
  const drifted: string[] = []
  const rows = shown.flatMap(row => {
    const found = now.get(rowKey(row))
    if (found?.digest === row.digest) return [found]
    drifted.push(drift(row, found))
    return []
  })
  if (drifted.length === 0) return rows
  const more = drifted.length - namedAtMost
  const others = more > 0 ? ` And ${more.toLocaleString('en')} more.` : ''
  throw new DomainError(
    'CONFLICT',
    `What is owed changed since this run was planned, so nothing was created. ${drifted.slice(0, namedAtMost).join(' ')}${others} Refresh the run and look again.`,
  )
}

function drift(before: Shown, now: PlannedRow | undefined): string {
  const money = (amount: number) => formatMoney(amount, before.currency, { code: true })
  const what = !now
    ? `nothing is owed in ${before.currency} any more`
    : now.outcome !== 'pay'
      ? `${now.reason?.replace(/\.$/, '') ?? 'it can’t be paid now'}`
      : now.amount !== before.amount
        ? `${money(now.amount)} instead of ${money(before.amount)}`
        : `still ${money(now.amount)}, but made of other lines or rates`
  return `${before.name}: ${what}.`
}

/**
 * Books what is carried as a pair of linked rows: one that goes into this payout, and its opposite, which stays owed.
 * @returns the rows, with the pair's ids in their lines
 */
async function bookCarries(work: Work, run: Run, rows: PlannedRow[]): Promise<PlannedRow[]> {
  const carries = rows.flatMap(row => row.carries.map(carry => ({ row, carry })))
  if (carries.length === 0) return rows
  const zones = new Map(
    (
      await work.tx
        .select({ id: programs.id, zone: programs.timeZone })
        .from(programs)
        .where(eq(programs.orgId, work.orgId))
    ).map(program => [program.id, program.zone]),
  )
  const periodIn = new Map<string, Awaited<ReturnType<typeof postingPeriod>>>()
  for (const zone of new Set(zones.values())) periodIn.set(zone, await postingPeriod(work, work.at, zone))
  let number = await takeNumbers(work, 'commissions', carries.length * 2)
  const ids = new Map<string, string>()
  const booked = carries.flatMap(({ row, carry }) => {
    const { currency, partnerId } = row
    const posting = periodIn.get(zones.get(carry.programId) ?? '')
    const inThis = { id: work.id('com'), number: number++, amount: carry.amount, note: carry.note }
    const later = {
      id: work.id('com'),
      number: number++,
      amount: -carry.amount,
      note: `Carried from ${runNumber(run.number)}. ${carry.note}`.slice(0, 2000),
    }
    ids.set(`${rowKey(row)} ${carry.key}`, inThis.id)
    return [inThis, later].map(one => ({
      ...one,
      partnerId,
      currency,
      programId: carry.programId,
      originId: carry.originId,
      period: posting?.period,
      snapshot: JSON.stringify(carriedSnapshot(one.amount, currency)),
    }))
  })
  await work.tx.run(sql`
    INSERT INTO commissions (id, org_id, number, partner_id, program_id, kind, stream, origin_id, amount, currency, status, period, release_at, snapshot, note,
                             created_by, created_at, updated_at)
    SELECT value ->> 'id', ${work.orgId}, value ->> 'number', value ->> 'partnerId', value ->> 'programId', 'carry', 'base', value ->> 'originId',
           value ->> 'amount', value ->> 'currency', 'accrued', value ->> 'period', ${work.at}, value ->> 'snapshot', value ->> 'note',
           ${work.actor.id}, ${work.at}, ${work.at}
    FROM json_each(${JSON.stringify(booked)})`)
  return rows.map(row =>
    row.carries.length === 0
      ? row
      : {
          ...row,
          lines: row.lines.map(line => ({
            ...line,
            commissionId: ids.get(`${rowKey(row)} ${line.commissionId}`) ?? line.commissionId,
          })),
        },
  )
}

function carriedSnapshot(amount: number, currency: string): CommissionSnapshot {
  return {
    currency,
    deal: null,
    run: null,
    credit: null,
    rule: null,
    defaultRateBp: null,
    losing: [],
    steps: [{ op: 'fixed', result: amount }],
    installment: 1,
  }
}

/** Inserts the payouts with their lines and books their conversions. @returns the payouts' ids by row */
async function makePayouts(work: Work, run: Run, rows: PlannedRow[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const part of byLines(rows, row => row.lines.length)) {
    const made = await insertPayouts(
      work,
      'run',
      part.map(({ partnerId, amount, currency, lines }) => ({
        partnerId,
        amount,
        currency,
        lines,
        period: run.period,
        runId: run.id,
      })),
    )
    await postConversions(
      work,
      part.map((row, index) => ({
        payoutId: made[index]?.id ?? '',
        partnerId: row.partnerId,
        seq: 1,
        conversions: row.lines.flatMap(line => line.conversion ?? []),
      })),
    )
    for (const [index, row] of part.entries()) ids.set(rowKey(row), made[index]?.id ?? '')
  }
  return ids
}

async function linkRows(work: Work, shown: Shown[], payoutIds: Map<string, string>): Promise<void> {
  const links = shown.map(row => ({ id: row.id, payoutId: payoutIds.get(rowKey(row)) }))
  await work.tx.run(sql`
    UPDATE payout_run_rows SET payout_id = j.payout
    FROM (SELECT value ->> 'id' AS row, value ->> 'payoutId' AS payout FROM json_each(${JSON.stringify(links)})) AS j
    WHERE payout_run_rows.id = j.row`)
}

import { asc, eq } from 'drizzle-orm'
import { payouts } from '#db/schema/index.ts'
import { cancelReasons, manualMethods, notes, refusals, rejectReasons, reversalNotes } from '#db/seed/words.ts'
import { decimalText } from '#server/lib/money.ts'
import { periodOf } from '#server/lib/period.ts'
import { csvLine, textCell } from '#server/payouts/csv.ts'
import { commitImport, saveDraft } from '#server/payouts/import.ts'
import { bulkMarkPaid, markPaid } from '#server/payouts/pay.ts'
import { bulkApprove, cancelPayout, rejectPayout } from '#server/payouts/service.ts'
import { decideReversal } from '#server/payouts/settle.ts'
import { readSpreadsheet } from '#server/payouts/spreadsheet.ts'
import type { Actor } from '#server/work.ts'
import type { CastPartner, Company } from './cast.ts'
import { loseAnswer, refuse, type Sending, sendAll } from './money.ts'
import { act, day, hour, minute, type Stage } from './stage.ts'

/** How a payout of the past ended. */
export type Outcome =
  | 'paid'
  | 'paid_today' // in the Stripe balance, not at the bank
  | 'manual'
  | 'rejected'
  | 'canceled'
  | 'retried' // refused once, then paid
  | 'failed' // refused, and left so
  | 'lost' // no answer ever came
  | 'partly_reversed'
  | 'reversed'
  | 'approved' // waits to be sent
  | 'pending'

/** One row of a run: who gets how much (minor units), and what becomes of it. */
export interface Entry {
  partner: CastPartner
  amount: number
  outcome: Outcome
  /** Stripe's code, where it was refused; one by chance otherwise. */
  code?: string
  /** What was said about the money that was taken back; nobody has yet where absent. */
  decided?: 'owed' | 'not_owed'
}

export interface Run {
  /** UTC milliseconds of its three steps. */
  importAt: number
  approveAt: number
  payAt: number
  entries: Entry[]
  by: { prepares: Actor; approves: Actor[]; pays: Actor }
}

/** A run from the spreadsheet to the bank, through the same services that people use. */
export function planRun(stage: Stage, company: Company, run: Run): void {
  stage.plan(run.importAt, async () => {
    const ids = await importRun(stage, company, run)
    const rows = run.entries.map((entry, index) => ({ ...entry, id: ids[index] ?? '' }))
    decideAndPay(stage, company, run, rows)
  })
}

/** What becomes of payouts that wait for approval, by their outcomes. */
export function decideAndPay(stage: Stage, company: Company, run: Run, rows: Row[]): void {
  stage.plan(run.approveAt, () => decideRun(stage, company, run, rows))
  stage.plan(run.payAt, () => payRun(stage, company, run, rows))
}

type Row = Entry & { id: string }

/** The run as a spreadsheet, imported. Returns the payouts' ids in the entries' order. */
async function importRun(stage: Stage, company: Company, { entries, importAt, by }: Run): Promise<string[]> {
  const period = periodOf(importAt - 4 * day, company.timeZone)
  const stamp = new Date(importAt).toISOString().slice(2, 10).replaceAll('-', '')
  const lines = entries.map(({ partner, amount, outcome }, index) => {
    const note = outcome !== 'pending' && stage.chance.fraction() < 0.12 ? stage.chance.pick(notes) : ''
    const reference = `LC-${stamp}-${String(index + 1).padStart(2, '0')}`
    const rest = [partner.currency, period, reference, note].map(textCell)
    return csvLine([partner.email, decimalText(amount, partner.currency), ...rest])
  })
  const file = {
    fileName: `commissions-${new Date(importAt).toISOString().slice(0, 10)}.csv`,
    text: csvLine(['Partner email', 'Amount', 'Currency', 'Period', 'Reference', 'Notes']) + lines.join(''),
  }
  const importId = await act(stage, company.orgId, by.prepares, async unit => {
    const draft = await saveDraft(unit, file, readSpreadsheet(file.text))
    return draft.importId
  })
  stage.clock.set(importAt + 6 * minute)
  await act(stage, company.orgId, by.prepares, unit =>
    commitImport(unit, { importId, skipDuplicates: false, skipErrors: false }),
  )
  const made = await stage.deps.db.read
    .select({ id: payouts.id })
    .from(payouts)
    .where(eq(payouts.importId, importId))
    .orderBy(asc(payouts.number))
  return made.map(row => row.id)
}

async function decideRun(stage: Stage, company: Company, { by, approveAt }: Run, rows: Row[]): Promise<void> {
  const [first] = by.approves
  if (!first) throw new Error('nobody approves this run')
  for (const { id } of rows.filter(row => row.outcome === 'rejected'))
    await act(stage, company.orgId, first, unit =>
      rejectPayout(unit, { payoutId: id, reason: stage.chance.pick(rejectReasons) }),
    )
  const ids = rows.filter(row => row.outcome !== 'rejected' && row.outcome !== 'pending').map(row => row.id)
  for (const [index, approver] of by.approves.entries()) {
    stage.clock.set(approveAt + index * 47 * minute)
    const { skipped } = await act(stage, company.orgId, approver, unit => bulkApprove(unit, ids))
    if (skipped[0]) throw new Error(`the demo's ${approver.name} could not approve: ${skipped[0].reason}`)
  }
}

async function payRun(stage: Stage, company: Company, run: Run, rows: Row[]): Promise<void> {
  const { orgId } = company
  const { pays } = run.by
  const of = (...outcomes: Outcome[]) => rows.filter(row => outcomes.includes(row.outcome))
  for (const { id } of of('canceled'))
    await act(stage, orgId, pays, unit =>
      cancelPayout(unit, { payoutId: id, reason: stage.chance.pick(cancelReasons) }),
    )
  for (const row of of('manual')) await payByHand(stage, orgId, pays, row.id)
  const sent = of('paid', 'paid_today', 'retried', 'failed', 'lost', 'partly_reversed', 'reversed')
  await queue(stage, orgId, pays, sent)
  for (const { id, code } of of('retried', 'failed'))
    await refuse(stage, orgId, id, code ?? stage.chance.pick(refusals))
  for (const { id } of of('lost')) await loseAnswer(stage, orgId, id)
  const settled = of('paid', 'paid_today', 'partly_reversed', 'reversed')
  await sendAll(
    stage,
    orgId,
    settled.map(row => sendingOf(stage, run, row)),
  )
  for (const row of of('partly_reversed', 'reversed')) planDecision(stage, orgId, pays, run, row)
  const again = of('retried')
  if (again.length > 0)
    stage.plan(run.payAt + 22 * hour, async () => {
      await queue(stage, orgId, pays, again)
      await sendAll(
        stage,
        orgId,
        again.map(row => ({ payoutId: row.id, toBank: run.payAt + 3 * day < stage.today })),
      )
    })
}

async function queue(stage: Stage, orgId: string, pays: Actor, rows: Row[]): Promise<void> {
  const { skipped } = await act(stage, orgId, pays, unit =>
    bulkMarkPaid(
      unit,
      rows.map(row => row.id),
    ),
  )
  if (skipped[0]) throw new Error(`the demo could not pay ${skipped[0].id}: ${skipped[0].reason}`)
}

async function payByHand(stage: Stage, orgId: string, pays: Actor, payoutId: string): Promise<void> {
  const paidOn = new Date(stage.clock.now()).toISOString().slice(0, 10)
  const reference = `BT-${stage.chance.between(100_000, 999_999)}`
  const method = stage.chance.pick(manualMethods)
  await act(stage, orgId, pays, unit => markPaid(unit, { payoutId, manual: { method, reference, paidOn } }))
}

const reversedAfter = 9 * day

function sendingOf(stage: Stage, { payAt }: Run, { id, outcome, amount }: Row): Sending {
  const toBank = outcome !== 'paid_today' && payAt + 2 * day + hour < stage.today
  const at = payAt + reversedAfter + hour
  if (at >= stage.today || (outcome !== 'partly_reversed' && outcome !== 'reversed')) return { payoutId: id, toBank }
  const taken = outcome === 'reversed' ? amount : Math.round(amount * 0.35)
  return { payoutId: id, toBank, reversed: { amount: taken, at } }
}

function planDecision(stage: Stage, orgId: string, pays: Actor, { payAt }: Run, { id, decided }: Row): void {
  if (!decided) return
  const note = decided === 'owed' ? reversalNotes[1] : reversalNotes[0]
  stage.plan(payAt + reversedAfter + day, async () => {
    await act(stage, orgId, pays, unit => decideReversal(unit, { payoutId: id, decision: decided, note }))
  })
}

/** What a partner earns in a run: about its usual, a little more each month, more in the last quarter of a year. */
export function earningsOf(stage: Stage, partner: CastPartner, at: number): number {
  const { chance, today } = stage
  const monthsAgo = (today - at) / (30 * day)
  const growth = 1.018 ** -monthsAgo
  const season = new Date(at).getUTCMonth() >= 9 ? 1.14 : 1
  const noise = Math.exp((chance.fraction() + chance.fraction() + chance.fraction() - 1.5) * 0.55)
  return Math.max(3_100, Math.round(partner.earns * growth * season * noise))
}

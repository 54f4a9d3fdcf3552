import type {
  CommissionKind,
  Conversion,
  PlanBlocker,
  PlanFlag,
  PlanLine,
  PlanOutcome,
  Requirement,
  RuleStream,
  TransfersStatus,
} from '#db/schema/index.ts'
import { sha256 } from '../deps.ts'
import { refusalOf } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { checkAmount, formatMoney, toStripeAmount } from '../lib/money.ts'
import { must } from '../lib/must.ts'
import { percentWords } from '../lib/percent.ts'
import { formatDate } from '../lib/period.ts'
import { applyRate } from '../lib/shares.ts'
import { blockers } from '../payouts/blockers.ts'
import { convert, type FoundRate, rateFor, type StoredRate } from '../rates/rate.ts'
import { describeLine } from './describe.ts'
import { destinationChangedMs, topAmountFrom } from './rules.ts'

/** A commission that may be paid now; `amount` in minor units, negative for what is taken back. */
export interface OpenCommission {
  id: string
  number: number
  partnerId: string
  programId: string
  amount: number
  currency: string
  kind: CommissionKind
  stream: RuleStream
  installment: number
  /** What it corrects or takes back. */
  originId: string | null
  note: string | null
  deal: { name: string; number: number } | null
}

export interface Payee {
  id: string
  name: string
  archived: boolean
  currency: string
  settlement: 'one' | 'each'
  transfersStatus: TransfersStatus
  requirements: Requirement[]
  holdUntil: number | null
  destinationChangedAt: number | null
  /** Payouts that were not rejected or canceled, from whatever source. */
  payouts: number
  everPaid: boolean
  /** What the last run paid it, by currency. */
  last: Record<string, number>
}

/** By currency, in minor units. */
type Minimums = Record<string, number>

/** All that a plan depends on. Amounts in minor units, times in UTC milliseconds. */
export interface RunFacts {
  now: number
  /** The day whose rates are asked for, like `2026-10-31`. */
  rateDay: string
  timeZone: string
  commissions: OpenCommission[]
  payees: Map<string, Payee>
  programs: Map<string, { name: string; debtCapBp: number }>
  minimums: { organization: Minimums; program: Map<string, Minimums>; partner: Map<string, Minimums> }
  rates: StoredRate[]
}

/** A part of a debt (or of an amount that can't be sent) that moves to the next payout: `amount` in this one, as much less later. */
export interface Carry {
  /** The line's `commissionId` until the run is executed. */
  key: string
  programId: string
  originId: string
  amount: number
  note: string
}

export interface PlannedRow {
  partnerId: string
  currency: string
  amount: number
  lastAmount: number | null
  outcome: PlanOutcome
  reason: string | null
  lines: PlanLine[]
  carries: Carry[]
  flags: PlanFlag[]
  blockers: PlanBlocker[]
  digest: string
}

/**
 * What a run would do, from facts alone: for each partner and payout currency the lines, what debts take, and whether it is paid,
 * rolls over, or is blocked, each with a sentence. The same facts give the same plan, whatever their order.
 */
export function planRun(facts: RunFacts): PlannedRow[] {
  return flagged([...planPartners(facts)].flat())
}

/** The same, a few milliseconds at a time: `pause` answers a promise when it is somebody else's turn. */
export async function planInTurns(facts: RunFacts, pause: () => Promise<void> | undefined): Promise<PlannedRow[]> {
  const rows: PlannedRow[] = []
  for (const own of planPartners(facts)) {
    rows.push(...own)
    await pause()
  }
  return flagged(rows)
}

function* planPartners(facts: RunFacts): Generator<PlannedRow[]> {
  const rates = cachedRates(facts)
  const byPartner = groupBy(facts.commissions, one => one.partnerId)
  for (const partnerId of [...byPartner.keys()].sort()) {
    const payee = must(facts.payees.get(partnerId), `no facts about partner ${partnerId}`)
    const own = must(byPartner.get(partnerId), 'a key of the map').sort((a, b) => a.number - b.number)
    yield rowsOf(facts, payee, own, rates)
  }
}

type Rates = (from: string, to: string) => FoundRate | null

function cachedRates({ rates, rateDay }: RunFacts): Rates {
  const found = new Map<string, FoundRate | null>()
  return (from, to) => {
    const key = `${from} ${to}`
    let rate = found.get(key)
    if (rate === undefined) {
      rate = rateFor(rates, from, to, rateDay)
      found.set(key, rate)
    }
    return rate
  }
}

function rowsOf(facts: RunFacts, payee: Payee, own: OpenCommission[], rates: Rates): PlannedRow[] {
  const target = (one: OpenCommission) => (payee.settlement === 'one' ? payee.currency : one.currency)
  const missing = new Set(
    own.filter(one => rates(one.currency, target(one)) === null).map(one => `${one.currency}→${target(one)}`),
  )
  // Nothing of it is paid without the rest: a debt in the currency that can't be converted would be forgotten.
  const currencyOf = missing.size > 0 ? (one: OpenCommission) => one.currency : target
  return [...groupBy(own, currencyOf)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, commissions]) => {
      const lines = commissions.map(one => ({ one, line: lineOf(one, currency, rates) }))
      if (missing.size === 0) return rowOf(facts, payee, currency, lines)
      const [pair] = [...missing].sort()
      const reason = `No ${pair} rate on or up to 7 days before ${dayWords(facts.rateDay)}. Enter one, or import the European Central Bank’s file.`
      return finish(facts, payee, currency, lines, [], 'blocked', reason)
    })
}

interface Line {
  one: OpenCommission
  line: PlanLine
}

function lineOf(one: OpenCommission, currency: string, rates: Rates): PlanLine {
  const description = describeLine(one)
  const rate = one.currency === currency ? null : rates(one.currency, currency)
  if (!rate) return { commissionId: one.id, amount: one.amount, description, conversion: null }
  const amount = convert(one.amount, one.currency, currency, rate)
  const conversion: Conversion = {
    from: { amount: one.amount, currency: one.currency },
    to: { amount, currency },
    rate: rate.rate,
    day: rate.day,
    source: rate.source,
    rateIds: rate.rateIds,
  }
  return { commissionId: one.id, amount, description, conversion }
}

function rowOf(facts: RunFacts, payee: Payee, currency: string, lines: Line[]): PlannedRow {
  const money = (amount: number) => formatMoney(amount, currency, { code: true })
  const gross = sum(lines)
  const carries = carriedDebts(facts, currency, lines)
  const net = gross + carries.reduce((total, carry) => total + carry.amount, 0)
  const row = (outcome: PlanOutcome, reason: string | null, own = carries) =>
    finish(facts, payee, currency, lines, own, outcome, reason)
  if (net <= 0)
    return row(
      'rolls_over',
      gross < 0
        ? `Owes ${money(-gross)}: taken from what is earned next.`
        : 'What is taken back uses up what was earned: nothing to pay.',
      [],
    )
  if (payee.archived) return row('blocked', `${payee.name} is archived. Restore the partner, then refresh the run.`)
  const minimum = minimumOf(facts, payee, currency, lines)
  if (minimum && net < minimum.amount)
    return row('rolls_over', `Below the minimum of ${money(minimum.amount)}${minimum.whose}: carried to the next run.`)
  const rest = net % stepOf(currency)
  if (net === rest) return row('rolls_over', `Less than Stripe can send: ${money(net)} is carried to the next run.`)
  if (rest > 0) carries.push(restCarry(currency, lines, rest))
  const problem = tooMuch(net - rest, currency)
  if (problem) return row('blocked', `${problem} Plan runs for some of the programs, or with an earlier cut-off.`)
  return row('pay', null)
}

function sum(lines: Line[]): number {
  return lines.reduce((total, { line }) => total + line.amount, 0)
}

/**
 * What of the debts is over the cap. Debts of one program take at most its share of what this payout earned, and all together at most
 * the largest of these shares. What was carried before and came back with a canceled payout counts against the debts, not as earned.
 */
function carriedDebts(facts: RunFacts, currency: string, lines: Line[]): Carry[] {
  const debts: { programId: string; amount: number; last: Line }[] = []
  let earned = 0
  const isCarry = ({ one }: Line) => one.kind === 'carry'
  // What is taken back of a line in this very payout is no debt: it meets its commission first, whole, whatever the cap.
  for (const group of groupBy(
    lines.filter(line => !isCarry(line)),
    ({ one }) => one.originId ?? one.id,
  ).values()) {
    const net = sum(group)
    const last = group.findLast(({ line }) => line.amount < 0)
    if (net < 0 && last) debts.push({ programId: last.one.programId, amount: net, last })
    else earned += net
  }
  for (const last of lines.filter(isCarry))
    debts.push({ programId: last.one.programId, amount: last.line.amount, last })
  const byProgram = groupBy(debts, debt => debt.programId)
  const owing = [...byProgram.keys()]
    .sort()
    .map(programId => {
      const all = must(byProgram.get(programId), 'a key of the map')
      return {
        programId,
        own: all.filter(debt => debt.amount < 0),
        debt: Math.max(0, -all.reduce((total, debt) => total + debt.amount, 0)),
        capBp: programOf(facts, programId).debtCapBp,
      }
    })
    .filter(program => program.debt > 0)
    .sort((a, b) => a.capBp - b.capBp)
  let left = applyRate(earned, Math.max(0, ...owing.map(program => program.capBp)))
  return owing.flatMap(({ programId, own, debt, capBp }) => {
    const taken = Math.min(debt, left, applyRate(earned, capBp))
    left -= taken
    const amount = debt - taken
    const last = own.at(-1)?.last
    if (amount === 0 || !last) return []
    const what = own.length === 1 ? last.line.description : `${own.length} amounts, the last: ${last.line.description}`
    const note = `${formatMoney(amount, currency)} of what is owed back (${what.slice(0, 300)}) is carried to your next payout: at most ${percentWords(capBp)} of a payout is withheld.`
    return [{ key: `carry:${programId}`, programId, originId: last.one.id, amount, note }]
  })
}

/** The smallest step in which Stripe sends a currency, in our minor units: fils by tens, ariary without cents. */
function stepOf(currency: string): number {
  const step = [1, 10, 100].find(step => !refusalOf(() => toStripeAmount(step, currency)))
  return must(step, `${currency} has three decimals at most`)
}

function restCarry(currency: string, lines: Line[], rest: number): Carry {
  const last = must(
    lines.findLast(({ line }) => line.amount > 0),
    'nothing was earned',
  )
  const note = `${formatMoney(rest, currency, { code: true })} is carried to your next payout: Stripe sends ${currency} in steps of ${formatMoney(stepOf(currency), currency, { code: true })}.`
  return { key: 'carry:rest', programId: last.one.programId, originId: last.one.id, amount: -rest, note }
}

function tooMuch(amount: number, currency: string): string | null {
  const refusal = refusalOf(() => checkAmount(amount, currency))
  return refusal && `${formatMoney(amount, currency, { code: true })}: ${refusal.message.replace(/ Split it\.$/, '')}`
}

function programOf({ programs }: RunFacts, programId: string) {
  return must(programs.get(programId), `no facts about program ${programId}`)
}

/** The largest minimum that applies: the organization's, those of the programs in it, or the partner's own. */
function minimumOf(facts: RunFacts, payee: Payee, currency: string, lines: Line[]) {
  const { organization, program, partner } = facts.minimums
  const candidates = [
    { amount: organization[currency] ?? 0, whose: '' },
    ...[...new Set(lines.map(({ one }) => one.programId))].sort().map(programId => ({
      amount: program.get(programId)?.[currency] ?? 0,
      whose: ` of ${programOf(facts, programId).name}`,
    })),
    { amount: partner.get(payee.id)?.[currency] ?? 0, whose: ' for this partner' },
  ]
  const largest = candidates.reduce((a, b) => (b.amount > a.amount ? b : a))
  return largest.amount > 0 ? largest : null
}

function finish(
  facts: RunFacts,
  payee: Payee,
  currency: string,
  own: Line[],
  carries: Carry[],
  outcome: PlanOutcome,
  reason: string | null,
): PlannedRow {
  const lines = [
    ...own.map(({ line }) => line),
    ...carries.map(({ key, amount, note }) => ({
      commissionId: key,
      amount,
      description: note,
      conversion: null,
    })),
  ]
  const amount = lines.reduce((total, line) => total + line.amount, 0)
  const lastAmount = payee.last[currency] ?? null
  const row = { partnerId: payee.id, currency, amount, lastAmount, outcome, reason, lines, carries }
  return {
    ...row,
    flags: outcome === 'pay' ? flagsOf(facts, payee, row) : [],
    blockers: outcome === 'pay' ? blockersOf(facts, payee, amount, currency) : [],
    digest: digestOf(row),
  }
}

/** Over what a row pays and why: names and notes may change without its being another plan. */
function digestOf(row: Pick<PlannedRow, 'partnerId' | 'currency' | 'amount' | 'outcome' | 'lines'>): string {
  const lines = row.lines.map(({ commissionId, amount, conversion }) => [
    commissionId,
    amount,
    conversion && [
      conversion.from.amount,
      conversion.from.currency,
      conversion.rate,
      conversion.day,
      conversion.rateIds,
    ],
  ])
  return sha256(JSON.stringify([row.partnerId, row.currency, row.amount, row.outcome, lines]))
}

/** Over the rows and which of them are to be paid: what is executed is what was shown. */
export function runDigest(rows: { partnerId: string; currency: string; digest: string; included: boolean }[]): string {
  const parts = rows.map(row => [row.partnerId, row.currency, row.digest, row.included] as const)
  return sha256(JSON.stringify(parts.sort((a, b) => (`${a[0]} ${a[1]}` < `${b[0]} ${b[1]}` ? -1 : 1))))
}

function flagsOf(
  facts: RunFacts,
  payee: Payee,
  { amount, lastAmount, currency }: Pick<PlannedRow, 'amount' | 'lastAmount' | 'currency'>,
): PlanFlag[] {
  const money = (value: number) => formatMoney(value, currency, { code: true })
  const flags: PlanFlag[] = []
  if (payee.payouts === 0) flags.push({ code: 'first_payout', says: 'The first payout to this partner.' })
  else if (!payee.everPaid)
    flags.push({ code: 'never_paid', says: 'Payouts were made for this partner, but none was ever paid.' })
  if (lastAmount !== null && Math.abs(amount - lastAmount) * 2 > lastAmount) {
    const change = Math.round(((amount - lastAmount) / lastAmount) * 100)
    flags.push({
      code: 'big_change',
      says: `${money(amount)} after ${money(lastAmount)} in the last run: ${change > 0 ? '+' : '−'}${Math.abs(change).toLocaleString('en')} %.`,
    })
  }
  const { destinationChangedAt } = payee
  if (destinationChangedAt !== null && destinationChangedAt > facts.now - destinationChangedMs)
    flags.push({
      code: 'destination_changed',
      says: `Where the money goes changed on ${formatDate(destinationChangedAt, facts.timeZone)}.`,
    })
  return flags
}

/** What will keep the payout waiting once it is approved; it is made all the same. */
function blockersOf(facts: RunFacts, payee: Payee, amount: number, currency: string): PlanBlocker[] {
  return blockers({
    status: 'approved',
    amount,
    currency,
    approvedDigest: null,
    currentDigest: '',
    needsReview: false,
    approvals: 1,
    partner: payee,
    org: { approvalsRequired: 1, minimum: null, pausedReason: null, timeZone: facts.timeZone },
    now: facts.now,
  }).map(({ code, message, clears }) => ({ code, message, clears: clears.label }))
}

/** Flags the largest twentieth of each currency, where there are enough rows for it to mean something. */
function flagged(rows: PlannedRow[]): PlannedRow[] {
  const paid = rows.filter(row => row.outcome === 'pay')
  for (const [currency, own] of groupBy(paid, row => row.currency)) {
    if (own.length < topAmountFrom) continue
    const top = Math.floor(own.length / 20)
    const limit = must(own.map(row => row.amount).sort((a, b) => b - a)[top - 1], 'twenty rows have a twentieth')
    for (const row of own)
      if (row.amount >= limit)
        row.flags.push({
          code: 'top_amount',
          says: `Among the largest 5 % of this run’s ${own.length.toLocaleString('en')} payouts in ${currency}.`,
        })
  }
  return rows
}

function dayWords(day: string): string {
  return formatDate(Date.parse(`${day}T12:00:00Z`), 'UTC')
}

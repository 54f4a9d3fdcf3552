import type { CommissionKind, CommissionSnapshot, RuleStream } from '#db/schema/index.ts'
import { modelLabels, roleVerbs } from '../attribution/rules.ts'
import { decimalWords } from '../attribution/words.ts'
import { dayWords } from '../lib/days.ts'
import { formatMoney } from '../lib/money.ts'
import { percentWords } from '../lib/percent.ts'
import { applyRate, halfEven } from '../lib/shares.ts'
import type { Step } from './calculate.ts'

/** A piece of the sentence, and the record that it speaks of. `run` is an attribution run, `rule` a rule's version. */
export interface Token {
  text: string
  link?: { kind: 'deal' | 'rule' | 'run' | 'touch' | 'refund'; id: string }
}

/** What the sentence is built from: the frozen snapshot, and what kind of row it stands on. `amount` in minor units. */
export interface Explained {
  kind: CommissionKind
  stream: RuleStream
  amount: number
  snapshot: CommissionSnapshot
}

/**
 * A commission in one sentence, from its snapshot alone: `$12,000.00 × 60 % credit (sourced) = $7,200.00 × 15 % (Gold, rule v4 from
 * 1 Jan 2026) = $1,080.00 → capped at $1,000.00`. Whatever stands between two `=` multiplies out as printed, rounded half-even to the
 * minor unit: a share whose two decimals would not (parts that must sum to the whole) is printed with as many as it takes.
 */
export function explain(row: Explained): Token[] {
  const { snapshot, amount } = row
  const money = (value: number) => formatMoney(value, snapshot.currency)
  if (row.kind === 'dispute') return [{ text: `Settled after a dispute: ${money(amount)}` }]
  if (row.kind === 'imported') return [{ text: `Imported as it was: ${money(amount)}` }]
  if (row.kind === 'carry')
    return [
      {
        text:
          amount > 0
            ? `Carried to a later payout: ${money(amount)}`
            : `Carried from an earlier payout: ${money(amount)}`,
      },
    ]
  const tokens = snapshot.steps.flatMap((step, index) => stepTokens(step, row, snapshot.steps[index - 1]))
  return [...month(snapshot), ...tokens]
}

/** The same as plain text, for mails and files. */
export function explanationText(row: Explained): string {
  return explain(row)
    .map(token => token.text)
    .join('')
}

function month({ rule, installment }: CommissionSnapshot): Token[] {
  return rule && rule.months > 1 ? [{ text: `Month ${installment} of ${rule.months}: ` }] : []
}

function stepTokens(step: Step, row: Explained, previous: Step | undefined): Token[] {
  const { snapshot } = row
  const money = (value: number) => formatMoney(value, snapshot.currency)
  switch (step.op) {
    case 'credit':
      return [
        dealToken(snapshot, money(step.of)),
        { text: ' × ' },
        ...creditTokens(snapshot, step),
        { text: ` ${equalSign(step)} ${money(step.result)}` },
      ]
    case 'rate':
      return [
        { text: ' × ' },
        linked(`${percentWords(step.bp)} ${ruleWords(row)}`, 'rule', snapshot.rule?.versionId),
        { text: ` = ${money(step.result)}` },
      ]
    case 'brackets':
      return [
        {
          text: `: ${step.parts.map(part => `${money(part.amount)} × ${percentWords(part.bp)}`).join(' + ') || money(0)} `,
        },
        linked(ruleWords(row), 'rule', snapshot.rule?.versionId),
        { text: ` = ${money(step.result)}` },
      ]
    case 'flat':
      return [
        linked(`${money(step.amount)} a deal ${ruleWords(row)}`, 'rule', snapshot.rule?.versionId),
        { text: ' × ' },
        ...creditTokens(snapshot, { bp: step.bp, of: step.amount, result: step.result }),
        { text: ` ${equalSign({ bp: step.bp, of: step.amount, result: step.result })} ${money(step.result)}` },
      ]
    case 'floor':
      return [{ text: ` → raised to the floor of ${money(step.at)}` }]
    case 'cap':
      return [{ text: ` → capped at ${money(step.at)}` }]
    case 'less_booked':
      return [
        ...(previous ? [] : [dealToken(snapshot, 'No longer credited'), { text: `: ${money(0)}` }]),
        { text: ` − ${money(step.booked)} booked before = ${money(step.result)}` },
      ]
    case 'refund':
      return refundTokens(step, snapshot, money)
    case 'fixed':
      return [
        {
          text: `${row.kind === 'adjustment' ? 'Corrected to what a decided dispute leaves: ' : ''}${money(step.result)}`,
        },
      ]
  }
}

const losses = {
  lost: 'The deal was lost: ',
  reopened: 'The deal was reopened: ',
  removed: 'The deal was taken back with its import: ',
  won_again: 'The deal was won again: ',
  corrected: 'Refunds after the correction: ',
  refund: '',
} as const

/** What is taken back in all, less what was taken back before; the row has the opposite sign. */
function refundTokens(
  step: Extract<Step, { op: 'refund' }>,
  snapshot: CommissionSnapshot,
  money: (value: number) => string,
): Token[] {
  const total = step.before - step.result
  const whole = step.because === 'lost' || step.because === 'reopened' || step.because === 'removed'
  const refund = step.refundIds.at(-1)
  const share: Token[] = whole
    ? [{ text: `all of ${money(step.of)}` }]
    : step.refunded === 0
      ? [{ text: `${money(0)} to take back` }]
      : [
          { text: `${money(step.of)} × ` },
          linked(`${money(step.refunded)} refunded`, 'refund', refund),
          { text: ' of ' },
          dealToken(snapshot, money(step.dealAmount)),
          ...(step.decided ?? []).map(({ amount, part, whole }) => ({
            text: ` ${amount < 0 ? '−' : '+'} ${money(Math.abs(amount))} decided in a dispute × ${money(part)} of ${money(whole)} left then`,
          })),
          { text: ` = ${money(total)}` },
        ]
  const less = step.before === 0 ? '' : ` − ${money(step.before)} taken back before = ${money(-step.result)}`
  return [{ text: losses[step.because] }, ...share, { text: `${less} → ${money(step.result)}` }].filter(
    token => token.text !== '',
  )
}

function dealToken({ deal }: CommissionSnapshot, text: string): Token {
  return linked(text, 'deal', deal?.id)
}

function linked(text: string, kind: NonNullable<Token['link']>['kind'], id: string | undefined): Token {
  return id === undefined ? { text } : { text, link: { kind, id } }
}

/** `60 % credit (sourced)`; the share links its attribution, the role a touch. */
function creditTokens(snapshot: CommissionSnapshot, step: { bp: number; of: number; result: number }): Token[] {
  const share = creditPercent(step) ?? decimalWords(BigInt(step.bp), 2)
  const tokens = [linked(`${share} % credit`, 'run', snapshot.run?.id)]
  const how = howWords(snapshot)
  if (how) tokens.push({ text: ' (' }, linked(how, 'touch', snapshot.credit?.touchIds[0]), { text: ')' })
  return tokens
}

function equalSign(step: { bp: number; of: number; result: number }): string {
  return creditPercent(step) === null ? '≈' : '='
}

function howWords({ run, credit }: CommissionSnapshot): string | null {
  if (run?.basis === 'override') return 'set by hand'
  if (run?.basis === 'split') return 'agreed split'
  const verb = Object.entries(roleVerbs).find(([role]) => role === credit?.role)?.[1]
  if (verb) return verb
  const label = run ? Object.entries(modelLabels).find(([model]) => model === run.model)?.[1].label : undefined
  return label?.toLowerCase() ?? null
}

/** The rule as it was called and since when; `default rate` where none matched. */
function ruleWords({ stream, snapshot: { rule } }: Explained): string {
  if (!rule) return '(default rate)'
  return `(${rule.name}, ${stream === 'spiff' ? 'spiff' : 'rule'} v${rule.number} from ${dayWords(rule.effectiveFrom)})`
}

/**
 * The percentage that, of `of`, is `result` to the minor unit. Parts of a deal are whole minor units that sum to it, so a third of
 * $10,000.00 may be $3,333.34: 33.3334 % then, though the credit is 33.34 %. Null where an amount is too small to say so truthfully.
 */
function creditPercent({ bp, of, result }: { bp: number; of: number; result: number }): string | null {
  if (applyRate(of, bp) === result) return decimalWords(BigInt(bp), 2)
  const off = Math.abs((result / of) * 10_000 - bp)
  if (of === 0 || off > 2) return null
  for (let places = 2; places <= 14; places++) {
    const scale = 10n ** BigInt(places + 2)
    const share = halfEven(BigInt(result) * scale, BigInt(of))
    if (halfEven(BigInt(of) * share, scale) === BigInt(result)) return decimalWords(share, places)
  }
  return null
}

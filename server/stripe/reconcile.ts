import { and, eq, gte, isNotNull, sql } from 'drizzle-orm'
import type { Stripe } from 'stripe'
import { partners, payoutAttempts, payouts } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { formatMoney, fromStripeAmount } from '../lib/money.ts'
import { environmentOf } from '../payouts/pay.ts'
import { payoutNumber, statusLabels } from '../payouts/rules.ts'
import { fetched } from './gone.ts'
import { idIn } from './references.ts'

const day = 24 * 60 * 60_000
/** How far back a comparison looks unless told (milliseconds). */
export const defaultSpanMs = 60 * day
/** A transfer may be so young without being a difference: its payout is being settled (milliseconds). */
const usualSettlingMs = 10 * 60_000

export interface Difference {
  kind:
    | 'no_payout' // a transfer of ours that no payout knows
    | 'unknown_origin' // a transfer that no installation marked as its own
    | 'second_transfer' // a transfer of a payout that has another one
    | 'not_settled' // a transfer whose payout still waits for it
    | 'not_paid_here' // a transfer whose payout is anything but paid
    | 'no_transfer' // a paid payout whose transfer Stripe does not have
    | 'amount'
    | 'destination'
    | 'reversed'
  transferId: string | null
  payoutId: string | null
  /** One sentence, with the numbers of both sides. */
  says: string
}

/** Minor units of one currency: what was sent, and what of it was taken back. */
export interface Side {
  count: number
  amount: number
  reversed: number
}

export interface Comparison {
  /** UTC milliseconds */
  checkedAt: number
  since: number
  transfers: number
  payouts: number
  /** Transfers of other installations on the same Stripe account; 0 for one organization, which is not told of them. */
  foreign: number
  sums: { currency: string; stripe: Side; remit: Side }[]
  differences: Difference[]
}

type Payout = typeof payouts.$inferSelect
/** What a comparison touches: it needs nothing to write or send with. */
export type Reading = Pick<Deps, 'config' | 'db' | 'clock' | 'stripe'>

/**
 * Compares Stripe's transfers with our payouts, in both directions, and changes nothing. Never call it inside a write.
 * @param options `orgId`: one organization, which sees only what is its own; the whole installation where absent. `since`: UTC
 * milliseconds, sixty days ago where absent. `settlingMs`: how young a transfer may be before its payout must know it
 * @throws Stripe's errors: half a comparison is none
 */
export async function reconcile(
  deps: Reading,
  options: { orgId?: string; since?: number; settlingMs?: number } = {},
): Promise<Comparison> {
  const checkedAt = deps.clock.now()
  const { orgId, since = checkedAt - defaultSpanMs, settlingMs = usualSettlingMs } = options
  const env = environmentOf(deps.config.PUBLIC_URL)
  const paid = await paidSince(deps, since, orgId)
  const transfers = await transfersSince(deps, since, paid)
  const payoutOf = await matchPayouts(deps, transfers, env)
  const own = orgId === undefined ? null : await accountsOf(deps, orgId)
  const sums = new Map<string, { stripe: Side; remit: Side }>()
  const differences: Difference[] = []
  const compared = new Map(paid.map(payout => [payout.id, payout]))
  const carried = new Map<string, string>()
  let count = 0
  let foreign = 0
  for (const transfer of transfers) {
    const payout = payoutOf(transfer)
    const visible = own === null || (payout ? payout.orgId === orgId : own.has(destinationOf(transfer)))
    if (!visible) continue
    const origin = transfer.metadata?.env
    if (!payout && origin && origin !== env) {
      if (own === null) foreign++
      continue
    }
    count++
    const found = compare(transfer, payout, carried, checkedAt - settlingMs)
    differences.push(...found)
    const settling = payout?.status === 'processing' && found.length === 0
    if ((payout || origin) && !settling) add(sums, 'stripe', ours(transfer))
    if (payout) {
      if (!found.some(difference => difference.kind === 'second_transfer')) carried.set(payout.id, transfer.id)
      compared.set(payout.id, payout)
    }
  }
  for (const payout of compared.values()) {
    if (payout.transferId === null) continue
    add(sums, 'remit', payout)
    if (!carried.has(payout.id))
      differences.push(
        differs('no_transfer', null, payout, `says it was paid by ${payout.transferId}, which Stripe does not have`),
      )
  }
  return {
    checkedAt,
    since,
    transfers: count,
    payouts: compared.size,
    foreign,
    sums: [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, sides]) => ({ currency, ...sides })),
    differences,
  }
}

function paidSince(deps: Reading, since: number, orgId: string | undefined): Promise<Payout[]> {
  return deps.db.read
    .select()
    .from(payouts)
    .where(
      and(
        isNotNull(payouts.transferId),
        gte(payouts.paidAt, since),
        orgId === undefined ? undefined : eq(payouts.orgId, orgId),
      ),
    )
    .orderBy(payouts.paidAt)
}

/** All since then, oldest first, and the few that were made just before it and settled after. */
async function transfersSince(deps: Reading, since: number, paid: Payout[]): Promise<Stripe.Transfer[]> {
  const found: Stripe.Transfer[] = []
  for await (const transfer of deps.stripe.transfers.list({ created: { gte: Math.floor(since / 1000) }, limit: 100 }))
    found.push(transfer)
  const listed = new Set(found.map(transfer => transfer.id))
  for (const { transferId } of paid) {
    const transfer =
      transferId && !listed.has(transferId) ? await fetched(deps.stripe.transfers.retrieve(transferId)) : null
    if (transfer) found.push(transfer)
  }
  return found.sort((a, b) => a.created - b.created)
}

/** The payout of each transfer: by the id that was stored, or else by what we wrote on it. */
async function matchPayouts(
  deps: Reading,
  transfers: Stripe.Transfer[],
  env: string,
): Promise<(transfer: Stripe.Transfer) => Payout | undefined> {
  const listed = (ids: string[]) => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`
  const ids = transfers.map(transfer => transfer.id)
  const attempts = await deps.db.read
    .select({ id: payoutAttempts.id, payoutId: payoutAttempts.payoutId, request: payoutAttempts.request })
    .from(payoutAttempts)
    .where(sql`${payoutAttempts.id} IN ${listed(transfers.flatMap(one => one.metadata?.attempt_id ?? []))}`)
  const attemptOf = new Map(attempts.map(attempt => [attempt.id, attempt]))
  // Under the name that the installation had when it was sent, or has now.
  const named = ({ metadata }: Stripe.Transfer) => {
    const attempt = attemptOf.get(metadata?.attempt_id ?? '')
    if (attempt?.payoutId === metadata?.payout_id && attempt?.request.metadata.env === metadata?.env)
      return attempt?.payoutId
    return metadata?.env === env ? metadata.payout_id : undefined
  }
  const rows = [
    ...(await deps.db.read
      .select()
      .from(payouts)
      .where(sql`${payouts.id} IN ${listed(transfers.flatMap(one => named(one) ?? []))}`)),
    ...(await deps.db.read
      .select()
      .from(payouts)
      .where(sql`${payouts.transferId} IN ${listed(ids)}`)),
  ]
  const byTransfer = new Map(rows.flatMap(row => (row.transferId ? [[row.transferId, row] as const] : [])))
  const byId = new Map(rows.map(row => [row.id, row]))
  return transfer => byTransfer.get(transfer.id) ?? byId.get(named(transfer) ?? '')
}

async function accountsOf(deps: Reading, orgId: string): Promise<Set<string>> {
  const rows = await deps.db.read
    .select({ account: partners.stripeAccountId })
    .from(partners)
    .where(eq(partners.orgId, orgId))
  return new Set(rows.flatMap(row => row.account ?? []))
}

function compare(
  transfer: Stripe.Transfer,
  payout: Payout | undefined,
  carried: Map<string, string>,
  settledBefore: number,
): Difference[] {
  const sent = ours(transfer)
  const sum = formatMoney(sent.amount, sent.currency, { code: true })
  if (!payout)
    return transfer.metadata?.env
      ? [
          differs(
            'no_payout',
            transfer,
            undefined,
            `of ${sum} names payout ${transfer.metadata.payout_id ?? '(none)'}, which does not exist here`,
          ),
        ]
      : [
          differs(
            'unknown_origin',
            transfer,
            undefined,
            `of ${sum} to ${destinationOf(transfer)} was not made by Remit`,
          ),
        ]
  const first = payout.transferId ?? carried.get(payout.id)
  if (first && first !== transfer.id)
    return [differs('second_transfer', transfer, payout, `was also sent by ${transfer.id} (${sum}), beside ${first}`)]
  const found: Difference[] = []
  const young = transfer.created * 1000 > settledBefore
  if (payout.status === 'processing' && !young)
    found.push(differs('not_settled', transfer, payout, `still waits, and yet ${transfer.id} exists`))
  if (!['processing', 'paid', 'reversed'].includes(payout.status))
    found.push(
      differs(
        'not_paid_here',
        transfer,
        payout,
        `is ${statusLabels[payout.status].label.toLowerCase()}, and yet ${transfer.id} exists`,
      ),
    )
  if (sent.amount !== payout.amount || sent.currency !== payout.currency)
    found.push(
      differs(
        'amount',
        transfer,
        payout,
        `is ${formatMoney(payout.amount, payout.currency, { code: true })} here and ${sum} at Stripe`,
      ),
    )
  if (destinationOf(transfer) !== payout.destination)
    found.push(
      differs(
        'destination',
        transfer,
        payout,
        `went to ${destinationOf(transfer)}, and was approved for ${payout.destination ?? 'nobody'}`,
      ),
    )
  if (sent.amountReversed !== payout.amountReversed && payout.status !== 'processing')
    found.push(
      differs(
        'reversed',
        transfer,
        payout,
        `has ${formatMoney(payout.amountReversed, payout.currency, { code: true })} taken back here and ${formatMoney(sent.amountReversed, sent.currency, { code: true })} at Stripe`,
      ),
    )
  return found
}

function differs(
  kind: Difference['kind'],
  transfer: Stripe.Transfer | null,
  payout: Payout | undefined,
  says: string,
): Difference {
  const subject = payout ? payoutNumber(payout.number) : `Transfer ${transfer?.id}`
  return {
    kind,
    transferId: transfer?.id ?? payout?.transferId ?? null,
    payoutId: payout?.id ?? null,
    says: `${subject} ${says}.`,
  }
}

function destinationOf(transfer: Stripe.Transfer): string {
  return idIn(transfer.destination) ?? ''
}

/** A transfer's money in our own minor units. */
function ours(transfer: Stripe.Transfer): Pick<Payout, 'amount' | 'amountReversed' | 'currency'> {
  const currency = transfer.currency.toUpperCase()
  return {
    currency,
    amount: fromStripeAmount(transfer.amount, currency),
    amountReversed: fromStripeAmount(transfer.amount_reversed, currency),
  }
}

function add(
  sums: Map<string, { stripe: Side; remit: Side }>,
  side: 'stripe' | 'remit',
  money: ReturnType<typeof ours>,
): void {
  const none = () => ({ count: 0, amount: 0, reversed: 0 })
  const sides = sums.get(money.currency) ?? { stripe: none(), remit: none() }
  sums.set(money.currency, sides)
  sides[side].count++
  sides[side].amount += money.amount
  sides[side].reversed += money.amountReversed
}

import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { toStripeAmount } from '../lib/money.ts'
import { type Found, type RowInvariant, rule, type Window, within } from './walk.ts'

/** Money leaves once, as it was approved and to whom it was approved for. */
export const transferInvariants = {
  one_transfer: rule(
    'payouts',
    'A payout has one attempt that is not refused at most, and is paid by that one’s transfer and no other.',
    window => sql`
    SELECT org_id AS orgId, 'payout' AS type, id, CASE
      WHEN live > 1 THEN 'has ' || live || ' attempts that were not refused'
      WHEN status = 'processing' THEN 'is being sent, and has no attempt that is under way'
      WHEN live > 0 AND status NOT IN ('paid', 'reversed') THEN 'is ' || status || ', and has an attempt that was not refused'
      WHEN paid_via = 'manual' THEN 'was paid outside, and has an attempt that was not refused'
      WHEN shared > 0 THEN 'was paid by a transfer that paid another payout too'
      ELSE 'was not paid by the transfer that its attempt made' END AS says
    FROM (
      SELECT p.org_id, p.id, p.status, p.paid_via, p.transfer_id,
        (SELECT count(*) FROM payout_attempts a WHERE a.payout_id = p.id AND a.state <> 'failed') AS live,
        (SELECT count(*) FROM payout_attempts a WHERE a.payout_id = p.id AND a.state = 'succeeded') AS done,
        (SELECT max(a.transfer_id) FROM payout_attempts a WHERE a.payout_id = p.id AND a.state = 'succeeded') AS transfer,
        (SELECT count(*) FROM payouts o WHERE o.transfer_id = p.transfer_id AND o.id <> p.id) AS shared
      FROM payouts p WHERE ${within('p', window)})
    WHERE live > 1 OR shared > 0 OR CASE
      WHEN status = 'processing' THEN live <> 1 OR done <> 0
      WHEN status IN ('paid', 'reversed') AND paid_via = 'stripe' THEN done <> 1 OR transfer IS NOT transfer_id
      ELSE live > 0 END`,
  ),

  attempt_as_approved: {
    over: 'payout_attempts',
    promises:
      'What an attempt asks Stripe for is its own frozen amount, currency and destination, and those are the payout’s.',
    find: attemptsAstray,
  } satisfies RowInvariant,

  review_before_paid: rule(
    'payouts',
    'Nothing is paid, failed or sent anew while people still have to find out what became of it.',
    window => sql`
    SELECT p.org_id AS orgId, 'payout' AS type, p.id AS id, 'is ' || p.status || ', and still waits for a review' AS says
    FROM payouts p WHERE ${within('p', window)} AND p.needs_review <> 0 AND p.status <> 'processing'`,
  ),
}

interface AttemptRow {
  orgId: string
  id: string
  payoutId: string
  state: string
  amount: number
  currency: string
  destination: string
  request: string
  payoutAmount: number
  payoutCurrency: string
  payoutDestination: string | null
}

interface Request {
  amount?: unknown
  currency?: unknown
  destination?: unknown
  transfer_group?: unknown
  metadata?: { payout_id?: unknown; attempt_id?: unknown }
}

async function attemptsAstray(read: Drizzle, window: Window): Promise<Found[]> {
  const rows = await read.all<AttemptRow>(sql`
    SELECT a.org_id AS orgId, a.id AS id, a.payout_id AS payoutId, a.state AS state, a.amount AS amount, a.currency AS currency,
      a.destination AS destination, a.request AS request, p.amount AS payoutAmount, p.currency AS payoutCurrency, p.destination AS payoutDestination
    FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id WHERE ${within('a', window)}`)
  return rows.flatMap(row => {
    const says = astray(row)
    return says ? [{ orgId: row.orgId, type: 'attempt', id: row.id, says }] : []
  })
}

/** A payout may change after a refusal: only an attempt that may have moved money must be of what it is now. */
function astray(row: AttemptRow): string | null {
  const request = JSON.parse(row.request) as Request
  if (request.amount !== toStripeAmount(row.amount, row.currency) || request.currency !== row.currency.toLowerCase())
    return `asks Stripe for ${request.amount} ${request.currency}, and is of ${row.amount} ${row.currency} in minor units`
  if (request.destination !== row.destination) return 'asks Stripe to send to another account than its own'
  if (request.transfer_group !== `payout_${row.payoutId}` || request.metadata?.payout_id !== row.payoutId)
    return 'names another payout to Stripe'
  if (request.metadata?.attempt_id !== row.id) return 'names another attempt to Stripe'
  if (row.state === 'failed') return null
  if (row.amount !== row.payoutAmount || row.currency !== row.payoutCurrency)
    return `is of ${row.amount} ${row.currency}, and its payout of ${row.payoutAmount} ${row.payoutCurrency}, in minor units`
  return row.destination === row.payoutDestination ? null : 'goes to another account than its payout was approved for'
}

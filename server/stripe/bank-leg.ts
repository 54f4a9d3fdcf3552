import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Stripe } from 'stripe'
import { payoutAttempts, payouts } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { notify } from '../email/notify.ts'
import { groupBy } from '../lib/group.ts'
import { stripeActor, type Work, work } from '../work.ts'
import { isGone } from './gone.ts'
import { idIn } from './references.ts'

type Payout = typeof payouts.$inferSelect
type BankStatus = NonNullable<Payout['bankStatus']>

/** `paid` may still become `failed` and never the other way, so a payout at the bank only moves up here. */
const rank: Record<BankStatus, number> = { in_transit: 1, arrived: 2, failed: 3 }

/** A bank payout of a connected account, as fetched: its state, and what money it carries. */
interface BankPayout {
  id: string
  status: BankStatus
  /** UTC milliseconds: expected until it has arrived */
  arrivalAt: number
  failure: string | null
  code: string | null
  /** What a bank asks for when it can't find the money. */
  traceId: string | null
  /** Payments (`py_…`), each from one of our transfers. */
  payments: string[]
  /** Earlier bank payouts whose returned money goes out again with this one. */
  retried: string[]
}

/**
 * Follows the money on from a partner's Stripe balance to the bank: which of our payouts a bank payout carries, and how far it is.
 * Never moves money. Throws while a payment is here before its own transfer is settled: it is tried again.
 */
export async function followBankPayout(deps: Deps, accountId: string, bankPayoutId: string): Promise<string> {
  const bank = await readBankPayout(deps.stripe, accountId, bankPayoutId)
  if (!bank) return 'ignored: Stripe knows no such bank payout'
  const carried = await carriedBy(deps, bank)
  const missing = bank.payments.filter(payment => !carried.some(payout => payout.destinationPayment === payment))
  const unsettled = missing.length > 0 && (await hasOpenAttempt(deps, accountId))
  let moved = 0
  for (const [orgId, own] of groupBy(carried, payout => payout.orgId))
    moved += await work(deps, { orgId, actor: stripeActor }, unit =>
      move(
        unit,
        own.map(payout => payout.id),
        bank,
      ),
    )
  if (unsettled) throw new Error(`bank payout ${bank.id} carries payments whose transfers are still being settled`)
  if (carried.length === 0) return 'ignored: it carries none of our payouts'
  return `${bank.status}: ${moved} of ${carried.length} payouts moved`
}

async function readBankPayout(stripe: Stripe, accountId: string, id: string): Promise<BankPayout | null> {
  const options = { stripeContext: accountId }
  try {
    const payout = await stripe.payouts.retrieve(id, {}, options)
    // Stripe lists what a bank payout carries for automatic ones only; of the others nobody can say.
    if (!payout.automatic) return null
    const payments: string[] = []
    const retried: string[] = []
    for await (const line of stripe.balanceTransactions.list({ payout: id, limit: 100 }, options)) {
      const source = idIn(line.source) ?? ''
      if (source.startsWith('py_')) payments.push(source)
      else if (line.type === 'payout_failure' || line.type === 'payout_cancel') retried.push(source)
    }
    const { status, arrival_date, failure_message, failure_code, trace_id } = payout
    return {
      id,
      status: status === 'paid' ? 'arrived' : status === 'failed' || status === 'canceled' ? 'failed' : 'in_transit',
      arrivalAt: arrival_date * 1000,
      failure: failure_message ?? failure_code ?? (status === 'canceled' ? 'The bank payout was canceled.' : null),
      code: failure_code,
      traceId: trace_id?.value ?? null,
      payments,
      retried,
    }
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

/** Our payouts in it: those whose payment it lists, and those of a returned bank payout that go out again with it. */
function carriedBy(deps: Deps, bank: BankPayout) {
  const listed = (ids: string[]) => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`
  return deps.db.read
    .select({ id: payouts.id, orgId: payouts.orgId, destinationPayment: payouts.destinationPayment })
    .from(payouts)
    .where(
      sql`${payouts.destinationPayment} IN ${listed(bank.payments)} OR ${payouts.bankPayoutId} IN ${listed(bank.retried)}`,
    )
}

async function hasOpenAttempt(deps: Deps, accountId: string): Promise<boolean> {
  const rows = await deps.db.read
    .select({ id: payoutAttempts.id })
    .from(payoutAttempts)
    .where(
      and(eq(payoutAttempts.destination, accountId), inArray(payoutAttempts.state, ['queued', 'sending', 'unknown'])),
    )
    .limit(1)
  return rows.length > 0
}

async function move(unit: Work, ids: string[], bank: BankPayout): Promise<number> {
  const rows = await unit.tx
    .select()
    .from(payouts)
    .where(
      and(sql`${payouts.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`, eq(payouts.orgId, unit.orgId)),
    )
  const due = rows.filter(payout => advances(payout, bank))
  for (const payout of due) await moveOne(unit, payout, bank)
  return due.length
}

/** Whether this news is further than what is known, whatever order news comes in. */
function advances(payout: Payout, bank: BankPayout): boolean {
  if (payout.bankStatus === null) return true
  if (payout.bankPayoutId === bank.id) return rank[bank.status] > rank[payout.bankStatus]
  // Another bank payout takes over only from one that came back.
  return bank.retried.includes(payout.bankPayoutId ?? '')
}

async function moveOne(unit: Work, payout: Payout, bank: BankPayout): Promise<void> {
  const after = {
    bankStatus: bank.status,
    bankPayoutId: bank.id,
    bankArrivalAt: bank.arrivalAt,
    bankFailureMessage:
      bank.status === 'failed' ? (bank.failure ?? 'The bank returned the payout without a reason.') : null,
  }
  await unit.tx
    .update(payouts)
    .set({ ...after, version: sql`${payouts.version} + 1`, updatedAt: unit.at })
    .where(and(eq(payouts.id, payout.id), eq(payouts.orgId, unit.orgId)))
  const { bankStatus, bankPayoutId, bankArrivalAt, bankFailureMessage } = payout
  unit.audit({
    action: `payout.bank_${bank.status}`,
    target: { type: 'payout', id: payout.id },
    before: { bankStatus, bankPayoutId, bankArrivalAt, bankFailureMessage },
    after,
  })
  unit.changed('payouts', payout.partnerId)
  const eventId = `${payout.id}:${bank.id}`
  const about = { payoutId: payout.id, bankPayoutId: bank.id, code: bank.code, traceId: bank.traceId }
  const toPartner = { partnerId: payout.partnerId }
  if (bank.status === 'arrived') notify(unit, { template: 'payoutArrived', eventId, to: toPartner, about })
  if (bank.status !== 'failed') return
  notify(unit, { template: 'bankPayoutFailed', eventId, to: toPartner, about })
  notify(unit, { template: 'bankPayoutFailedFinance', eventId, to: { staffWith: 'payouts.pay' }, about })
}

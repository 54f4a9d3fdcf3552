import { sql } from 'drizzle-orm'
import type { LedgerAccount, LedgerKind } from '#db/schema/index.ts'
import type { Work } from '../work.ts'

/** Which account each event debits and credits. One row of the ledger is one such transfer. */
export const postings: Record<LedgerKind, { debit: LedgerAccount; credit: LedgerAccount }> = {
  accrual: { debit: 'commission_expense', credit: 'partner_payable' },
  accrual_void: { debit: 'partner_payable', credit: 'commission_expense' },
  mark_paid: { debit: 'partner_payable', credit: 'transfer_clearing' },
  settle: { debit: 'transfer_clearing', credit: 'stripe_balance' },
  fail: { debit: 'transfer_clearing', credit: 'partner_payable' },
  manual_payment: { debit: 'partner_payable', credit: 'paid_outside' },
  reversal: { debit: 'stripe_balance', credit: 'reversal_suspense' },
  reversal_owed: { debit: 'reversal_suspense', credit: 'partner_payable' },
  reversal_not_owed: { debit: 'reversal_suspense', credit: 'commission_expense' },
  /** The payout that was to pay it again was rejected or canceled: it waits for a decision once more. */
  reversal_reopened: { debit: 'partner_payable', credit: 'reversal_suspense' },
  commission: { debit: 'commission_expense', credit: 'partner_payable' },
  commission_reversal: { debit: 'partner_payable', credit: 'commission_expense' },
  /** Paid by the tool that it was imported from. */
  imported_payment: { debit: 'partner_payable', credit: 'paid_outside' },
  /** A payment back, or one that an undone import had claimed. */
  imported_payment_void: { debit: 'paid_outside', credit: 'partner_payable' },
  conversion_out: { debit: 'partner_payable', credit: 'fx_conversion' },
  conversion_in: { debit: 'fx_conversion', credit: 'partner_payable' },
  conversion_out_void: { debit: 'fx_conversion', credit: 'partner_payable' },
  conversion_in_void: { debit: 'partner_payable', credit: 'fx_conversion' },
}

export type Posting = {
  kind: LedgerKind
  partnerId: string
  /** minor units, positive */
  amount: number
  currency: string
} & (
  | {
      payoutId: string
      /** The payout's version after the change: with payout, kind and currency it makes the row unique, so an event posts once. */
      seq: number
    }
  /** A commission is booked once, and never changes. */
  | { commissionId: string }
)

/** Posts in the caller's transaction, set-based. */
export async function post(work: Work, entries: Posting[]): Promise<void> {
  if (entries.length === 0) return
  const rows = entries.map(entry => ({ id: work.id('le'), ...entry, ...postings[entry.kind] }))
  await work.tx.run(sql`
    INSERT INTO ledger_entries (id, org_id, partner_id, payout_id, commission_id, kind, seq, debit, credit, amount, currency, at)
    SELECT value ->> 'id', ${work.orgId}, value ->> 'partnerId', value ->> 'payoutId', value ->> 'commissionId', value ->> 'kind', coalesce(value ->> 'seq', 1),
           value ->> 'debit', value ->> 'credit', value ->> 'amount', value ->> 'currency', ${work.at}
    FROM json_each(${JSON.stringify(rows)})`)
}

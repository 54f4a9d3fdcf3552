import { sql } from 'drizzle-orm'
import type { Stripe } from 'stripe'
import type { Deps } from '../deps.ts'
import type { World } from './races-world.ts'

/** By name, a query whose every row is something that must never be. `what` says it. */
const never: Record<string, string> = {
  'two live attempts': `
    SELECT payout_id AS what FROM payout_attempts WHERE state <> 'failed' GROUP BY payout_id HAVING count(*) > 1`,
  'a ledger that says something else than the status': `
    SELECT p.number || ' is ' || p.status || ': ' || group_concat(l.kind || ' ' || l.amount, ', ') AS what
    FROM payouts p LEFT JOIN ledger_entries l ON l.payout_id = p.id
    GROUP BY p.id HAVING
      sum(CASE l.kind WHEN 'accrual' THEN l.amount WHEN 'accrual_void' THEN -l.amount ELSE 0 END)
        <> CASE WHEN p.run_id IS NULL AND p.repays IS NULL AND p.status IN ('approved', 'processing', 'failed', 'paid', 'reversed') THEN p.amount ELSE 0 END
      OR sum(CASE l.kind WHEN 'mark_paid' THEN l.amount WHEN 'fail' THEN -l.amount ELSE 0 END)
        <> CASE WHEN p.status = 'processing' OR (p.status IN ('paid', 'reversed') AND p.paid_via = 'stripe') THEN p.amount ELSE 0 END
      OR sum(CASE l.kind WHEN 'settle' THEN l.amount ELSE 0 END)
        <> CASE WHEN p.status IN ('paid', 'reversed') AND p.paid_via = 'stripe' THEN p.amount ELSE 0 END
      OR sum(CASE l.kind WHEN 'manual_payment' THEN l.amount ELSE 0 END) <> CASE WHEN p.paid_via = 'manual' THEN p.amount ELSE 0 END
      OR sum(CASE l.kind WHEN 'reversal' THEN l.amount ELSE 0 END) <> p.amount_reversed
      OR sum(CASE l.kind WHEN 'reversal' THEN l.amount WHEN 'reversal_reopened' THEN l.amount WHEN 'reversal_owed' THEN -l.amount WHEN 'reversal_not_owed' THEN -l.amount ELSE 0 END) < 0`,
  'an approval that is missing, of something else, or by someone who may not give it': `
    SELECT p.number || ' is ' || p.status AS what FROM payouts p JOIN organizations o ON o.id = p.org_id
    WHERE p.status IN ('approved', 'processing', 'paid', 'failed', 'reversed') AND (
      (SELECT count(*) FROM payout_approvals a WHERE a.payout_id = p.id AND a.voided_at IS NULL AND a.digest = p.approved_digest) < o.approvals_required
      OR EXISTS (SELECT 1 FROM payout_approvals a WHERE a.payout_id = p.id AND a.voided_at IS NULL
        AND (a.user_id = p.created_by OR a.user_id IN (SELECT user_id FROM payout_editors e WHERE e.payout_id = p.id))))`,
  'an approval that stands on a payout which is closed': `
    SELECT p.number AS what FROM payouts p JOIN payout_approvals a ON a.payout_id = p.id AND a.voided_at IS NULL WHERE p.status IN ('rejected', 'canceled')`,
  'lines that do not come to the amount': `
    SELECT p.number AS what FROM payouts p LEFT JOIN payout_lines l ON l.payout_id = p.id
    GROUP BY p.id HAVING coalesce(sum(l.amount), 0) <> p.amount`,
  'a commission in two live payouts': `
    SELECT l.commission_id AS what FROM payout_lines l JOIN payouts p ON p.id = l.payout_id
    WHERE l.commission_id IS NOT NULL AND l.released_at IS NULL AND p.status NOT IN ('rejected', 'canceled')
    GROUP BY l.commission_id HAVING count(*) > 1`,
  'a commission that is somewhere else than its line': `
    SELECT c.number || ' is ' || c.status AS what FROM commissions c
    WHERE (c.status = 'accrued') <> (c.payout_id IS NULL)
      OR (c.payout_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM payout_lines l WHERE l.commission_id = c.id AND l.payout_id = c.payout_id AND l.released_at IS NULL))`,
  'a disputed commission in a payout that was made since': `
    SELECT c.number AS what FROM commissions c WHERE c.status = 'in_payout' AND c.disputed_at IS NOT NULL`,
  'a commission booked into a month that was closed before': `
    SELECT c.number || ' in ' || c.period AS what FROM commissions c JOIN closed_periods p ON p.org_id = c.org_id AND p.period >= c.period
    JOIN audit a ON a.org_id = c.org_id AND a.action = 'periods.close' AND a.target_id = p.period WHERE c.created_at > a.at`,
  'a commission that the ledger has otherwise': `
    SELECT c.number AS what FROM commissions c LEFT JOIN ledger_entries l ON l.commission_id = c.id
    GROUP BY c.id HAVING coalesce(sum(CASE l.kind WHEN 'commission' THEN l.amount WHEN 'commission_reversal' THEN -l.amount ELSE 0 END), 0)
      <> CASE c.kind WHEN 'carry' THEN 0 ELSE c.amount END`,
  'a sum that is kept and wrong': `
    SELECT status || ' ' || sum(kept) || ' instead of ' || sum(counted) AS what FROM (
      SELECT org_id, currency, status, amount + count AS kept, 0 AS counted FROM payout_totals WHERE partner_id = ''
      UNION ALL SELECT org_id, currency, status, 0, sum(amount) + count(*) FROM payouts GROUP BY org_id, currency, status)
    GROUP BY org_id, currency, status HAVING sum(kept) <> sum(counted)`,
  'a chain of records with a gap': `
    SELECT org_id AS what FROM audit GROUP BY org_id HAVING count(*) <> max(seq)`,
  'a status that nobody recorded': `
    SELECT p.number || ' is ' || p.status AS what FROM payouts p WHERE p.status IN ('paid', 'failed', 'rejected', 'canceled', 'processing') AND NOT EXISTS (
      SELECT 1 FROM audit a WHERE a.org_id = p.org_id AND a.target_type = 'payout' AND a.target_id = p.id AND a.after ->> '$.status' = p.status)`,
  'a payout paid by Stripe that its partner is not told of exactly once': `
    SELECT p.number AS what FROM payouts p WHERE p.paid_via = 'stripe' AND (
      SELECT count(*) FROM outbox o WHERE o.topic = 'email.send' AND o.payload ->> '$.template' = 'payoutOnItsWay' AND o.payload ->> '$.about.payoutId' = p.id) <> 1`,
}

const checks = sql.raw(
  Object.entries(never)
    .map(([name, query]) => `SELECT '${name}' AS name, what FROM (${query})`)
    .join(' UNION ALL '),
)

/** All that Stripe holds, as it would say itself. */
export const transfersOf = (world: World) => world.control<Stripe.Transfer[]>('GET', '/_sim/transfers')

/** What must be so after anything: nobody is paid twice or something else, and every number says why. @returns what is wrong, in sentences */
export async function judgeAll(world: World, deps: Deps): Promise<string[]> {
  const problems = (await deps.db.read.all<{ name: string; what: string }>(checks)).map(
    ({ name, what }) => `${name}: ${what}`,
  )
  const rows = await deps.db.read.all<{
    id: string
    number: number
    status: string
    amount: number
    currency: string
    destination: string | null
    transferId: string | null
    reversed: number
    paidVia: string | null
  }>(
    sql`SELECT id, number, status, amount, currency, destination, transfer_id AS transferId, amount_reversed AS reversed, paid_via AS paidVia FROM payouts`,
  )
  const transfers = transfersOf(world)
  for (const payout of rows) {
    const own = transfers.filter(transfer => transfer.transfer_group === `payout_${payout.id}`)
    const say = (what: string) => problems.push(`payout ${payout.number} (${payout.status}): ${what}`)
    if (own.length > 1) say(`${own.length} transfers`)
    const [transfer] = own
    if (payout.paidVia === 'stripe') {
      if (!transfer || transfer.id !== payout.transferId)
        say(`its transfer is ${transfer?.id}, not ${payout.transferId}`)
      else if (transfer.amount !== payout.amount || transfer.currency.toUpperCase() !== payout.currency)
        say(`${transfer.amount} ${transfer.currency} were sent`)
      else if (transfer.destination !== payout.destination) say(`the money went to ${transfer.destination}`)
      if (transfer && payout.reversed > transfer.amount_reversed) say('it says more was taken back than Stripe says')
    } else if (transfer && payout.status !== 'processing') say('Stripe holds a transfer of it')
  }
  for (const transfer of transfers)
    if (!rows.some(({ id }) => transfer.transfer_group === `payout_${id}`))
      problems.push(`a transfer of ${transfer.transfer_group}, which nobody has`)
  return problems
}

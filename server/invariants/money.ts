import { sql } from 'drizzle-orm'
import { postings } from '../ledger/ledger.ts'
import { rule, within } from './walk.ts'

/** No cent is lost, made up or counted twice: payouts, commissions and ledger say the same. */
export const moneyInvariants = {
  payout_is_its_lines: rule(
    'payouts',
    'A payout is the sum of its lines, in one currency.',
    window => sql`
    SELECT orgId, 'payout' AS type, id, CASE WHEN foreign_lines > 0 THEN 'has lines in another currency'
      ELSE 'is of ' || amount || ', and its lines come to ' || lines || ' ' || currency || ' in minor units' END AS says
    FROM (
      SELECT p.org_id AS orgId, p.id AS id, p.amount AS amount, p.currency AS currency,
        (SELECT coalesce(sum(l.amount), 0) FROM payout_lines l WHERE l.payout_id = p.id AND l.released_at IS NULL) AS lines,
        (SELECT count(*) FROM payout_lines l WHERE l.payout_id = p.id AND l.currency <> p.currency) AS foreign_lines
      FROM payouts p WHERE ${within('p', window)} AND p.status NOT IN ('rejected', 'canceled'))
    WHERE lines <> amount OR foreign_lines > 0`,
  ),

  line_is_its_commission: rule(
    'payout_lines',
    'A line pays its commission whole, to its partner, converted where the currencies differ.',
    window => sql`
    SELECT p.org_id AS orgId, 'payout' AS type, p.id AS id, 'has a line that is not of what commission ' || c.id || ' is of' AS says
    FROM payout_lines l JOIN payouts p ON p.id = l.payout_id JOIN commissions c ON c.id = l.commission_id
    WHERE ${within('l', { ...window, orgId: null })} AND (${window.orgId} IS NULL OR +p.org_id = ${window.orgId}) AND (c.partner_id <> p.partner_id
      OR CASE WHEN l.conversion IS NULL THEN l.amount <> c.amount OR l.currency <> c.currency
         ELSE l.conversion ->> '$.from.amount' IS NOT c.amount OR l.conversion ->> '$.from.currency' IS NOT c.currency
           OR l.conversion ->> '$.to.amount' IS NOT l.amount OR l.conversion ->> '$.to.currency' IS NOT l.currency END)`,
  ),

  commission_in_one_payout: rule(
    'commissions',
    'A commission is in one live payout at most, and its status is what that payout’s implies.',
    window => sql`
    SELECT orgId, 'commission' AS type, id, CASE
      WHEN live > 1 THEN 'is in ' || live || ' live payouts'
      ELSE 'is ' || status || ', and its payout is ' || coalesce(payout_status, 'none') END AS says
    FROM (
      SELECT c.org_id AS orgId, c.id AS id, c.kind, c.status AS status, c.payout_id AS payout, p.status AS payout_status,
        (SELECT count(*) FROM payout_lines l WHERE l.commission_id = c.id AND l.released_at IS NULL) AS live,
        (SELECT max(l.payout_id) FROM payout_lines l WHERE l.commission_id = c.id AND l.released_at IS NULL) AS line
      FROM commissions c LEFT JOIN payouts p ON p.id = c.payout_id WHERE ${within('c', window)})
    WHERE live > 1 OR line IS NOT payout OR NOT CASE status
      WHEN 'accrued' THEN payout IS NULL
      WHEN 'in_payout' THEN coalesce(payout_status IN ('pending_approval', 'approved', 'processing', 'failed'), 0)
      -- Paid by the tool that it came from, it is in no payout of ours.
      ELSE coalesce(payout_status IN ('paid', 'reversed'), kind = 'imported') END`,
  ),

  carries_cancel_out: rule(
    'partners',
    'What one payout run carries to the next comes to nothing: it is moved, not made.',
    window => sql`
    SELECT r.org_id AS orgId, 'partner' AS type, r.id AS id, 'has carried ' || sum(c.amount) || ' ' || c.currency || ' in minor units that came from nowhere' AS says
    FROM partners r JOIN commissions c ON c.org_id = r.org_id AND c.partner_id = r.id AND c.kind = 'carry'
    WHERE ${within('r', window)} GROUP BY r.id, c.currency HAVING sum(c.amount) <> 0`,
  ),

  ledger_entry_is_its_own: rule(
    'ledger_entries',
    'An entry goes between the accounts of its kind, for the partner and in the currency of what it is of.',
    window => sql`
    SELECT l.org_id AS orgId, 'ledger_entry' AS type, l.id AS id, 'of kind ' || l.kind || ' is not for the partner, the currency or the accounts that it should be' AS says
    FROM ledger_entries l LEFT JOIN payouts p ON p.id = l.payout_id LEFT JOIN commissions c ON c.id = l.commission_id
    WHERE ${within('l', window)} AND (l.partner_id IS NOT coalesce(p.partner_id, c.partner_id)
      OR (l.kind NOT LIKE 'conversion%' AND l.currency IS NOT coalesce(p.currency, c.currency))
      OR l.debit || '>' || l.credit IS NOT ${JSON.stringify(accounts)} ->> ('$.' || l.kind))`,
  ),

  ledger_follows_commissions: rule(
    'commissions',
    'Each commission is booked once, as what it is: earned or taken back, and paid where it came in as paid.',
    window => sql`
    SELECT c.org_id AS orgId, 'commission' AS type, c.id AS id, 'of ' || c.amount || ' ' || c.currency || ' in minor units is booked as: '
      || coalesce((SELECT group_concat(l.kind || ' ' || l.amount, ', ') FROM ledger_entries l WHERE l.commission_id = c.id), 'nothing') AS says
    FROM commissions c LEFT JOIN (
      SELECT l.commission_id AS id,
        sum(CASE l.kind WHEN 'commission' THEN l.amount WHEN 'commission_reversal' THEN -l.amount ELSE 0 END) AS booked,
        sum(CASE l.kind WHEN 'imported_payment' THEN l.amount WHEN 'imported_payment_void' THEN -l.amount ELSE 0 END) AS paid, count(*) AS entries
      FROM commissions w CROSS JOIN ledger_entries l ON l.commission_id = w.id WHERE ${within('w', window)} GROUP BY l.commission_id) b ON b.id = c.id
    WHERE ${within('c', window)} AND CASE
      WHEN c.kind = 'carry' THEN b.entries IS NOT NULL
      WHEN c.kind = 'imported' AND c.status = 'paid' AND c.payout_id IS NULL THEN b.booked IS NOT c.amount OR b.paid IS NOT c.amount OR b.entries <> 2
      ELSE b.booked IS NOT c.amount OR b.paid <> 0 OR b.entries <> 1 END`,
  ),

  ledger_follows_status: rule(
    'payouts',
    'What is booked of a payout is what its status implies, to the cent: accrued, under way, paid, taken back, owed again, converted.',
    window => sql`
    WITH booked AS (
      SELECT l.payout_id AS id,
        sum(CASE l.kind WHEN 'accrual' THEN l.amount WHEN 'accrual_void' THEN -l.amount ELSE 0 END) AS accrued,
        sum(CASE l.kind WHEN 'mark_paid' THEN l.amount WHEN 'settle' THEN -l.amount WHEN 'fail' THEN -l.amount ELSE 0 END) AS clearing,
        sum(CASE l.kind WHEN 'settle' THEN l.amount ELSE 0 END) AS settled,
        sum(CASE l.kind WHEN 'manual_payment' THEN l.amount ELSE 0 END) AS outside,
        sum(CASE l.kind WHEN 'reversal' THEN l.amount ELSE 0 END) AS reversed,
        sum(CASE l.kind WHEN 'reversal_owed' THEN l.amount WHEN 'reversal_reopened' THEN -l.amount ELSE 0 END) AS owed,
        sum(CASE l.kind WHEN 'reversal_not_owed' THEN l.amount ELSE 0 END) AS not_owed
      FROM payouts w CROSS JOIN ledger_entries l ON l.payout_id = w.id WHERE ${within('w', window)} GROUP BY l.payout_id)
    SELECT orgId, 'payout' AS type, id, 'is ' || status || ', and ' || wrong AS says FROM (
      SELECT p.org_id AS orgId, p.id AS id, p.status AS status, CASE
        WHEN coalesce(b.accrued, 0) <> iif(p.repays IS NULL AND p.run_id IS NULL AND p.status IN ('approved', 'processing', 'failed', 'paid', 'reversed'), p.amount, 0)
          THEN coalesce(b.accrued, 0) || ' of it is accrued'
        WHEN coalesce(b.clearing, 0) <> iif(p.status = 'processing', p.amount, 0) THEN coalesce(b.clearing, 0) || ' of it is under way'
        WHEN coalesce(b.settled, 0) <> iif(p.status IN ('paid', 'reversed') AND p.paid_via = 'stripe', p.amount, 0) THEN coalesce(b.settled, 0) || ' of it was paid through Stripe'
        WHEN coalesce(b.outside, 0) <> iif(p.status IN ('paid', 'reversed') AND p.paid_via = 'manual', p.amount, 0) THEN coalesce(b.outside, 0) || ' of it was paid outside'
        WHEN coalesce(b.reversed, 0) <> p.amount_reversed THEN coalesce(b.reversed, 0) || ' of it is booked as taken back, not ' || p.amount_reversed
        WHEN coalesce(b.owed, 0) < 0 OR coalesce(b.not_owed, 0) < 0 OR coalesce(b.owed + b.not_owed, 0) > p.amount_reversed
          THEN coalesce(b.owed + b.not_owed, 0) || ' is decided of ' || p.amount_reversed || ' that was taken back'
        WHEN p.amount_reversed > 0 AND coalesce(b.owed, 0) <> (
            SELECT coalesce(sum(n.amount), 0) FROM payouts n WHERE n.org_id = p.org_id AND n.partner_id = p.partner_id AND n.repays = p.id AND n.status NOT IN ('rejected', 'canceled'))
          THEN coalesce(b.owed, 0) || ' of it is owed again, and other payouts pay something else'
        WHEN EXISTS (
            SELECT 1 FROM (
              SELECT l.currency AS currency, iif(l.credit = 'partner_payable', l.amount, -l.amount) AS amount FROM ledger_entries l
                WHERE l.payout_id = p.id AND l.kind LIKE 'conversion%'
              UNION ALL SELECT n.conversion ->> '$.from.currency', n.conversion ->> '$.from.amount' FROM payout_lines n
                WHERE n.payout_id = p.id AND n.released_at IS NULL AND n.conversion IS NOT NULL
              UNION ALL SELECT n.conversion ->> '$.to.currency', -(n.conversion ->> '$.to.amount') FROM payout_lines n
                WHERE n.payout_id = p.id AND n.released_at IS NULL AND n.conversion IS NOT NULL)
            GROUP BY currency HAVING sum(amount) <> 0)
          THEN 'its conversions are not booked as its lines have them'
        END AS wrong
      FROM payouts p LEFT JOIN booked b ON b.id = p.id WHERE ${within('p', window)})
    WHERE wrong IS NOT NULL`,
  ),

  owed_is_what_is_open: rule(
    'partners',
    'What the ledger owes a partner in a currency is its free commissions and its unpaid payouts, together.',
    window => sql`
    SELECT orgId, 'partner' AS type, id, 'is owed ' || sum(owed) || ' ' || currency || ' by the ledger and ' || sum(open) || ' by what is open, in minor units' AS says
    FROM (
      SELECT r.org_id AS orgId, r.id AS id, c.currency AS currency, 0 AS owed, c.amount AS open
        FROM partners r CROSS JOIN commissions c ON c.org_id = r.org_id AND c.partner_id = r.id WHERE ${within('r', window)} AND c.status = 'accrued'
      UNION ALL SELECT r.org_id, r.id, p.currency, 0, p.amount
        FROM partners r CROSS JOIN payouts p ON p.org_id = r.org_id AND p.partner_id = r.id
        WHERE ${within('r', window)} AND (p.status IN ('approved', 'failed') OR (p.status = 'pending_approval' AND (p.repays IS NOT NULL OR p.run_id IS NOT NULL)))
      UNION ALL SELECT r.org_id, r.id, l.currency, CASE WHEN l.credit = 'partner_payable' THEN l.amount WHEN l.debit = 'partner_payable' THEN -l.amount ELSE 0 END, 0
        FROM partners r CROSS JOIN payouts p ON p.org_id = r.org_id AND p.partner_id = r.id CROSS JOIN ledger_entries l ON l.payout_id = p.id WHERE ${within('r', window)}
      UNION ALL SELECT r.org_id, r.id, l.currency, CASE WHEN l.credit = 'partner_payable' THEN l.amount WHEN l.debit = 'partner_payable' THEN -l.amount ELSE 0 END, 0
        FROM partners r CROSS JOIN commissions c ON c.org_id = r.org_id AND c.partner_id = r.id CROSS JOIN ledger_entries l ON l.commission_id = c.id WHERE ${within('r', window)})
    GROUP BY id, currency HAVING sum(owed) <> sum(open)`,
  ),
}

const accounts = Object.fromEntries(
  Object.entries(postings).map(([kind, { debit, credit }]) => [kind, `${debit}>${credit}`]),
)

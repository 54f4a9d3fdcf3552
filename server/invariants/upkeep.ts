import { type SQL, sql } from 'drizzle-orm'
import { readTables } from './references.ts'
import { type Found, rule, type WholeInvariant, type Window, within } from './walk.ts'

const hour = 60 * 60_000
/** How long past its time a job may wait while a worker runs, and how long past its lease one may be held (milliseconds). */
export const lateMs = 6 * hour

/** Pages of four kilobytes, up to which the whole file is looked at in one go. */
const smallPages = 10_000

/** What is kept beside the facts, and what is still to be done about them. */
export const upkeepInvariants = {
  work_goes_on: rule(
    'outbox',
    'Each piece of work is done, waits for its time, is in someone’s hands, or is parked where people see why.',
    window => sql`
    SELECT o.org_id AS orgId, 'job' AS type, o.id AS id, CASE o.status
      WHEN 'queued' THEN o.topic || ' is queued, and nobody takes it though its time has long come'
      WHEN 'leased' THEN o.topic || ' is held under a lease that ended long ago'
      ELSE o.topic || ' is ' || o.status || ', and does not say ' || iif(o.finished_at IS NULL, 'since when', 'why') END AS says
    FROM outbox o WHERE ${within('o', window)} AND CASE o.status
      WHEN 'queued' THEN max(o.run_at, ${window.workingSince}) + ${lateMs} < ${window.now}
      WHEN 'leased' THEN max(o.lease_until, ${window.workingSince}) + ${lateMs} < ${window.now}
      WHEN 'parked' THEN o.finished_at IS NULL OR coalesce(o.last_error, '') = ''
      ELSE o.finished_at IS NULL END`,
  ),

  one_paid_mail: rule(
    'payouts',
    'A person is told once that a payout is paid.',
    window => sql`
    SELECT p.org_id AS orgId, 'payout' AS type, p.id AS id, 'has ' || count(*) || ' mails ' || m.template || ' to the same person' AS says
    FROM payouts p CROSS JOIN emails m ON m.payout_id = p.id
    WHERE ${within('p', window)} AND m.template IN ('payoutOnItsWay', 'payoutPaidOutside') AND m.status <> 'failed'
    GROUP BY p.id, m.recipient, m.template HAVING count(*) > 1`,
  ),

  payout_totals_are_sums: rule(
    'partners',
    'The totals that are kept of a partner’s payouts, by status and by month, are the sums of these payouts.',
    window => sql`
    SELECT orgId, 'partner' AS type, id, 'has totals of ' || what || ' in ' || currency || ' that are not the sums of its payouts' AS says FROM (
      SELECT r.org_id AS orgId, r.id AS id, t.status AS what, t.currency AS currency, t.count AS count, t.amount AS amount, t.reversed AS reversed
        FROM partners r CROSS JOIN payout_totals t ON t.org_id = r.org_id AND t.partner_id = r.id WHERE ${within('r', window)}
      UNION ALL SELECT r.org_id, r.id, p.status, p.currency, -1, -p.amount, -p.amount_reversed
        FROM partners r CROSS JOIN payouts p INDEXED BY payouts_by_partner ON p.org_id = r.org_id AND p.partner_id = r.id WHERE ${within('r', window)}
      UNION ALL SELECT r.org_id, r.id, m.month, m.currency, m.count, m.amount, m.reversed
        FROM partners r CROSS JOIN payout_months m ON m.org_id = r.org_id AND m.partner_id = r.id WHERE ${within('r', window)}
      UNION ALL SELECT r.org_id, r.id, strftime('%Y-%m', p.paid_at / 1000, 'unixepoch'), p.currency, -1, -p.amount, 0
        FROM partners r CROSS JOIN payouts p INDEXED BY payouts_by_partner ON p.org_id = r.org_id AND p.partner_id = r.id WHERE ${within('r', window)} AND p.paid_at IS NOT NULL
      UNION ALL SELECT r.org_id, r.id, b.month, b.currency, 0, 0, -b.amount
        FROM partners r CROSS JOIN payouts p INDEXED BY payouts_by_partner ON p.org_id = r.org_id AND p.partner_id = r.id AND p.amount_reversed > 0
          CROSS JOIN payout_reversals b ON b.payout_id = p.id WHERE ${within('r', window)})
    GROUP BY id, what, currency HAVING sum(count) <> 0 OR sum(amount) <> 0 OR sum(reversed) <> 0`,
  ),

  company_totals_are_sums: rule(
    'organizations',
    'The totals of a company are the sums of its partners’, its deals’ and its months’.',
    window => sql`
    SELECT id AS orgId, 'organization' AS type, id, 'has totals of ' || what || ' that are not the sums' AS says FROM (
      SELECT t.org_id AS id, 'its payouts, ' || t.status || ' in ' || t.currency AS what,
        iif(t.partner_id = '', t.count, -t.count) AS count, iif(t.partner_id = '', t.amount, -t.amount) AS amount, iif(t.partner_id = '', t.reversed, -t.reversed) AS more
        FROM organizations o CROSS JOIN payout_totals t ON t.org_id = o.id WHERE ${these(window)}
      UNION ALL SELECT t.org_id, 'its payments, ' || t.month || ' in ' || t.currency, iif(t.partner_id = '', t.count, -t.count), iif(t.partner_id = '', t.amount, -t.amount), iif(t.partner_id = '', t.reversed, -t.reversed)
        FROM organizations o CROSS JOIN payout_months t ON t.org_id = o.id WHERE ${these(window)}
      UNION ALL SELECT t.org_id, 'its deals, ' || t.stage || ' in ' || t.currency, t.count, t.amount, t.uncredited
        FROM organizations o CROSS JOIN deal_totals t ON t.org_id = o.id WHERE ${these(window)}
      UNION ALL SELECT d.org_id, 'its deals, ' || d.stage || ' in ' || d.currency, -count(*), -sum(d.amount), -sum(d.stage = 'won' AND d.credited = 0)
        FROM organizations o CROSS JOIN deals d ON d.org_id = o.id WHERE ${these(window)} AND d.removed_at IS NULL GROUP BY d.org_id, d.stage, d.currency
      UNION ALL SELECT t.org_id, 'its commissions, ' || t.kind || ' of ' || t.period || ' in ' || t.currency, t.count, t.amount, 0
        FROM organizations o CROSS JOIN period_totals t ON t.org_id = o.id WHERE ${these(window)}
      UNION ALL SELECT c.org_id, 'its commissions, ' || c.kind || ' of ' || c.period || ' in ' || c.currency, -count(*), -sum(c.amount), 0
        FROM organizations o CROSS JOIN commissions c ON c.org_id = o.id WHERE ${these(window)} GROUP BY c.org_id, c.kind, c.period, c.currency)
    GROUP BY id, what HAVING sum(count) <> 0 OR sum(amount) <> 0 OR sum(more) <> 0`,
  ),

  file_intact: {
    over: null,
    promises: 'The file is sound: its pages, its indexes, its constraints.',
    async find(read, _scope, pause) {
      const found: Found[] = []
      const size = await read.get<{ pages: number }>(sql`SELECT page_count AS pages FROM pragma_page_count`)
      // All at once is the least work; a large file is looked at table by table, so that others get their turn.
      const parts = (size?.pages ?? 0) < smallPages ? [null] : [...(await readTables(read)).keys()]
      for (const part of parts) {
        const rows = await read.all<{ says: string }>(
          part === null
            ? sql`SELECT integrity_check AS says FROM pragma_integrity_check`
            : sql`SELECT integrity_check AS says FROM pragma_integrity_check(${part})`,
        )
        for (const { says } of rows)
          if (says !== 'ok')
            found.push({ orgId: null, type: 'file', id: part ?? 'database', says: `is damaged: ${says}` })
        await pause()
      }
      return found
    },
  } satisfies WholeInvariant,
}

function these({ from, to, orgId }: Window): SQL {
  return sql`o.rowid > ${from} AND o.rowid <= ${to} AND (${orgId} IS NULL OR o.id = ${orgId})`
}

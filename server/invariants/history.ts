import { type SQL, sql } from 'drizzle-orm'
import { chainIds, verifyChain } from '../audit/verify.ts'
import { payoutMachine } from '../payouts/rules.ts'
import { rule, type WholeInvariant, type Window, within } from './walk.ts'

/** Everything that happened is written down, once, in order, and could happen. */
export const historyInvariants = {
  legal_steps: rule(
    'payouts',
    'A payout goes from status to status only as its state machine allows, each step from where the last one led.',
    window => sql`
    SELECT orgId, 'payout' AS type, id, 'went from ' || last || ' to ' || next || ' by ' || action || ', which started from ' || coalesce(began, last) AS says
    FROM (${steps(window)})
    WHERE last IS NOT NULL AND (coalesce(began, last) <> last
      OR (last <> next AND last || '>' || next NOT IN (SELECT value FROM json_each(${JSON.stringify(edges)}))))`,
  ),

  status_in_audit: rule(
    'payouts',
    'Every payout’s creation and every change of its status is in the audit log, up to what it is now.',
    // Only the demo's and the tests' ready-made payouts (source demo) begin anywhere, and have a history from then on.
    window => sql`
    SELECT p.org_id AS orgId, 'payout' AS type, p.id AS id, CASE
      WHEN s.next IS NULL THEN 'is ' || p.status || ', and the audit log knows nothing of it'
      ELSE 'is ' || p.status || ', and by the audit log ' || s.next END AS says
    FROM payouts p LEFT JOIN (SELECT id, next, seq, max(seq) OVER (PARTITION BY id) AS latest, max(created) OVER (PARTITION BY id) AS known FROM (${steps(window)})) s
      ON s.id = p.id AND s.seq = s.latest
    WHERE ${within('p', window)} AND (coalesce(s.next <> p.status, 0) OR (p.source <> 'demo' AND coalesce(s.known, 0) <> 1))`,
  ),

  audit_chain: {
    over: null,
    promises: 'Each audit chain is whole: numbered without a gap, each link over the one before, none altered.',
    async find(read, { orgId }) {
      const ids = orgId === null ? await chainIds(read) : [orgId]
      const found = []
      for (const id of ids) {
        const { firstProblem } = await verifyChain(read, id)
        if (firstProblem)
          found.push({
            orgId: id === 'system' ? null : id,
            type: 'audit_chain',
            id,
            says: `is broken: ${firstProblem.says}`,
          })
      }
      return found
    },
  } satisfies WholeInvariant,

  numbers_without_gaps: rule(
    'organizations',
    'The numbers that people quote have no gap and no double: payouts, commissions, deals, registrations, runs, attempts, versions.',
    ({ from, to, orgId }) => sql`
    SELECT orgId, 'organization' AS type, orgId AS id, 'has numbered its ' || what || ' up to ' || highest || ', and there are ' || count || '; the next is ' || next AS says
    FROM (
      SELECT o.id AS orgId, n.what AS what, n.next AS next, n.count AS count, n.highest AS highest
      FROM organizations o JOIN (${numbered}) n ON n.org_id = o.id
      WHERE o.rowid > ${from} AND o.rowid <= ${to} AND (${orgId} IS NULL OR o.id = ${orgId}))
    WHERE count <> highest OR next <> highest + 1`,
  ),

  attempts_in_order: rule(
    'payouts',
    'A payout’s attempts are numbered from one, without a gap, each with the key of its number.',
    window => sql`
    SELECT p.org_id AS orgId, 'payout' AS type, p.id AS id, 'has ' || count(*) || ' attempts, numbered up to ' || max(a.number) AS says
    FROM payouts p CROSS JOIN payout_attempts a ON a.payout_id = p.id WHERE ${within('p', window)}
    GROUP BY p.id HAVING count(*) <> max(a.number) OR sum(a.idempotency_key <> 'payout:' || p.id || ':a' || a.number) > 0`,
  ),
}

const numbered = sql`
  SELECT o.id AS org_id, 'payouts' AS what, o.next_payout_number AS next, (SELECT count(*) FROM payouts p WHERE p.org_id = o.id) AS count,
    (SELECT coalesce(max(p.number), 0) FROM payouts p WHERE p.org_id = o.id) AS highest FROM organizations o
  UNION ALL ${counted('commissions', sql`commissions`)}
  UNION ALL ${counted('deals', sql`deals`)}
  UNION ALL ${counted('registrations', sql`registrations`)}
  UNION ALL ${counted('runs', sql`payout_runs`)}`

function counted(name: string, table: SQL): SQL {
  return sql`SELECT o.id, ${sql.raw(`'${name}'`)}, coalesce((SELECT next FROM counters k WHERE k.org_id = o.id AND k.name = ${sql.raw(`'${name}'`)}), 1),
    (SELECT count(*) FROM ${table} t WHERE t.org_id = o.id), (SELECT coalesce(max(t.number), 0) FROM ${table} t WHERE t.org_id = o.id) FROM organizations o`
}

const edges = payoutMachine.edges().map(([from, to]) => `${from}>${to}`)

/** Each entry of a payout's history that says something of its status: what it began from, where it led, and where the one before had. */
function steps(window: Window): SQL {
  return sql`
    SELECT orgId, id, seq, action, began, next, action = 'payouts.create' AS created, lag(next) OVER (PARTITION BY id ORDER BY seq) AS last FROM (
      SELECT p.org_id AS orgId, p.id AS id, e.seq AS seq, e.action AS action, e.before ->> '$.status' AS began,
        CASE WHEN e.action IN ('payouts.create', 'payouts.update', 'payout.line_released') THEN 'pending_approval' ELSE e.after ->> '$.status' END AS next
      FROM payouts p CROSS JOIN audit e INDEXED BY audit_by_target ON e.org_id = p.org_id AND e.target_type = 'payout' AND e.target_id = p.id WHERE ${within('p', window)})
    WHERE next IS NOT NULL`
}

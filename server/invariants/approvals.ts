import { type SQL, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { digestOf } from '../payouts/facts.ts'
import { type Found, type RowInvariant, rule, type Window, within } from './walk.ts'

/** Nothing is paid that the right people did not approve, exactly as it is. */
export const approvalInvariants = {
  digest_as_approved: {
    over: 'payouts',
    promises:
      'What is approved, being sent, refused or paid is what was approved: amount, currency, partner, lines, and where it goes.',
    find: digestsAstray,
  } satisfies RowInvariant,

  enough_approvals: rule(
    'payouts',
    'What is approved or beyond has the approvals of as many people as the company asked for at the time, all of what it is.',
    window => sql`
    SELECT orgId, 'payout' AS type, id, 'has ' || given || ' approvals of what it is, and ' || required || ' were required' AS says
    FROM (
      SELECT p.org_id AS orgId, p.id AS id,
        (SELECT count(DISTINCT v.user_id) FROM payout_approvals v WHERE v.payout_id = p.id AND v.voided_at IS NULL AND v.digest = p.approved_digest) AS given,
        ${settingAt(
          'approvalsRequired',
          sql`p.org_id`,
          sql`(SELECT max(e.seq) FROM audit e INDEXED BY audit_by_target WHERE e.org_id = p.org_id AND e.target_type = 'payout'
          AND e.target_id = p.id AND e.action = 'payouts.approve' AND e.after ->> '$.status' = 'approved')`,
          'approvals_required',
        )} AS required
      FROM payouts p WHERE ${within('p', window)} AND p.status IN ('approved', 'processing', 'failed', 'paid', 'reversed'))
    WHERE given < required`,
  ),

  four_eyes: rule(
    'payout_approvals',
    'Nobody approves what they created or edited, unless the company allowed it at the time.',
    window => sql`
    SELECT v.org_id AS orgId, 'payout' AS type, v.payout_id AS id, 'was approved by ' || v.user_id || ', who created or edited it' AS says
    FROM payout_approvals v JOIN payouts p ON p.id = v.payout_id
    WHERE ${within('v', window)} AND v.voided_at IS NULL
      AND (v.user_id = p.created_by OR EXISTS (SELECT 1 FROM payout_editors e WHERE e.payout_id = p.id AND e.user_id = v.user_id))
      AND ${settingAt(
        'creatorMayApprove',
        sql`p.org_id`,
        sql`(SELECT max(e.seq) FROM audit e INDEXED BY audit_by_target WHERE e.org_id = p.org_id AND e.target_type = 'payout'
        AND e.target_id = p.id AND e.action = 'payouts.approve' AND e.actor_id = v.user_id)`,
        'creator_may_approve',
      )} = 0`,
  ),

  payee_never_approves: rule(
    'payout_approvals',
    'Nobody approves money for themselves.',
    window => sql`
    SELECT v.org_id AS orgId, 'payout' AS type, v.payout_id AS id, 'was approved by ' || v.user_id || ', who is its payee' AS says
    FROM payout_approvals v JOIN payouts p ON p.id = v.payout_id JOIN partners r ON r.id = p.partner_id JOIN users u ON u.id = v.user_id
    WHERE ${within('v', window)} AND v.voided_at IS NULL AND (
      EXISTS (SELECT 1 FROM memberships m WHERE m.partner_id = r.id AND m.user_id = v.user_id AND m.created_at <= v.approved_at)
      -- An address that the partner took on later says nothing about then.
      OR (u.email = r.email AND NOT EXISTS (SELECT 1 FROM audit e INDEXED BY audit_by_target WHERE e.org_id = v.org_id AND e.target_type = 'partner' AND e.target_id = r.id
        AND e.action = 'partners.update' AND e.at >= v.approved_at AND e.after ->> '$.email' IS NOT NULL)))`,
  ),
}

/**
 * A setting as it was at an entry of the audit log: what the last change before it made of it, or else what the first change after it
 * made something else of, or else what it is.
 */
function settingAt(name: string, org: SQL, seq: SQL, column: string): SQL {
  const path = `$.${name}`
  const changes = sql`FROM audit s INDEXED BY audit_by_target WHERE s.org_id = ${org} AND s.target_type = 'organization' AND s.target_id = ${org}
    AND s.action = 'orgs.updateSettings' AND s.after ->> ${path} IS NOT NULL`
  const then = sql`coalesce(${seq}, 9007199254740991)`
  return sql`coalesce(
    (SELECT s.after ->> ${path} ${changes} AND s.seq < ${then} ORDER BY s.seq DESC LIMIT 1),
    (SELECT s.before ->> ${path} ${changes} AND s.seq > ${then} ORDER BY s.seq LIMIT 1),
    (SELECT o.${sql.raw(column)} FROM organizations o WHERE o.id = ${org}))`
}

interface Approved {
  orgId: string
  id: string
  partnerId: string
  amount: number
  currency: string
  approvedDigest: string | null
  destinationKey: string | null
  lines: string
}

async function digestsAstray(read: Drizzle, window: Window): Promise<Found[]> {
  const rows = await read.all<Approved>(sql`
    SELECT p.org_id AS orgId, p.id AS id, p.partner_id AS partnerId, p.amount AS amount, p.currency AS currency, p.approved_digest AS approvedDigest,
      r.destination_key AS destinationKey,
      (SELECT json_group_array(json_object('description', description, 'amount', amount, 'currency', currency)) FROM (
        SELECT l.description, l.amount, l.currency FROM payout_lines l WHERE l.payout_id = p.id AND l.released_at IS NULL ORDER BY l.position)) AS lines
    FROM payouts p JOIN partners r ON r.id = p.partner_id
    WHERE ${within('p', window)} AND p.status IN ('approved', 'processing', 'failed', 'paid', 'reversed')`)
  const otherwise = rows.filter(row => !isDigest(row, row.destinationKey))
  if (otherwise.length === 0) return []
  // The money may go elsewhere by now than when it was approved: where it ever went is in the audit log, which only grows.
  const known = await destinationsOf(
    read,
    otherwise.map(row => row.partnerId),
  )
  return otherwise
    .filter(row => ![...(known.get(row.partnerId) ?? [])].some(key => isDigest(row, key)))
    .map(({ orgId, id }) => ({
      orgId,
      type: 'payout',
      id,
      says: 'is not what was approved: its digest is another one',
    }))
}

function isDigest(row: Approved, destinationKey: string | null): boolean {
  const lines = JSON.parse(row.lines) as { description: string; amount: number; currency: string }[]
  return digestOf(row, destinationKey, lines) === row.approvedDigest
}

async function destinationsOf(read: Drizzle, partnerIds: string[]): Promise<Map<string, Set<string | null>>> {
  const rows = await read.all<{ id: string; before: string | null; after: string | null }>(sql`
    SELECT DISTINCT e.target_id AS id, e.before ->> '$.destination' AS before, e.after ->> '$.destination' AS after
    FROM partners r JOIN audit e INDEXED BY audit_by_target ON e.org_id = r.org_id AND e.target_type = 'partner' AND e.target_id = r.id AND e.action = 'partner.synced'
    WHERE r.id IN (SELECT value FROM json_each(${JSON.stringify([...new Set(partnerIds)])}))`)
  const known = new Map<string, Set<string | null>>()
  for (const { id, before, after } of rows) known.set(id, (known.get(id) ?? new Set()).add(before).add(after))
  return known
}

import canonicalize from 'canonicalize'
import { sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { partners, payoutApprovals, payoutEditors, payoutLines, payouts } from '#db/schema/index.ts'
import { sha256 } from '../deps.ts'
import { groupBy } from '../lib/group.ts'
import { must } from '../lib/must.ts'
import type { PayFacts } from './blockers.ts'

export type Payout = typeof payouts.$inferSelect
type Partner = typeof partners.$inferSelect

export interface OrgPolicy {
  creatorMayApprove: boolean
  approvalsRequired: number
  pausedReason: string | null
  timeZone: string
  /** By currency, in minor units. */
  minimums: Record<string, number>
}

/** A payout with all that deciding about it needs. */
export interface Loaded {
  payout: Payout
  partner: Partner
  lines: { description: string; amount: number; currency: string }[]
  /** Who approved what stands now. */
  approvers: string[]
  /** Who ever changed it, besides whoever created it. */
  editors: string[]
  facts: PayFacts
}

/** What an approval means: change any of it, and it means nothing. */
export function digestOf(
  payout: Pick<Payout, 'amount' | 'currency' | 'partnerId'>,
  destination: string | null,
  lines: Loaded['lines'],
): string {
  const meaning = canonicalize({
    amount: payout.amount,
    currency: payout.currency,
    partner: payout.partnerId,
    destination,
    lines: lines.map(line => [line.description, line.amount, line.currency]),
  })
  return sha256(must(meaning, 'an object has a text'))
}

export async function readPolicy(db: Drizzle | Tx, orgId: string): Promise<OrgPolicy> {
  const [found] = await db.all<{
    creator: number
    required: number
    paused: string | null
    zone: string
    minimums: string
  }>(sql`
    SELECT creator_may_approve AS creator, approvals_required AS required, transfers_paused_reason AS paused, time_zone AS zone,
           (SELECT json_group_object(currency, amount) FROM payout_minimums WHERE org_id = o.id) AS minimums
    FROM organizations o WHERE id = ${orgId}`)
  const row = must(found, `organization ${orgId} is gone`)
  return {
    creatorMayApprove: row.creator === 1,
    approvalsRequired: row.required,
    pausedReason: row.paused,
    timeZone: row.zone,
    minimums: JSON.parse(row.minimums) as Record<string, number>,
  }
}

/**
 * Payouts with their partner, lines and approvals, in three statements however many there are. Scoped to the organization,
 * and to a partner where one is given: what isn't theirs is simply not there.
 */
export async function loadPayouts(
  db: Drizzle | Tx,
  scope: { orgId: string; partnerId?: string | null; now: number; policy: OrgPolicy },
  ids: string[],
): Promise<Map<string, Loaded>> {
  const wanted = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`
  const rows = await db
    .select({ payout: payouts, partner: partners })
    .from(payouts)
    .innerJoin(partners, sql`${partners.id} = ${payouts.partnerId} AND ${partners.orgId} = ${payouts.orgId}`)
    .where(
      sql`${payouts.id} IN ${wanted} AND ${payouts.orgId} = ${scope.orgId} AND ${scope.partnerId ? sql`${payouts.partnerId} = ${scope.partnerId}` : sql`true`}`,
    )
  const lines = await db
    .select({
      payoutId: payoutLines.payoutId,
      description: payoutLines.description,
      amount: payoutLines.amount,
      currency: payoutLines.currency,
    })
    .from(payoutLines)
    .where(sql`${payoutLines.payoutId} IN ${wanted} AND ${isShown}`)
    .orderBy(payoutLines.payoutId, payoutLines.position)
  const approvals = await db
    .select({ payoutId: payoutApprovals.payoutId, userId: payoutApprovals.userId, digest: payoutApprovals.digest })
    .from(payoutApprovals)
    .where(sql`${payoutApprovals.payoutId} IN ${wanted} AND ${payoutApprovals.voidedAt} IS NULL`)
  const edits = await db
    .select({ payoutId: payoutEditors.payoutId, userId: payoutEditors.userId })
    .from(payoutEditors)
    .where(sql`${payoutEditors.payoutId} IN ${wanted}`)
  const editsOf = groupBy(edits, edit => edit.payoutId)
  const linesOf = groupBy(lines, line => line.payoutId)
  const approvalsOf = groupBy(approvals, approval => approval.payoutId)
  return new Map(
    rows.map(({ payout, partner }) => {
      const own = (linesOf.get(payout.id) ?? []).map(({ description, amount, currency }) => ({
        description,
        amount,
        currency,
      }))
      const digest = digestOf(payout, partner.destinationKey, own)
      // An approval of anything else than what would be paid now counts for nothing.
      const approvers = (approvalsOf.get(payout.id) ?? []).flatMap(one => (one.digest === digest ? one.userId : []))
      return [
        payout.id,
        {
          payout,
          partner,
          lines: own,
          approvers,
          editors: (editsOf.get(payout.id) ?? []).map(edit => edit.userId),
          facts: factsOf(payout, partner, digest, approvers.length, scope.policy, scope.now),
        },
      ]
    }),
  )
}

/** What left a payout is history; a payout that was closed still shows what it was of. */
const isShown = sql`(${payoutLines.releasedAt} IS NULL OR ${payoutLines.releasedAt} = (SELECT closed_at FROM payouts WHERE id = ${payoutLines.payoutId}))`

function factsOf(
  payout: Payout,
  partner: Partner,
  currentDigest: string,
  approvals: number,
  policy: OrgPolicy,
  now: number,
): PayFacts {
  return {
    status: payout.status,
    amount: payout.amount,
    currency: payout.currency,
    approvedDigest: payout.approvedDigest,
    currentDigest,
    needsReview: payout.needsReview,
    approvals,
    partner: {
      name: partner.name,
      archived: partner.archivedAt !== null,
      transfersStatus: partner.transfersStatus,
      requirements: partner.requirements,
      holdUntil: partner.holdUntil,
    },
    org: {
      approvalsRequired: policy.approvalsRequired,
      minimum: policy.minimums[payout.currency] ?? null,
      pausedReason: policy.pausedReason,
      timeZone: policy.timeZone,
    },
    now,
  }
}

import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import {
  attributionCredits,
  attributionRuns,
  dealSplits,
  partners,
  type SeenPartner,
  type SeenTouch,
  type Share,
  touches,
} from '#db/schema/index.ts'
import { bookDeal } from '../commissions/book.ts'
import { type Deal, dealOf, type Loaded, setDeal } from '../deals/facts.ts'
import type { Work } from '../work.ts'
import { type AttributeInput, type Attribution, attribute, attributeByShares, type Credit } from './attribute.ts'
import { programParameters } from './rules.ts'
import { byTime, compareIds } from './touches.ts'

export type Run = typeof attributionRuns.$inferSelect

export interface Decision {
  /**
   * What decides from now on. Left out: what decided before, so that a correction doesn't undo what people decided: an override
   * stands until it is withdrawn, and so does a split that was confirmed. 'model' withdraws an override, after which a confirmed split
   * decides, if there is one, and else the program's model.
   */
  basis?: Run['basis']
  /** For an override or a split: basis points that sum to 10,000. */
  shares?: Share[]
  /** Why somebody set shares by hand. */
  reason?: string
  splitId?: string
  /** Why the commission rules are matched again; left out: what was booked keeps its rule. */
  rematch?: string
}

export interface Recalculated {
  /** The run that counts now; null where the deal was never won. */
  runId: string | null
  /** Its version; null where there is none. */
  number: number | null
  /** Whether it is new: nothing that decides had changed otherwise. */
  created: boolean
  /** How many commissions were booked or taken back. */
  booked: number
}

/**
 * Brings a deal's credit and commissions up to date. A won deal gets a new run, a version that is never changed, unless it would say
 * exactly what the current one says; the difference in commissions is booked as new rows. Of a deal that isn't won only the
 * commissions are looked at: they are taken back.
 *
 * Partners are seen as they were in the deal's first run that saw them: type, tier, class and default rate are taken from the
 * previous run where it has them, so that a later promotion doesn't rewrite history. Partners new to the deal are seen as they are now.
 * @param cause why now, in a few words: it stands on the run, on its commissions and in the audit log
 * @throws DomainError NOT_FOUND for another organization's deal; ZodError for shares that don't sum to 100 %
 */
export async function recalculate(
  work: Work,
  dealId: string,
  cause: string,
  decision: Decision = {},
): Promise<Recalculated> {
  const loaded = await dealOf(work, dealId)
  const current = await currentRun(work.tx, loaded.deal)
  const standing = { runId: current?.run.id ?? null, number: current?.run.number ?? null, created: false }
  if (loaded.deal.stage !== 'won') return { ...standing, booked: (await bookDeal(work, dealId, cause)).booked }

  const next = await nextRun(work, loaded, current, decision)
  if (current && sameDecision(current, next))
    return { ...standing, booked: (await bookDeal(work, dealId, cause, decision)).booked }
  const run = await insertRun(work, loaded.deal, next, cause)
  await setDeal(work, loaded.deal, { currentRunId: run.id, credited: next.credits.length > 0 })
  work.audit({
    action: 'deal.attributed',
    target: { type: 'deal', id: dealId },
    before: current ? summary(current.run, current.credits) : null,
    after: { ...summary({ ...next, number: run.number }, next.credits), cause },
  })
  work.changed('deals')
  return {
    runId: run.id,
    number: run.number,
    created: true,
    booked: (await bookDeal(work, dealId, cause, decision)).booked,
  }
}

/** What a run says, without what it was computed from. */
export type StandingCredit = Credit
interface CurrentRun {
  run: Run
  credits: StandingCredit[]
}

/** The attribution that counts for a deal, with its credits in order; null before the first. */
export async function currentRun(
  db: Drizzle | Tx,
  deal: Pick<Deal, 'orgId' | 'currentRunId'>,
): Promise<CurrentRun | null> {
  if (deal.currentRunId === null) return null
  const [run] = await db
    .select()
    .from(attributionRuns)
    .where(and(eq(attributionRuns.id, deal.currentRunId), eq(attributionRuns.orgId, deal.orgId)))
  if (!run) throw new Error(`attribution run ${deal.currentRunId} is gone`)
  const credits = await db
    .select({
      partnerId: attributionCredits.partnerId,
      bp: attributionCredits.bp,
      amount: attributionCredits.amount,
      role: attributionCredits.role,
      reason: attributionCredits.reason,
      touchIds: attributionCredits.touchIds,
    })
    .from(attributionCredits)
    .where(eq(attributionCredits.runId, run.id))
    .orderBy(attributionCredits.position)
  return { run, credits }
}

/** A deal's touches as a run sees them: live ones, by time, then id. */
export async function seenTouches(db: Drizzle | Tx, deal: Pick<Deal, 'id'>): Promise<SeenTouch[]> {
  const rows = await db
    .select({
      id: touches.id,
      partnerId: touches.partnerId,
      type: touches.type,
      role: touches.role,
      at: touches.at,
      weight: touches.weight,
    })
    .from(touches)
    .where(and(eq(touches.dealId, deal.id), isNull(touches.removedAt)))
  return rows.sort(byTime)
}

/** Partners as the previous run saw them, and those that it hadn't seen as they are now; by id. */
export async function seenPartners(
  db: Drizzle | Tx,
  orgId: string,
  wanted: Iterable<string>,
  previous: readonly SeenPartner[] = [],
): Promise<SeenPartner[]> {
  const before = new Map(previous.map(partner => [partner.id, partner]))
  const ids = [...new Set(wanted)]
  const missing = ids.filter(id => !before.has(id))
  const found =
    missing.length === 0
      ? []
      : await db
          .select({
            id: partners.id,
            name: partners.name,
            type: partners.type,
            tier: partners.tier,
            class: partners.class,
            defaultRateBp: partners.defaultRateBp,
          })
          .from(partners)
          .where(
            and(
              sql`${partners.id} IN (SELECT value FROM json_each(${JSON.stringify(missing)}))`,
              sql`+${partners.orgId} = ${orgId}`,
            ),
          )
  return [...ids.flatMap(id => before.get(id) ?? []), ...found].sort((a, b) => compareIds(a.id, b.id))
}

/** What `attribute` needs of a deal; `closedAt` in UTC milliseconds. */
export function attributeInput(
  { deal, program }: Loaded,
  closedAt: number,
  seen: { touches: SeenTouch[]; partners: SeenPartner[] },
): AttributeInput {
  return {
    model: program.model,
    parameters: programParameters.parse(program.parameters),
    amount: deal.amount,
    currency: deal.currency,
    closedAt,
    qualifiedAt: deal.qualifiedAt,
    registeredBy: deal.registeredBy,
    touches: seen.touches,
    partners: seen.partners,
    timeZone: program.timeZone,
  }
}

/** For partners to read too: why somebody decided so is on the run, for staff. */
export const shareReasons = {
  override: 'Shares set by hand',
  split: 'Shares that the partners agreed on',
} as const

interface NextRun
  extends Pick<
    Run,
    | 'basis'
    | 'model'
    | 'parameters'
    | 'amount'
    | 'currency'
    | 'closedAt'
    | 'cutoffAt'
    | 'touches'
    | 'partners'
    | 'reason'
    | 'splitId'
  > {
  credits: Credit[]
}

async function nextRun(work: Work, loaded: Loaded, current: CurrentRun | null, decision: Decision): Promise<NextRun> {
  const { deal } = loaded
  if (deal.closedAt === null) throw new Error(`deal ${deal.id} is won without a closing date`)
  const decided = await decide(work, deal, current, decision)
  const touches = await seenTouches(work.tx, deal)
  const wanted = [...touches.map(touch => touch.partnerId), ...(decided.shares ?? []).map(share => share.partnerId)]
  const partners = await seenPartners(work.tx, work.orgId, wanted, current?.run.partners)
  const input = attributeInput(loaded, deal.closedAt, { touches, partners })
  const byModel: Attribution = attribute(input)
  const { basis, shares, reason, splitId } = decided
  return {
    basis,
    model: input.model,
    parameters: input.parameters,
    amount: input.amount,
    currency: input.currency,
    closedAt: input.closedAt,
    cutoffAt: byModel.cutoffAt,
    touches,
    partners,
    reason,
    splitId,
    credits:
      basis === 'model' || !shares
        ? byModel.credits
        : attributeByShares(input.amount, input.currency, shares, shareReasons[basis], touches),
  }
}

interface Decided {
  basis: Run['basis']
  shares: Share[] | null
  reason: string | null
  splitId: string | null
}

async function decide(work: Work, deal: Deal, current: CurrentRun | null, decision: Decision): Promise<Decided> {
  const { basis, shares, reason, splitId } = decision
  if (basis === 'override') {
    if (!shares || !reason) throw new Error('an override needs shares and a reason')
    return { basis, shares, reason, splitId: null }
  }
  if (basis === 'split') {
    if (!shares || !splitId) throw new Error('a split needs shares and its id')
    return { basis, shares, reason: null, splitId }
  }
  const [split] = await work.tx
    .select({ id: dealSplits.id, shares: dealSplits.shares, confirmedAt: dealSplits.confirmedAt })
    .from(dealSplits)
    .where(and(eq(dealSplits.dealId, deal.id), eq(dealSplits.status, 'confirmed')))
  // A split confirmed after the override (while the deal was open again) is the later decision of the two.
  const overridden =
    basis === undefined && current?.run.basis === 'override' && current.run.createdAt >= (split?.confirmedAt ?? 0)
  if (current && overridden)
    return {
      basis: 'override',
      shares: current.credits.map(({ partnerId, bp }) => ({ partnerId, bp })),
      reason: current.run.reason,
      splitId: null,
    }
  if (split?.shares) return { basis: 'split', shares: split.shares, reason: null, splitId: split.id }
  return { basis: 'model', shares: null, reason: null, splitId: null }
}

/**
 * Whether a new run would say exactly what the current one says. Touches that don't count and parameters that make no difference
 * don't make a version: those that do are in the credits, with their reasons and the touches that they came from.
 */
function sameDecision({ run, credits }: CurrentRun, next: NextRun): boolean {
  const decides = (one: Run | NextRun, given: readonly Credit[]) =>
    JSON.stringify([
      [one.basis, one.model, one.amount, one.currency, one.closedAt, one.cutoffAt, one.reason, one.splitId],
      given.map(({ partnerId, bp, amount, role, reason, touchIds }) => [partnerId, bp, amount, role, reason, touchIds]),
    ])
  return decides(run, credits) === decides(next, next.credits)
}

async function insertRun(
  work: Work,
  deal: Deal,
  next: NextRun,
  cause: string,
): Promise<{ id: string; number: number }> {
  const [last] = await work.tx
    .select({ number: sql<number>`coalesce(max(${attributionRuns.number}), 0)` })
    .from(attributionRuns)
    .where(eq(attributionRuns.dealId, deal.id))
  const { credits, ...values } = next
  const id = work.id('atr')
  const number = (last?.number ?? 0) + 1
  await work.tx.insert(attributionRuns).values({
    ...values,
    id,
    number,
    orgId: work.orgId,
    dealId: deal.id,
    cause: cause.slice(0, 500),
    createdBy: work.actor.id,
    createdAt: work.at,
  })
  const rows = credits.map((credit, position) => ({
    ...credit,
    id: work.id('crd'),
    position,
    touchIds: JSON.stringify(credit.touchIds),
  }))
  await work.tx.run(sql`
    INSERT INTO attribution_credits (id, org_id, run_id, deal_id, partner_id, position, bp, amount, currency, role, reason, touch_ids)
    SELECT value ->> 'id', ${work.orgId}, ${id}, ${deal.id}, value ->> 'partnerId', value ->> 'position', value ->> 'bp', value ->> 'amount',
           ${next.currency}, value ->> 'role', value ->> 'reason', value ->> 'touchIds'
    FROM json_each(${JSON.stringify(rows)})`)
  return { id, number }
}

function summary(
  run: Pick<Run, 'number' | 'basis' | 'model' | 'amount' | 'currency' | 'reason'>,
  credits: readonly Credit[],
) {
  const { number, basis, model, amount, currency, reason } = run
  return {
    run: number,
    basis,
    model,
    amount,
    currency,
    ...(reason === null ? {} : { reason }),
    shares: Object.fromEntries(credits.map(({ partnerId, bp }) => [partnerId, bp])),
  }
}

import { sql } from 'drizzle-orm'
import {
  attributionCredits,
  attributionRuns,
  commissionRules,
  commissions,
  deals,
  refunds,
  ruleVersions,
  type SeenPartner,
} from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { takeNumbers } from '../numbers.ts'
import { aUser, type Partner } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { bookDeal } from './book.ts'
import type { MatchedDeal, Rule } from './match.ts'

/** Noon of 10 Feb 2026, UTC: before the tests' now, in the month before it. */
export const closedAt = Date.UTC(2026, 1, 10, 12)
export const dayMs = 86_400_000

export function aRule(but: Partial<Rule> = {}): Rule {
  const id = but.id ?? 'rv_1'
  return {
    id,
    ruleId: `rule of ${id}`,
    name: 'Gold',
    stream: 'base',
    programId: null,
    number: 1,
    priority: 100,
    conditions: {},
    currency: null,
    pay: { kind: 'percent', rateBp: 1_500 },
    floor: null,
    cap: null,
    months: 1,
    holdingDays: 0,
    clawbackDays: 90,
    effectiveFrom: '2026-01-01',
    effectiveTo: null,
    publishedAt: 1,
    ...but,
  }
}

export const aMatchedDeal: MatchedDeal = {
  programId: 'prg_1',
  product: null,
  territory: null,
  type: 'new',
  amount: 1_000_000,
  currency: 'USD',
  closingDay: '2026-02-10',
}

export type Deal = typeof deals.$inferSelect

export interface CreditFor {
  partner: Partner
  bp: number
  amount: number
  but?: Partial<SeenPartner>
}

/** A won deal of $10,000 in the organization's first program, with one attribution run; nothing is booked. */
export async function aCreditedDeal(
  deps: Deps,
  orgId: string,
  credits: CreditFor[],
  but: Partial<typeof deals.$inferInsert> = {},
): Promise<Deal> {
  const by = (await aUser(deps)).id
  const id = await work(deps, { orgId, actor: system }, async unit => {
    const dealId = unit.id('deal')
    await unit.tx.insert(deals).values({
      id: dealId,
      orgId,
      number: await takeNumbers(unit, 'deals', 1),
      programId: `prg_${orgId}`,
      name: 'Rollout',
      accountName: 'Acme',
      amount: 1_000_000,
      currency: 'USD',
      stage: 'won',
      openedAt: closedAt - 30 * dayMs,
      closedAt,
      source: 'form',
      createdBy: by,
      createdAt: unit.at,
      updatedAt: unit.at,
      ...but,
    })
    return dealId
  })
  await creditAgain(deps, { id, orgId }, credits)
  return readDeal(deps, id)
}

/** A further run of a deal; with credits that sum to whatever the test says. */
export async function creditAgain(
  deps: Deps,
  deal: Pick<Deal, 'id' | 'orgId'>,
  credits: CreditFor[],
  set: Partial<Deal> = {},
) {
  await work(deps, { orgId: deal.orgId, actor: system }, async unit => {
    const [row] = await unit.tx.select().from(deals).where(sql`id = ${deal.id}`)
    if (!row) throw new Error('there is no such deal')
    const now = { ...row, ...set }
    const [{ number } = { number: 1 }] = await unit.tx.all<{ number: number }>(
      sql`SELECT coalesce(max(number), 0) + 1 AS number FROM attribution_runs WHERE deal_id = ${deal.id}`,
    )
    const runId = unit.id('run')
    await unit.tx.insert(attributionRuns).values({
      id: runId,
      orgId: deal.orgId,
      dealId: deal.id,
      number,
      basis: 'model',
      model: 'equal_split',
      parameters: {},
      amount: now.amount,
      currency: now.currency,
      closedAt: now.closedAt ?? closedAt,
      cutoffAt: now.closedAt ?? closedAt,
      touches: [],
      partners: credits.map(({ partner, but }) => ({
        id: partner.id,
        name: partner.name,
        type: partner.type,
        tier: partner.tier,
        class: partner.class,
        defaultRateBp: partner.defaultRateBp,
        ...but,
      })),
      cause: 'a test',
      createdBy: 'system',
      createdAt: unit.at,
    })
    if (credits.length > 0)
      await unit.tx.insert(attributionCredits).values(
        credits.map(({ partner, bp, amount }, position) => ({
          id: unit.id('crd'),
          orgId: deal.orgId,
          runId,
          dealId: deal.id,
          partnerId: partner.id,
          position,
          bp,
          amount,
          currency: now.currency,
          role: 'sourcer' as const,
          reason: 'Because the test says so',
          touchIds: [],
        })),
      )
    await unit.tx
      .update(deals)
      .set({ ...set, currentRunId: runId, version: row.version + 1 })
      .where(sql`id = ${deal.id}`)
  })
}

/** Changes a deal as its service would, without booking. */
export async function changeDeal(deps: Deps, deal: Pick<Deal, 'id'>, set: Partial<Deal>): Promise<void> {
  await deps.db.write(tx =>
    tx
      .update(deals)
      .set({ ...set, version: sql`${deals.version} + 1` })
      .where(sql`id = ${deal.id}`),
  )
}

export async function aRefund(deps: Deps, deal: Pick<Deal, 'id' | 'orgId'>, amount: number, at = deps.clock.now()) {
  const createdBy = (await aUser(deps)).id
  const id = deps.ids.id('rf')
  await deps.db.write(async tx => {
    await tx
      .insert(refunds)
      .values({ id, orgId: deal.orgId, dealId: deal.id, amount, at, reason: 'Sent back', createdBy, createdAt: at })
    await tx.run(sql`UPDATE deals SET refunded = refunded + ${amount}, version = version + 1 WHERE id = ${deal.id}`)
  })
  return id
}

/** A published rule: written by one person, published by another. */
export async function aPublishedRule(
  deps: Deps,
  orgId: string,
  but: Partial<typeof ruleVersions.$inferInsert> & Partial<Pick<Rule, 'name' | 'stream' | 'programId' | 'ruleId'>> = {},
): Promise<{ id: string; ruleId: string }> {
  const [author, publisher] = [(await aUser(deps)).id, (await aUser(deps)).id]
  const { name, stream = 'base', programId = null, ruleId, ...version } = but
  const at = deps.clock.now()
  const rule = ruleId ?? deps.ids.id('rule')
  const id = deps.ids.id('rv')
  await deps.db.write(async tx => {
    if (!ruleId)
      await tx.insert(commissionRules).values({
        id: rule,
        orgId,
        programId,
        name: name ?? `Rule ${rule.slice(-6)}`,
        stream,
        createdBy: author,
        createdAt: at,
      })
    await tx.insert(ruleVersions).values({
      id,
      orgId,
      ruleId: rule,
      number: 1,
      status: 'draft',
      priority: 100,
      conditions: {},
      pay: { kind: 'percent', rateBp: 1_500 },
      holdingDays: 0,
      clawbackDays: 90,
      effectiveFrom: '2026-01-01',
      createdBy: author,
      createdAt: at,
      updatedAt: at,
      ...version,
    })
    await tx
      .update(ruleVersions)
      .set({ status: 'published', publishedBy: publisher, publishedAt: at, version: 2 })
      .where(sql`id = ${id}`)
  })
  return { id, ruleId: rule }
}

export function book(deps: Deps, deal: Pick<Deal, 'id' | 'orgId'>): Promise<{ booked: number }> {
  return work(deps, { orgId: deal.orgId, actor: system }, unit => bookDeal(unit, deal.id, 'a test'))
}

export async function rowsOf(deps: Deps, deal: Pick<Deal, 'id'>) {
  return deps.db.read.select().from(commissions).where(sql`deal_id = ${deal.id}`).orderBy(commissions.number)
}

async function readDeal(deps: Deps, id: string): Promise<Deal> {
  const [row] = await deps.db.read.select().from(deals).where(sql`id = ${id}`)
  if (!row) throw new Error('there is no such deal')
  return row
}

import { and, desc, eq, inArray, isNull } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import {
  type AttributionModel,
  attributionCredits,
  attributionRuns,
  deals,
  programs,
  type SeenPartner,
  type SeenTouch,
  users,
} from '#db/schema/index.ts'
import type { Loaded } from '../deals/facts.ts'
import { notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { type Attribution, attribute, type Credit } from './attribute.ts'
import { modelLabels } from './rules.ts'
import { attributeInput, currentRun, type Run, seenPartners, seenTouches } from './run.ts'

export interface NamedCredit extends Credit {
  partnerName: string
}

/** One version of a deal's attribution; amounts in minor units, shares in basis points. */
export interface RunView {
  id: string
  number: number
  basis: Run['basis']
  model: AttributionModel
  modelLabel: string
  amount: number
  currency: string
  closedAt: number
  cutoffAt: number
  cause: string
  reason: string | null
  createdAt: number
  createdBy: string
  credits: NamedCredit[]
  /** What changed for whom against the version before; all of it in the first. */
  differences: { partnerId: string; partnerName: string; before: Part; after: Part }[]
}

interface Part {
  bp: number
  amount: number
}

const nothing: Part = { bp: 0, amount: 0 }

/** The latest versions of a deal's attribution, newest first, at most `limit`; each with what it changed. */
export async function listRuns(db: Drizzle, orgId: string, dealId: string, limit = 20): Promise<RunView[]> {
  // One more than is shown: what the oldest shown one changed is against it.
  const runs = await db
    .select()
    .from(attributionRuns)
    .where(and(eq(attributionRuns.dealId, dealId), eq(attributionRuns.orgId, orgId)))
    .orderBy(desc(attributionRuns.number))
    .limit(limit + 1)
  if (runs.length === 0) return []
  const rows = await db
    .select()
    .from(attributionCredits)
    .where(
      inArray(
        attributionCredits.runId,
        runs.map(run => run.id),
      ),
    )
    .orderBy(attributionCredits.position)
  const credits = groupBy(rows, row => row.runId)
  const people = await db
    .select({ id: users.id, name: users.name })
    .from(users)
    .where(inArray(users.id, [...new Set(runs.map(run => run.createdBy))]))
  const nameOfUser = new Map(people.map(({ id, name }) => [id, name]))
  const views = runs.map(run => {
    const { id, number, basis, model, amount, currency, closedAt, cutoffAt, cause, reason, createdAt } = run
    return {
      ...{ id, number, basis, model, amount, currency, closedAt, cutoffAt, cause, reason, createdAt },
      modelLabel: modelLabels[model].label,
      createdBy: nameOfUser.get(run.createdBy) ?? 'Remit',
      credits: named(credits.get(id) ?? [], run.partners),
    }
  })
  return views
    .map((view, index) => ({ ...view, differences: differences(views[index + 1]?.credits ?? [], view.credits) }))
    .slice(0, limit)
}

function named(credits: readonly Credit[], seen: readonly { id: string; name: string }[]): NamedCredit[] {
  const names = new Map(seen.map(({ id, name }) => [id, name]))
  return credits.map(({ partnerId, bp, amount, role, reason, touchIds }) => ({
    ...{ partnerId, bp, amount, role, reason, touchIds },
    partnerName: names.get(partnerId) ?? partnerId,
  }))
}

function differences(before: readonly NamedCredit[], after: readonly NamedCredit[]): RunView['differences'] {
  const was = new Map(before.map(credit => [credit.partnerId, credit]))
  const is = new Map(after.map(credit => [credit.partnerId, credit]))
  return [...new Map([...after, ...before].map(credit => [credit.partnerId, credit.partnerName]))].flatMap(
    ([partnerId, partnerName]) => {
      const [from, to] = [partOf(was.get(partnerId)), partOf(is.get(partnerId))]
      return from.bp === to.bp && from.amount === to.amount ? [] : [{ partnerId, partnerName, before: from, after: to }]
    },
  )
}

function partOf(credit: NamedCredit | undefined): Part {
  return credit ? { bp: credit.bp, amount: credit.amount } : nothing
}

export interface ComparedModel {
  model: AttributionModel
  label: string
  says: string
  /** Whether the program has chosen it. */
  chosen: boolean
  /** By partner: what it would get. */
  parts: Record<string, Part & { reason: string }>
  nobody: string | null
}

export interface Comparison {
  amount: number
  currency: string
  /** UTC milliseconds: when the deal closed, or now while it is open. */
  closedAt: number
  assumed: boolean
  partners: { id: string; name: string }[]
  models: ComparedModel[]
}

/** Every model on the deal's touches, with its program's parameters, side by side; nothing is stored. An open deal is taken to close now. */
export async function compareModels(db: Drizzle, orgId: string, dealId: string, now: number): Promise<Comparison> {
  const { loaded, seen, closedAt } = await readSeen(db, orgId, dealId, now)
  const input = attributeInput(loaded, closedAt, seen)
  const models = (Object.keys(modelLabels) as AttributionModel[]).map(model => {
    const { credits, nobody } = attribute({ ...input, model })
    return {
      model,
      ...modelLabels[model],
      chosen: model === loaded.program.model,
      parts: Object.fromEntries(
        credits.map(({ partnerId, bp, amount, reason }) => [partnerId, { bp, amount, reason }]),
      ),
      nobody,
    }
  })
  const credited = new Set(models.flatMap(({ parts }) => Object.keys(parts)))
  return {
    amount: input.amount,
    currency: input.currency,
    closedAt,
    assumed: loaded.deal.closedAt === null,
    partners: byFirstTouch(seen).filter(({ id }) => credited.has(id)),
    models,
  }
}

/**
 * What the program's model says of the deal's touches as they are now, for an open deal as if it closed now: which of them count, and
 * why the others don't.
 */
export async function previewDeal(
  db: Drizzle,
  orgId: string,
  dealId: string,
  now: number,
): Promise<Omit<Attribution, 'credits'> & { credits: NamedCredit[] }> {
  const { loaded, seen, closedAt } = await readSeen(db, orgId, dealId, now)
  const result = attribute(attributeInput(loaded, closedAt, seen))
  return { ...result, credits: named(result.credits, seen.partners) }
}

async function readSeen(db: Drizzle, orgId: string, dealId: string, now: number) {
  const loaded = await readDeal(db, orgId, dealId)
  const current = await currentRun(db, loaded.deal)
  const touches = await seenTouches(db, loaded.deal)
  const partners = await seenPartners(
    db,
    orgId,
    touches.map(touch => touch.partnerId),
    current?.run.partners,
  )
  return { loaded, closedAt: loaded.deal.closedAt ?? now, seen: { touches, partners: onlyOf(partners, touches) } }
}

/** In the order in which they came to the deal. */
function byFirstTouch({ touches, partners }: { touches: SeenTouch[]; partners: SeenPartner[] }) {
  const names = new Map(partners.map(({ id, name }) => [id, name]))
  return [...new Set(touches.map(touch => touch.partnerId))].map(id => ({ id, name: names.get(id) ?? id }))
}

function onlyOf<P extends { id: string }>(partners: readonly P[], touches: readonly { partnerId: string }[]): P[] {
  const ids = new Set(touches.map(touch => touch.partnerId))
  return partners.filter(partner => ids.has(partner.id))
}

/** The deal with its program. NOT_FOUND when it isn't this organization's, or was taken back with its import. */
export async function readDeal(db: Drizzle, orgId: string, dealId: string): Promise<Loaded> {
  const [row] = await db
    .select({ deal: deals, program: programs })
    .from(deals)
    .innerJoin(programs, eq(programs.id, deals.programId))
    .where(and(eq(deals.id, dealId), eq(deals.orgId, orgId), isNull(deals.removedAt)))
  if (!row) throw notFound('deal')
  return row
}

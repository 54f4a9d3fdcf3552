import { and, desc, eq, inArray, isNull, lt, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle } from '#db/client.ts'
import { dealSplits, deals, partners, type Role, splitAnswers, users } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { dealNumber } from '../deals/rules.ts'
import { notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import { candidates } from './candidates.ts'
import {
  type listSplitsInput,
  liveStatuses,
  type SplitAction,
  type SplitStatus,
  splitLabels,
  splitMachine,
} from './rules.ts'

type Split = typeof dealSplits.$inferSelect

/** A negotiation as those see it who take part: `bp` in basis points, times in UTC milliseconds. */
export interface SplitView {
  id: string
  version: number
  status: SplitStatus
  label: string
  says: string
  /** Which proposal stands; 0 before the first. */
  round: number
  deal: { id: string; number: string; name: string; stage: 'open' | 'won' | 'lost' }
  deadline: number
  note: string | null
  createdAt: number
  confirmedAt: number | null
  /** The partner whose proposal stands. */
  proposedBy: string | null
  /** Everybody who was asked, by name; `bp` is null while nobody has proposed. */
  partners: { id: string; name: string; own: boolean; bp: number | null; answer: 'invited' | 'accepted' | 'declined' }[]
  actions: { action: Exclude<SplitAction, 'expire'>; label: string; tone: 'primary' | 'danger' | 'neutral' }[]
  /** The viewer's own answer is what it waits for. */
  waitsForYou: boolean
  /** For staff: who opened and who confirmed it. */
  staff: { openedBy: string; confirmedBy: string | null } | null
}

export interface ReadScope {
  viewer: Viewer
  now: number
}

/** A page of negotiations, newest first: for staff all, for a partner those that it was asked to. */
export async function listSplits(
  db: Drizzle,
  scope: ReadScope,
  input: z.infer<typeof listSplitsInput>,
): Promise<Page<SplitView>> {
  const after = decodeCursor(input.cursor)
  const rows = await db
    .select()
    .from(dealSplits)
    .where(
      and(
        eq(dealSplits.orgId, scope.viewer.orgId),
        invited(scope.viewer),
        input.status ? eq(dealSplits.status, input.status) : undefined,
        after ? lt(dealSplits.id, String(after[0])) : undefined,
      ),
    )
    .orderBy(desc(dealSplits.id))
    .limit(input.limit + 1)
  return toPage(await viewsOf(db, scope, rows), input.limit, row => [row.id, row.id])
}

/** A partner sees only what it was asked to. */
function invited({ partnerId, orgId }: Viewer) {
  if (partnerId === null) return undefined
  return sql`${dealSplits.id} IN (SELECT split_id FROM split_answers WHERE org_id = ${orgId} AND partner_id = ${partnerId})`
}

/** One negotiation. NOT_FOUND for another organization's, and for a partner that wasn't asked. */
export async function getSplit(db: Drizzle, scope: ReadScope, splitId: string): Promise<SplitView> {
  const rows = await db
    .select()
    .from(dealSplits)
    .where(and(eq(dealSplits.id, splitId), eq(dealSplits.orgId, scope.viewer.orgId), invited(scope.viewer)))
  const [view] = await viewsOf(db, scope, rows)
  if (!view) throw notFound('split')
  return view
}

/** What the deal's page shows to staff. */
export interface SplitsOfDeal {
  deal: SplitView['deal']
  /** The one that counts or is being agreed on. */
  live: SplitView | null
  earlier: SplitView[]
  /** Who can be asked; at least two are needed. */
  candidates: { id: string; name: string }[]
  /** Whether the viewer may open one; `refusal` says why not now. */
  open: { refusal: string | null } | null
}

export async function splitsOfDeal(db: Drizzle, scope: ReadScope, dealId: string): Promise<SplitsOfDeal> {
  const { viewer } = scope
  const [deal] = await db
    .select({ id: deals.id, number: deals.number, name: deals.name, stage: deals.stage })
    .from(deals)
    .where(and(eq(deals.id, dealId), eq(deals.orgId, viewer.orgId), isNull(deals.removedAt)))
  if (!deal) throw notFound('deal')
  const rows = await db
    .select()
    .from(dealSplits)
    .where(and(eq(dealSplits.dealId, dealId), eq(dealSplits.orgId, viewer.orgId)))
    .orderBy(desc(dealSplits.id))
    .limit(50)
  const views = await viewsOf(db, scope, rows)
  const able = await candidates(db, viewer.orgId, dealId)
  const mayOpen = splitMachine.table.confirm.by.includes(viewer.role)
  const refusal =
    deal.stage === 'lost'
      ? 'The deal is lost. Reopen it first.'
      : able.length < 2
        ? 'At least two partners with a touch on the deal are needed.'
        : null
  return {
    deal: { ...deal, number: dealNumber(deal.number) },
    live: views.find(view => liveStatuses.includes(view.status)) ?? null,
    earlier: views.filter(view => !liveStatuses.includes(view.status)),
    candidates: able,
    open: mayOpen ? { refusal } : null,
  }
}

/** Four statements, however many there are. */
async function viewsOf(db: Drizzle, { viewer, now }: ReadScope, rows: Split[]): Promise<SplitView[]> {
  if (rows.length === 0) return []
  const onDeals = await db
    .select({ id: deals.id, number: deals.number, name: deals.name, stage: deals.stage })
    .from(deals)
    .where(inArray(deals.id, [...new Set(rows.map(row => row.dealId))]))
  const answers = groupBy(
    await db
      .select({
        splitId: splitAnswers.splitId,
        round: splitAnswers.round,
        answer: splitAnswers.answer,
        id: partners.id,
        name: partners.name,
      })
      .from(splitAnswers)
      .innerJoin(partners, eq(partners.id, splitAnswers.partnerId))
      .innerJoin(dealSplits, and(eq(dealSplits.id, splitAnswers.splitId), eq(dealSplits.round, splitAnswers.round)))
      .where(
        inArray(
          splitAnswers.splitId,
          rows.map(row => row.id),
        ),
      )
      .orderBy(sql`${partners.name} COLLATE NOCASE`, partners.id),
    answer => answer.splitId,
  )
  const names = viewer.partnerId === null ? await namesOf(db, rows) : new Map<string, string>()
  return rows.map(row => {
    const deal = onDeals.find(one => one.id === row.dealId)
    if (!deal) throw new Error(`split ${row.id} has lost its deal`)
    const people = (answers.get(row.id) ?? []).map(({ id, name, answer }) => ({
      id,
      name,
      own: id === viewer.partnerId,
      bp: row.shares ? (row.shares.find(share => share.partnerId === id)?.bp ?? 0) : null,
      answer,
    }))
    const own = people.find(person => person.own)
    return {
      id: row.id,
      version: row.version,
      status: row.status,
      ...splitLabels[row.status],
      round: row.round,
      deal: { ...deal, number: dealNumber(deal.number) },
      deadline: row.deadline,
      note: row.note,
      createdAt: row.createdAt,
      confirmedAt: row.confirmedAt,
      proposedBy: people.find(person => person.id === row.proposedByPartner)?.name ?? null,
      partners: people,
      actions: offersOf(row, viewer.role, now, own?.answer),
      waitsForYou: row.status === 'open' && row.deadline >= now && own?.answer === 'invited',
      staff:
        viewer.partnerId === null
          ? {
              openedBy: names.get(row.createdBy) ?? '',
              confirmedBy: row.confirmedBy && (names.get(row.confirmedBy) ?? ''),
            }
          : null,
    }
  })
}

function offersOf(row: Split, role: Role, now: number, own: string | undefined): SplitView['actions'] {
  return splitMachine
    .from(row.status, role)
    .filter(action => action === 'withdraw' || row.deadline >= now)
    .filter(action => action !== 'accept' || (row.round > 0 && own !== 'accepted'))
    .filter(action => action !== 'decline' || (row.round > 0 && own !== 'declined'))
    .map(action => ({
      action: action as Exclude<SplitAction, 'expire'>,
      label: splitMachine.table[action].label,
      tone: splitMachine.table[action].tone ?? 'neutral',
    }))
}

async function namesOf(db: Drizzle, rows: Split[]): Promise<Map<string, string>> {
  const ids = [...new Set(rows.flatMap(row => (row.confirmedBy ? [row.createdBy, row.confirmedBy] : [row.createdBy])))]
  const found = await db.select({ id: users.id, name: users.name }).from(users).where(inArray(users.id, ids))
  return new Map(found.map(({ id, name }) => [id, name]))
}

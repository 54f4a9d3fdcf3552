import { setImmediate as nextTurn } from 'node:timers/promises'
import { eq, type SQL, sql } from 'drizzle-orm'
import type { Database, Drizzle, Tx } from '#db/client.ts'
import { partners } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { notFound } from '../lib/errors.ts'
import { type Page, toPage } from '../lib/page.ts'

/** What a partner is owed in a currency, from the rows that are not paid: each row is in exactly one sum. Minor units. */
export interface Pending {
  currency: string
  /** Released and free: what the next run would take, before debts. */
  payable: number
  /** Released and negative: what is taken off it, and carried forward where it is more. */
  debts: number
  /** Not released yet; corrections and reversals that wait with it are taken off. */
  onHold: number
  /** Held by a dispute. */
  disputed: number
  /** In a payout that is not paid yet. */
  inPayout: number
  /** How many rows these are. */
  lines: number
  /** When the first of what is on hold is released (UTC milliseconds). */
  nextRelease: number | null
}

export interface PendingGroup extends Pending {
  partnerId: string
}

/** Rows of one read. At most this many pass between two chances for other requests: some ten milliseconds on a slow machine. */
export const sliceSize = 5_000

interface Slice {
  now: number
  /** Only this partner's. */
  partnerId?: string
  /** Only partners behind this one. */
  afterPartner?: string
  size?: number
  /** Told how long each read held the database (ms). */
  timed?: (ms: number) => void
}

/**
 * What everybody is owed, a group for each partner and currency, in their order, in constant memory. Sums are made inside the
 * database over an index that holds all they need, slice by slice, so that no read is long. Give it a snapshot: between slices rows
 * may otherwise change their state, though never their place.
 */
export async function* pendingTotals(
  db: Drizzle | Tx,
  orgId: string,
  { size = sliceSize, timed, ...slice }: Slice,
): AsyncGenerator<PendingGroup> {
  let after: Key | null = null
  let open: PendingGroup | null = null
  const measured = async <T>(read: () => Promise<T>): Promise<T> => {
    const started = performance.now()
    const answer = await read()
    timed?.(performance.now() - started)
    return answer
  }
  for (;;) {
    const [until]: Key[] = await measured(() => db.all(endStatement(orgId, slice, after, size)))
    const groups: PendingGroup[] = await measured(() => db.all(sliceStatement(orgId, slice, after, until ?? null)))
    for (const group of groups) {
      if (open && sameGroup(open, group)) open = add(open, group)
      else {
        if (open) yield open
        open = group
      }
    }
    if (!until) break
    after = until
    await nextTurn()
  }
  if (open) yield open
}

interface Key {
  partnerId: string
  currency: string
  id: string
}

/** The last row of a slice, where it is a full one; for tests to look at its plan. */
export function endStatement(orgId: string, slice: Slice, after: Key | null, size: number): SQL {
  return sql`
    SELECT partner_id AS partnerId, currency, id FROM commissions INDEXED BY commissions_open
    WHERE ${rangeOf(orgId, slice, after, null)} ORDER BY partner_id, currency, id LIMIT 1 OFFSET ${size - 1}`
}

/** The sums of a slice, grouped in the index's own order. Each row falls into exactly one of the five. */
export function sliceStatement(orgId: string, slice: Slice, after: Key | null, until: Key | null): SQL {
  const free = sql`status = 'accrued' AND disputed_at IS NULL`
  const held = sql`${free} AND release_at > ${slice.now}`
  return sql`
    SELECT partner_id AS partnerId, currency, count(*) AS lines,
      coalesce(sum(amount) FILTER (WHERE ${free} AND release_at <= ${slice.now} AND amount > 0), 0) AS payable,
      coalesce(sum(amount) FILTER (WHERE ${free} AND release_at <= ${slice.now} AND amount < 0), 0) AS debts,
      coalesce(sum(amount) FILTER (WHERE ${held}), 0) AS onHold,
      coalesce(sum(amount) FILTER (WHERE status = 'accrued' AND disputed_at IS NOT NULL), 0) AS disputed,
      coalesce(sum(amount) FILTER (WHERE status = 'in_payout'), 0) AS inPayout,
      min(release_at) FILTER (WHERE ${held}) AS nextRelease
    FROM commissions INDEXED BY commissions_open
    WHERE ${rangeOf(orgId, slice, after, until)}
    GROUP BY partner_id, currency ORDER BY partner_id, currency`
}

function rangeOf(orgId: string, { partnerId, afterPartner }: Slice, after: Key | null, until: Key | null): SQL {
  const conditions = [sql`org_id = ${orgId} AND status <> 'paid'`]
  if (partnerId) {
    // Of one partner the range is of the columns behind it, or each slice would begin at its first row again.
    conditions.push(sql`partner_id = ${partnerId}`)
    if (after) conditions.push(sql`(currency, id) > (${after.currency}, ${after.id})`)
    if (until) conditions.push(sql`(currency, id) <= (${until.currency}, ${until.id})`)
    return sql.join(conditions, sql` AND `)
  }
  if (after) conditions.push(sql`(partner_id, currency, id) > (${after.partnerId}, ${after.currency}, ${after.id})`)
  else if (afterPartner) conditions.push(sql`partner_id > ${afterPartner}`)
  if (until) conditions.push(sql`(partner_id, currency, id) <= (${until.partnerId}, ${until.currency}, ${until.id})`)
  return sql.join(conditions, sql` AND `)
}

function sameGroup(a: PendingGroup, b: PendingGroup): boolean {
  return a.partnerId === b.partnerId && a.currency === b.currency
}

function add(a: PendingGroup, b: PendingGroup): PendingGroup {
  const sum: PendingGroup = { ...a }
  for (const field of ['payable', 'debts', 'onHold', 'disputed', 'inPayout', 'lines'] as const) sum[field] += b[field]
  sum.nextRelease = a.nextRelease === null ? b.nextRelease : Math.min(a.nextRelease, b.nextRelease ?? a.nextRelease)
  return sum
}

export interface PendingRow {
  partner: { id: string; name: string }
  currencies: (Pending & { releases: Release[] })[]
}

/** What comes free at a time (UTC milliseconds), in minor units. */
export interface Release {
  at: number
  amount: number
}

/** So many release dates are told; what comes later is in `onHold`. */
const shownReleases = 6

/**
 * What partners are owed now: one, with the next release dates, or a page of those with anything open, in a fixed order.
 * @throws DomainError NOT_FOUND for another organization's partner, and for another's when a partner asks
 */
export async function calculatePending(
  database: Database,
  viewer: Viewer,
  now: number,
  input: { partnerId?: string; cursor?: string; limit: number },
): Promise<Page<PendingRow>> {
  if (viewer.partnerId && input.partnerId && input.partnerId !== viewer.partnerId) throw notFound('partner')
  const only = viewer.partnerId ?? input.partnerId
  return database.snapshot(async db => {
    if (only) return { rows: [await ofPartner(db, viewer.orgId, only, now)], next: null }
    const groups = new Map<string, PendingGroup[]>()
    for await (const group of pendingTotals(db, viewer.orgId, { now, afterPartner: input.cursor })) {
      const known = groups.get(group.partnerId)
      if (!known && groups.size > input.limit) break
      groups.set(group.partnerId, [...(known ?? []), group])
    }
    const names = await namesOf(db, viewer.orgId, [...groups.keys()])
    const rows = [...groups].map(([id, found]) => ({
      partner: { id, name: names.get(id) ?? '' },
      currencies: found.map(({ partnerId: _, ...pending }) => ({ ...pending, releases: [] })),
    }))
    const page = toPage(rows, input.limit, row => ['', row.partner.id])
    return { ...page, next: page.next && (page.rows.at(-1)?.partner.id ?? null) }
  })
}

async function ofPartner(db: Drizzle, orgId: string, partnerId: string, now: number): Promise<PendingRow> {
  const [partner] = await db
    .select({ id: partners.id, name: partners.name, orgId: partners.orgId })
    .from(partners)
    .where(eq(partners.id, partnerId))
  if (partner?.orgId !== orgId) throw notFound('partner')
  const currencies: PendingRow['currencies'] = []
  for await (const { partnerId: _, ...pending } of pendingTotals(db, orgId, { now, partnerId }))
    currencies.push({ ...pending, releases: await releasesOf(db, orgId, partnerId, pending, now) })
  return { partner: { id: partner.id, name: partner.name }, currencies }
}

async function releasesOf(
  db: Drizzle,
  orgId: string,
  partnerId: string,
  { currency, nextRelease }: Pending,
  now: number,
): Promise<Release[]> {
  if (nextRelease === null) return []
  return db.all<Release>(sql`
    SELECT release_at AS at, sum(amount) AS amount FROM commissions INDEXED BY commissions_open
    WHERE org_id = ${orgId} AND status <> 'paid' AND partner_id = ${partnerId} AND currency = ${currency}
      AND status = 'accrued' AND disputed_at IS NULL AND release_at > ${now}
    GROUP BY release_at ORDER BY release_at LIMIT ${shownReleases}`)
}

async function namesOf(db: Drizzle, orgId: string, ids: string[]): Promise<Map<string, string>> {
  const rows = await db.all<{ id: string; name: string }>(sql`
    SELECT id, name FROM partners WHERE org_id = ${orgId} AND id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`)
  return new Map(rows.map(row => [row.id, row.name]))
}

export interface Totals extends Pending {
  /** How many partners have anything open in it. */
  partners: number
}

/** What is open in all, by currency; never across. */
export function openTotals(database: Database, viewer: Viewer, now: number, partnerId?: string): Promise<Totals[]> {
  const only = viewer.partnerId ?? partnerId
  return database.snapshot(async db => {
    const sums = new Map<string, Totals>()
    for await (const { partnerId: _, ...group } of pendingTotals(db, viewer.orgId, { now, partnerId: only })) {
      const sum = sums.get(group.currency)
      if (!sum) sums.set(group.currency, { ...group, partners: 1 })
      else
        sums.set(group.currency, {
          ...add({ ...sum, partnerId: '' }, { ...group, partnerId: '' }),
          partners: sum.partners + 1,
        })
    }
    return [...sums.values()]
      .map(({ currency, payable, debts, onHold, disputed, inPayout, lines, nextRelease, partners: count }) => ({
        currency,
        payable,
        debts,
        onHold,
        disputed,
        inPayout,
        lines,
        nextRelease,
        partners: count,
      }))
      .sort((a, b) => (a.currency < b.currency ? -1 : 1))
  })
}

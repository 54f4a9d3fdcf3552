import type Stripe from 'stripe'
import { invalid, resourceMissing } from './errors.ts'
import { findRow, type Kind, NOUNS, type Row } from './objects.ts'
import type { Range } from './parameters.ts'
import type { Value } from './store.ts'
import { SECOND, type World } from './world.ts'

/** Parameters that every v1 list takes. */
export const PAGE = { limit: 'integer', starting_after: 'string', ending_before: 'string', expand: 'strings' } as const

export interface PageParameters {
  limit?: number
  starting_after?: string
  ending_before?: string
}

interface Filter {
  account: string
  created?: Range | undefined
  facet_1?: string | undefined
  facet_2?: string | undefined
  /** A further SQL condition over the columns of `objects`. */
  where?: [string, Value[]] | undefined
}

/** One page of a v1 list, newest first. Throws an ApiError for a limit outside 1–100 or an unknown cursor. */
export function listPage<T>(
  world: World,
  kind: Kind,
  url: string,
  page: PageParameters,
  filter: Filter,
  view: (body: T) => T = body => body,
): Stripe.ApiList<T> {
  const limit = readLimit(page.limit, 10)
  const backwards = page.ending_before !== undefined
  const cursor = page.ending_before ?? page.starting_after
  const { conditions, values } = conditionsOf(kind, filter)
  if (cursor !== undefined) {
    const row = findRow(world, kind, cursor, filter.account)
    const param = backwards ? 'ending_before' : 'starting_after'
    if (!row) throw resourceMissing(NOUNS[kind], cursor, param)
    conditions.push(`(created, seq) ${backwards ? '>' : '<'} (?, ?)`)
    values.push(row.created, row.seq)
  }
  const direction = backwards ? 'ASC' : 'DESC'
  const rows = world.store.all<Row>(
    `SELECT * FROM objects WHERE ${conditions.join(' AND ')} ORDER BY created ${direction}, seq ${direction} LIMIT ?`,
    [...values, limit + 1],
  )
  const shown = rows.slice(0, limit)
  if (backwards) shown.reverse()
  return {
    object: 'list',
    data: shown.map(row => view(JSON.parse(row.body) as T)),
    has_more: rows.length > limit,
    url,
  }
}

export interface V2Page<T> {
  data: T[]
  next_page_url: string | null
  previous_page_url: string | null
}

/** One page of a v2 list, newest first; `page` is the token out of the previous page's `next_page_url`. */
export function listV2Page<T>(
  world: World,
  kind: Kind,
  url: string,
  page: { limit?: number; page?: string },
  filter: Filter,
  view: (body: T) => T = body => body,
): V2Page<T> {
  const limit = readLimit(page.limit, 20)
  const { conditions, values } = conditionsOf(kind, filter)
  if (page.page) {
    const [created, seq] = page.page.split('-').map(Number)
    if (!Number.isSafeInteger(created) || !Number.isSafeInteger(seq))
      throw invalid(`Invalid page: ${page.page}`, { param: 'page' })
    conditions.push('(created, seq) < (?, ?)')
    values.push(created!, seq!)
  }
  const rows = world.store.all<Row>(
    `SELECT * FROM objects WHERE ${conditions.join(' AND ')} ORDER BY created DESC, seq DESC LIMIT ?`,
    [...values, limit + 1],
  )
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last
  return {
    data: shown.map(row => view(JSON.parse(row.body) as T)),
    next_page_url: more
      ? `${url}${url.includes('?') ? '&' : '?'}limit=${limit}&page=${last.created}-${last.seq}`
      : null,
    previous_page_url: null,
  }
}

function readLimit(limit: number | undefined, fallback: number): number {
  if (limit === undefined) return fallback
  if (limit < 1)
    throw invalid('This value must be greater than or equal to 1.', {
      code: 'parameter_invalid_integer',
      param: 'limit',
    })
  if (limit > 100)
    throw invalid('This value must be less than or equal to 100.', {
      code: 'parameter_invalid_integer',
      param: 'limit',
    })
  return limit
}

function conditionsOf(kind: Kind, filter: Filter) {
  const conditions = ['kind = ?', 'account = ?']
  const values: Value[] = [kind, filter.account]
  for (const facet of ['facet_1', 'facet_2'] as const) {
    const value = filter[facet]
    if (value === undefined) continue
    conditions.push(`${facet} = ?`)
    values.push(value)
  }
  // The wire counts whole seconds, the column milliseconds.
  const bounds = { gt: ['>=', 1], gte: ['>=', 0], lt: ['<', 0], lte: ['<', 1] } as const
  for (const [name, [operator, more]] of Object.entries(bounds) as [keyof Range, readonly [string, number]][]) {
    const bound = filter.created?.[name]
    if (bound === undefined) continue
    conditions.push(`created ${operator} ?`)
    values.push((bound + more) * SECOND)
  }
  if (filter.where) {
    conditions.push(filter.where[0])
    values.push(...filter.where[1])
  }
  return { conditions, values }
}

import { and, desc, eq, gte, lte, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle, Tx } from '#db/client.ts'
import { fxRates, organizations, users } from '#db/schema/index.ts'
import { DomainError } from '../lib/errors.ts'
import { decodeCursor, toPage } from '../lib/page.ts'
import { dayOf } from '../lib/period.ts'
import type { Work } from '../work.ts'
import { type EcbRate, parseEcb } from './ecb.ts'
import { daysBefore, type StoredRate } from './rate.ts'
import {
  type addRateInput,
  type importRatesInput,
  type listRatesInput,
  parseRate,
  rateAgeDays,
  rateText,
} from './rules.ts'

/** The stored rates that a conversion on `day` may use. */
export function ratesAround(db: Drizzle | Tx, orgId: string, day: string): Promise<StoredRate[]> {
  return db
    .select({
      id: fxRates.id,
      base: fxRates.base,
      quote: fxRates.quote,
      day: fxRates.day,
      rateE8: fxRates.rateE8,
      source: fxRates.source,
    })
    .from(fxRates)
    .where(and(eq(fxRates.orgId, orgId), gte(fxRates.day, daysBefore(day, rateAgeDays)), lte(fxRates.day, day)))
}

async function today(work: Work): Promise<string> {
  const [org] = await work.tx
    .select({ zone: organizations.timeZone })
    .from(organizations)
    .where(eq(organizations.id, work.orgId))
  return dayOf(work.at, org?.zone ?? 'UTC')
}

/**
 * Keeps a rate that somebody looked up. A stored rate never changes.
 * @throws DomainError INVALID for what is no rate or a day to come; CONFLICT where that day has one already
 */
export async function addRate(work: Work, input: z.infer<typeof addRateInput>): Promise<{ id: string }> {
  const { base, quote, day, note = null } = input
  const rateE8 = rateOf(input.rate)
  if (day > (await today(work)))
    throw new DomainError('INVALID', 'That day is still to come.', { fields: { day: 'That day is still to come.' } })
  const id = work.id('fx')
  const added = await work.tx
    .insert(fxRates)
    .values({
      ...{ id, base, quote, day, rateE8, note: note || null },
      orgId: work.orgId,
      source: 'manual',
      createdBy: work.actor.id,
      createdAt: work.at,
    })
    .onConflictDoNothing()
    .returning({ id: fxRates.id })
  if (added.length === 0)
    throw new DomainError(
      'CONFLICT',
      `There is a rate from ${base} to ${quote} for ${day} already, and a stored rate never changes. Enter another day’s.`,
      { fields: { day: 'This day has a rate already.' } },
    )
  work.audit({
    action: 'rates.add',
    target: { type: 'rate', id },
    after: { base, quote, day, rate: rateText(rateE8), note },
  })
  work.changed('runs')
  return { id }
}

function rateOf(text: string): number {
  try {
    return parseRate(text)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    throw new DomainError('INVALID', error.message, { fields: { rate: error.message } })
  }
}

export interface RatesImported {
  added: number
  /** There already, as the same number. */
  known: number
  /** Of days before `since`. */
  older: number
  refused: string[]
  /** How many were refused in all; `refused` holds the first ones. */
  refusedCount: number
  since: string
  /** The first and last day among the new ones. */
  days: { first: string; last: string } | null
  dry: boolean
}

const refusedShown = 20
const chunk = 5_000

/** Keeps what the European Central Bank's file has and we don't; with `dry` only says what it would. Nothing stored is changed. */
export async function importRates(work: Work, input: z.infer<typeof importRatesInput>): Promise<RatesImported> {
  const file = parseEcb(input.text)
  const now = await today(work)
  const since = input.since ?? daysBefore(now, 400)
  const wanted = file.rates.filter(rate => rate.day >= since)
  const stored = new Map(
    (
      await work.tx
        .select({ quote: fxRates.quote, day: fxRates.day, rateE8: fxRates.rateE8 })
        .from(fxRates)
        .where(
          and(
            eq(fxRates.orgId, work.orgId),
            eq(fxRates.source, 'ecb'),
            eq(fxRates.base, 'EUR'),
            gte(fxRates.day, since),
          ),
        )
    ).map(rate => [`${rate.quote} ${rate.day}`, rate.rateE8]),
  )
  const refused = [...file.refused]
  const fresh = new Map<string, EcbRate>()
  let known = 0
  for (const rate of wanted) {
    const key = `${rate.quote} ${rate.day}`
    const before = stored.get(key) ?? fresh.get(key)?.rateE8
    if (rate.day > now) refused.push(`${rate.quote} of ${rate.day}: that day is still to come.`)
    else if (before === undefined) fresh.set(key, rate)
    else if (before === rate.rateE8) known++
    else
      refused.push(
        `${rate.quote} of ${rate.day} is ${rateText(rate.rateE8)} in the file and ${rateText(before)} here; a stored rate never changes.`,
      )
  }
  const rows = [...fresh.values()]
  if (!input.dry && rows.length > 0) {
    for (let at = 0; at < rows.length; at += chunk) {
      const json = JSON.stringify(rows.slice(at, at + chunk).map(rate => ({ id: work.id('fx'), ...rate })))
      await work.tx.run(sql`
        INSERT INTO fx_rates (id, org_id, base, quote, day, rate_e8, source, created_by, created_at)
        SELECT value ->> 'id', ${work.orgId}, 'EUR', value ->> 'quote', value ->> 'day', value ->> 'rateE8', 'ecb', ${work.actor.id}, ${work.at}
        FROM json_each(${json})`)
    }
    work.audit({
      action: 'rates.import',
      target: { type: 'organization', id: work.orgId },
      after: { source: 'ecb', added: rows.length, known, refused: refused.length },
    })
    work.changed('runs')
  }
  const days = rows.map(rate => rate.day).sort()
  return {
    added: rows.length,
    known,
    older: file.rates.length - wanted.length,
    refused: refused.slice(0, refusedShown),
    refusedCount: refused.length,
    since,
    days: days.length > 0 ? { first: days[0] ?? '', last: days.at(-1) ?? '' } : null,
    dry: input.dry,
  }
}

/** A page of rates, the newest day first. */
export async function listRates(db: Drizzle, orgId: string, input: z.infer<typeof listRatesInput>) {
  const after = decodeCursor(input.cursor)
  const rows = await db
    .select({
      id: fxRates.id,
      base: fxRates.base,
      quote: fxRates.quote,
      day: fxRates.day,
      rateE8: fxRates.rateE8,
      source: fxRates.source,
      note: fxRates.note,
      by: users.name,
      createdAt: fxRates.createdAt,
    })
    .from(fxRates)
    .leftJoin(users, eq(users.id, fxRates.createdBy))
    .where(
      and(
        eq(fxRates.orgId, orgId),
        input.source ? eq(fxRates.source, input.source) : undefined,
        input.currency ? or(eq(fxRates.base, input.currency), eq(fxRates.quote, input.currency)) : undefined,
        after ? sql`(${fxRates.day}, ${fxRates.id}) < (${after[0]}, ${after[1]})` : undefined,
      ),
    )
    .orderBy(desc(fxRates.day), desc(fxRates.id))
    .limit(input.limit + 1)
  const page = toPage(rows, input.limit, row => [row.day, row.id])
  return {
    ...page,
    rows: page.rows.map(({ rateE8, ...row }) => ({ ...row, rate: rateText(rateE8), by: row.by ?? '' })),
  }
}

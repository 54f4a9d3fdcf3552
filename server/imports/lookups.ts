import { sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import type { DealStage } from '#db/schema/index.ts'
import { invalid } from './cells.ts'

export interface KnownPartner {
  id: string
  name: string
  currency: string
  archived: number
}

export interface KnownDeal {
  id: string
  number: number
  stage: DealStage
  timeZone: string
}

export interface KnownProgram {
  id: string
  name: string
  timeZone: string
  archived: number
}

/** What the texts of a chunk of rows mean, each found once. */
export interface Lookups {
  partner(text: string): KnownPartner
  deal(text: string): KnownDeal
  program(text: string, fallback: string): KnownProgram
}

const strength = { email: 4, reference: 3, id: 2, name: 1 } as const

/** Finds everything that a chunk of rows names, in three statements however many rows there are. */
export async function findNamed(
  db: Drizzle | Tx,
  orgId: string,
  named: { partners: Iterable<string>; deals: Iterable<string> },
): Promise<Lookups> {
  const partners = await findPartners(db, orgId, [...new Set(named.partners)])
  const deals = await findDeals(db, orgId, [...new Set(named.deals)])
  const programs = await db.all<KnownProgram>(sql`
    SELECT id, name, time_zone AS timeZone, archived_at IS NOT NULL AS archived FROM programs WHERE org_id = ${orgId} ORDER BY created_at, id`)
  return {
    partner(text) {
      const [best, second] = partners.get(text) ?? []
      if (!best)
        throw invalid(`There is no partner with the name, email or reference “${text}”. Add the partner first.`)
      if (second && second.how === best.how)
        throw invalid(`Several partners are called “${text}”. Use the email address instead.`)
      return best
    },
    deal(text) {
      const deal = deals.get(text)
      if (!deal) throw invalid(`There is no deal with the reference or number “${text}”. Import the deals first.`)
      return deal
    },
    program(text, fallback) {
      const open = programs.filter(program => !program.archived)
      const found = text
        ? programs.find(program => program.name.toLowerCase() === text.toLowerCase())
        : fallback
          ? programs.find(program => program.id === fallback)
          : open.length === 1
            ? open[0]
            : undefined
      if (!found) throw invalid(text ? `There is no program “${text}”.` : 'Choose a program.')
      if (found.archived) throw invalid(`The program “${found.name}” is archived.`)
      return found
    },
  }
}

/** Refuses an archived partner: nothing new is put on it. */
export function active(partner: KnownPartner): KnownPartner {
  if (partner.archived) throw invalid(`${partner.name} is archived. Restore the partner first.`)
  return partner
}

type Hit = KnownPartner & { text: string; how: number }

async function findPartners(db: Drizzle | Tx, orgId: string, texts: string[]): Promise<Map<string, Hit[]>> {
  if (texts.length === 0) return new Map()
  const json = JSON.stringify(texts.map(text => ({ text, email: text.toLowerCase() })))
  const columns = sql`j.value ->> 'text' AS text, p.id, p.name, p.currency, p.archived_at IS NOT NULL AS archived`
  const rows = await db.all<Hit>(sql`
    SELECT ${columns}, ${strength.email} AS how FROM json_each(${json}) j CROSS JOIN partners p ON p.org_id = ${orgId} AND p.email = j.value ->> 'email'
    UNION ALL
    SELECT ${columns}, ${strength.reference} FROM json_each(${json}) j CROSS JOIN partners p ON p.org_id = ${orgId} AND p.reference = j.value ->> 'text'
    UNION ALL
    SELECT ${columns}, ${strength.id} FROM json_each(${json}) j CROSS JOIN partners p ON p.id = j.value ->> 'text' AND p.org_id = ${orgId}
    UNION ALL
    SELECT ${columns}, ${strength.name} FROM json_each(${json}) j CROSS JOIN partners p ON p.org_id = ${orgId} AND p.name = j.value ->> 'text' COLLATE NOCASE`)
  const found = new Map<string, Hit[]>()
  for (const row of rows) found.set(row.text, [...(found.get(row.text) ?? []), row])
  for (const hits of found.values()) hits.sort((a, b) => b.how - a.how)
  return found
}

async function findDeals(db: Drizzle | Tx, orgId: string, texts: string[]): Promise<Map<string, KnownDeal>> {
  if (texts.length === 0) return new Map()
  const json = JSON.stringify(texts.map(text => ({ text, number: Number(/^D-0*(\d{1,9})$/i.exec(text)?.[1] ?? 0) })))
  const columns = sql`j.value ->> 'text' AS text, d.id, d.number, d.stage, r.time_zone AS timeZone`
  const rows = await db.all<KnownDeal & { text: string }>(sql`
    SELECT ${columns} FROM json_each(${json}) j
      CROSS JOIN deals d ON d.org_id = ${orgId} AND d.number = j.value ->> 'number' AND d.removed_at IS NULL
      CROSS JOIN programs r ON r.id = d.program_id
    UNION ALL
    SELECT ${columns} FROM json_each(${json}) j
      CROSS JOIN deals d ON d.org_id = ${orgId} AND d.external_ref = j.value ->> 'text' AND d.removed_at IS NULL
      CROSS JOIN programs r ON r.id = d.program_id`)
  // The reference, which comes last, wins over a number that reads the same.
  return new Map(rows.map(row => [row.text, row]))
}

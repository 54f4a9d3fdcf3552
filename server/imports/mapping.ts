import { and, eq, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { type DataImportKind, importMappings } from '#db/schema/index.ts'
import { sha256 } from '../deps.ts'
import { type Preset, presetMapping } from './presets.ts'
import { fields, plain } from './rules.ts'

/** The same headers in the same order are the same file's shape, whatever their case and punctuation. */
export function hashHeaders(headers: readonly string[]): string {
  return sha256(JSON.stringify(headers.map(plain)))
}

/** Headers as the mapping names them: trimmed, and two alike told apart by their place. */
export function nameHeaders(cells: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return cells.map((cell, index) => {
    const name = cell.trim().slice(0, 120) || `Column ${index + 1}`
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name} (${count})`
  })
}

/**
 * Which column is what: as it was mapped for the same headers before, else as the preset knows them, else by the names that people
 * give. Each header is proposed once.
 */
export async function proposeMapping(
  db: Drizzle | Tx,
  orgId: string,
  kind: DataImportKind,
  headers: readonly string[],
  preset: Preset | null,
): Promise<Record<string, string>> {
  const [known] = await db
    .select({ mapping: importMappings.mapping })
    .from(importMappings)
    .where(
      and(
        eq(importMappings.orgId, orgId),
        eq(importMappings.kind, kind),
        eq(importMappings.headerHash, hashHeaders(headers)),
      ),
    )
  if (known) return onlyKnown(kind, headers, known.mapping)
  const mapping = preset ? presetMapping(preset, headers) : {}
  const taken = new Set(Object.values(mapping))
  // The likeliest name first, over all fields: `id` must not go to the first field that would take it.
  const depth = Math.max(...fields[kind].map(field => field.names.length))
  for (let rank = 0; rank < depth; rank++)
    for (const field of fields[kind]) {
      const name = field.names[rank]
      if (name === undefined || mapping[field.key]) continue
      const header = headers.find(one => plain(one) === name && !taken.has(one))
      if (header === undefined) continue
      mapping[field.key] = header
      taken.add(header)
    }
  return mapping
}

/** What of a mapping has a field, and a header however it is capitalized now; the rest is left out. */
export function onlyKnown(
  kind: DataImportKind,
  headers: readonly string[],
  mapping: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    fields[kind].flatMap(({ key }) => {
      const wanted = mapping[key]
      const header = headers.find(one => one === wanted) ?? headers.find(one => wanted && plain(one) === plain(wanted))
      return header === undefined ? [] : [[key, header]]
    }),
  )
}

/** The currency and country that most of an organization's partners have: what a form proposes. */
export async function usualOptions(db: Drizzle | Tx, orgId: string): Promise<{ currency: string; country: string }> {
  const [most] = await db.all<{ currency: string; country: string }>(sql`
    SELECT currency, country FROM partners WHERE org_id = ${orgId} GROUP BY currency, country ORDER BY count(*) DESC, currency LIMIT 1`)
  return most ?? { currency: 'USD', country: 'US' }
}

import { sql } from 'drizzle-orm'
import type { counters } from '#db/schema/index.ts'
import type { Work } from './work.ts'

/** Takes `count` numbers in a row, such as people quote, and returns the first. Numbers have no gaps: what rolls back takes none. */
export async function takeNumbers(
  work: Pick<Work, 'tx' | 'orgId'>,
  name: (typeof counters.$inferSelect)['name'],
  count: number,
): Promise<number> {
  const [row] = await work.tx.all<{ next: number }>(sql`
    INSERT INTO counters (org_id, name, next) VALUES (${work.orgId}, ${name}, 1 + ${count})
    ON CONFLICT DO UPDATE SET next = next + ${count} RETURNING next`)
  if (!row) throw new Error(`no counter ${name}`)
  return row.next - count
}

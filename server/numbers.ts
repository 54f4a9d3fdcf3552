import { sql } from 'drizzle-orm'
import type { counters } from '#db/schema/index.ts'
import { must } from './lib/must.ts'
import type { Work } from './work.ts'

/** Takes `count` numbers in a row, such as people quote, and returns the first. Numbers have no gaps: what rolls back takes none. */
export async function takeNumbers(
  work: Pick<Work, 'tx' | 'orgId'>,
  name: (typeof counters.$inferSelect)['name'],
  count: number,
): Promise<number> {
  const rows = await work.tx.all<{ next: number }>(sql`
    INSERT INTO counters (org_id, name, next) VALUES (${work.orgId}, ${name}, 1 + ${count})
    ON CONFLICT DO UPDATE SET next = next + ${count} RETURNING next`)
  return must(rows[0], `no counter ${name}`).next - count
}

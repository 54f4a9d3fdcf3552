import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'

/** An empty, migrated database in memory, or at `url`; gone with the test's process unless closed before. */
export async function aDatabase(url = 'file::memory:'): Promise<Database> {
  const db = await openDatabase({ url, synchronous: 'NORMAL' })
  await migrate(db)
  return db
}

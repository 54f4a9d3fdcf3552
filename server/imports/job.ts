import { setImmediate as nextTurn } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { users } from '#db/schema/index.ts'
import { recalculate } from '../attribution/run.ts'
import type { Deps } from '../deps.ts'
import type { JobResult } from '../outbox/outbox.ts'
import { type Actor, work } from '../work.ts'
import { checkChunk } from './check.ts'
import { importOf } from './chunk.ts'
import { type Attribute, commitDeals, commitRows } from './commit.ts'
import type { DataImport } from './kinds/kind.ts'
import { undoRows } from './undo.ts'

/** Transactions of one turn: a few seconds at most, after which other work gets its chance and a stopping process its end. */
const chunksPerTurn = 20

/**
 * Does the next part of what an import waits for: checking, committing or undoing its rows, a chunk in each transaction. How far it
 * is stands in the import itself, written in the same transaction as the rows: killed at any moment, it goes on where it was.
 * @param payload whom it is done for
 */
export async function runImport(
  deps: Deps,
  { importId, orgId, userId }: { importId: string; orgId: string; userId: string },
  attribute: Attribute = recalculate,
): Promise<JobResult> {
  const actor = await actorOf(deps, userId)
  for (let chunk = 0; chunk < chunksPerTurn; chunk++) {
    const ended = await work(deps, { orgId, actor }, async unit => {
      const one = await importOf(unit.tx, orgId, importId)
      return step(unit, one, attribute)
    })
    if (ended) return 'done'
    // Each chunk is one long chain of promises: requests get their turn between two.
    await nextTurn()
  }
  return { postponeMs: 0, why: 'It goes on with the next rows.' }
}

type Unit = Parameters<Attribute>[0]

/** One chunk; true when nothing is left to do. Somebody who changed the columns meanwhile ends a check, too. */
async function step(unit: Unit, one: DataImport, attribute: Attribute): Promise<boolean> {
  switch (one.status) {
    case 'checking':
      return checkChunk(unit, one)
    case 'committing':
      if (one.step === 'deals') return commitDeals(unit, one, attribute)
      await commitRows(unit, one)
      return false
    case 'undoing':
      return undoRows(unit, one, attribute)
    default:
      return true
  }
}

async function actorOf(deps: Deps, userId: string): Promise<Actor> {
  const [user] = await deps.db.read.select({ name: users.name }).from(users).where(eq(users.id, userId))
  if (!user) throw new Error(`user ${userId} is gone`)
  return { kind: 'user', id: userId, name: user.name }
}

import { realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { currentVersion, latestVersion } from '#db/migrate.ts'
import type { CommandRun } from '../control/protocol.ts'
import { type Deps, systemClock } from '../deps.ts'
import { checkInvariants, type InvariantName, invariantNames, invariants, type Violation } from '../invariants/check.ts'
import { notBesideRequests, raise, workingSince } from '../invariants/watch.ts'
import { runAsProgram, runCommand } from './control.ts'

/** What else a person asks when something is odd: none of it is wrong by itself. */
interface Facts {
  schema: { found: number; expected: number }
  outbox: { topic: string; queued: number; leased: number; parked: number; oldestMs: number | null }[]
  transfers: { unknown: number; inReview: number }
  paused: number
}

/**
 * `npm run doctor [-- --json --org org_… --file]`: holds the database against everything that must always be so, and says how the work
 * stands. `--file` lets the running process look at the file's pages too, which keeps requests waiting while it reads; when none runs
 * they are always looked at. Exit code 1 when anything is broken, 2 for arguments that make no sense.
 * @param deps the running process's, which then also raises or ends the alarm; absent where none runs
 */
export async function* doctor(db: Database, args: string[], now: number, deps?: Deps): CommandRun {
  const wanted = readArguments(args)
  if (typeof wanted === 'string') {
    yield wanted
    return 2
  }
  const { org: orgId, json } = wanted
  if (orgId && (await db.read.all(sql`SELECT id FROM organizations WHERE id = ${orgId}`)).length === 0) {
    yield `There is no organization ${orgId}.`
    return 2
  }
  const skip = deps && !wanted.file ? notBesideRequests : []
  const violations = await checkInvariants(db.read, { now, orgId, skip, workingSince: deps ? workingSince(deps) : now })
  // One company's look says nothing of the others' alarms.
  if (deps && !orgId) await raise(deps, violations, { skipped: skip })
  const facts = await factsOf(db, now)
  const broken = violations.length > 0 || facts.schema.found !== facts.schema.expected
  const checked = invariantNames.filter(name => !skip.includes(name))
  if (json) yield JSON.stringify({ ok: !broken, checked, violations, ...facts })
  else yield* report(checked, violations, facts)
  return broken ? 1 : 0
}

function readArguments(args: string[]): { org?: string; json?: boolean; file?: boolean } | string {
  try {
    return parseArgs({
      args,
      options: { org: { type: 'string' }, json: { type: 'boolean' }, file: { type: 'boolean' } },
    }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function* report(checked: InvariantName[], violations: Violation[], { schema, outbox, transfers, paused }: Facts) {
  yield schema.found === schema.expected
    ? `The schema is version ${schema.found}, as this Remit wants it.`
    : `The schema is version ${schema.found}, and this Remit wants ${schema.expected}: start it once, or start the newer one.`
  const skipped = invariantNames.length - checked.length
  yield `${checked.length} invariants were checked, the audit chains among them${skipped > 0 ? '; the file’s pages were not (--file)' : ''}.`
  for (const name of checked) {
    const found = violations.filter(one => one.invariant === name)
    if (found.length === 0) continue
    yield `BROKEN ${name}: ${invariants[name].promises}`
    for (const { orgId, says } of found) yield `  ${orgId ?? 'everywhere'}: ${says}`
  }
  if (violations.length === 0) yield 'Nothing is broken.'
  for (const { topic, queued, leased, parked, oldestMs } of outbox)
    yield `Waiting ${topic}: ${queued} queued, ${leased} at work, ${parked} parked${oldestMs === null ? '' : `; the oldest is due since ${Math.round(oldestMs / 1000)} s`}.`
  if (outbox.length === 0) yield 'No work waits.'
  yield `Transfers: ${transfers.unknown} without an answer, ${transfers.inReview} in review. Companies with paused transfers: ${paused}.`
}

async function factsOf(db: Database, now: number): Promise<Facts> {
  const { read } = db
  const outbox = await read.all<Facts['outbox'][number]>(sql`
    SELECT topic, sum(status = 'queued') AS queued, sum(status = 'leased') AS leased, sum(status = 'parked') AS parked,
      max(iif(status = 'queued' AND run_at <= ${now}, ${now} - run_at, NULL)) AS oldestMs
    FROM outbox WHERE status <> 'done' GROUP BY topic ORDER BY topic`)
  const row = await read.get<{ unknown: number; inReview: number; paused: number }>(sql`
    SELECT (SELECT count(*) FROM payout_attempts WHERE state = 'unknown') AS "unknown",
      (SELECT count(*) FROM payouts WHERE status = 'processing' AND needs_review = 1) AS inReview,
      (SELECT count(*) FROM organizations WHERE transfers_paused_at IS NOT NULL) AS paused`)
  const { unknown = 0, inReview = 0, paused = 0 } = row ?? {}
  return {
    schema: { found: await currentVersion(db), expected: latestVersion() },
    outbox,
    transfers: { unknown, inReview },
    paused,
  }
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() =>
    runCommand('doctor', process.argv.slice(2), (db, args) => doctor(db, args, systemClock.now())),
  )

import { and, eq, sql } from 'drizzle-orm'
import { outbox } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import type { Work } from '../work.ts'
import { type Payload, type Topic, topics } from './topics.ts'

export interface Job<T extends Topic = Topic> {
  topic: T
  /** Names the intent: a second job with the same topic and key is the same job. */
  key: string
  payload: Payload<T>
  /** UTC milliseconds; at once where absent */
  runAt?: number
}

/** A job in someone's hands. Only the holder of `leaseToken` may finish it. */
export interface Claim {
  id: string
  orgId: string | null
  topic: Topic
  payload: unknown
  attempts: number
  leaseToken: string
}

/** What a job answers: it is done, or it asks to be run again later, which is no failure. */
export type JobResult = 'done' | { postponeMs: number; why: string }

/** Trying again can't help: the job is parked at once, for a person to look at. */
export class PermanentJobError extends Error {
  override name = 'PermanentJobError'
}

/** Adds jobs in the caller's transaction: they exist if, and only if, what caused them does. */
export async function enqueueJobs(work: Work, jobs: Job[]): Promise<void> {
  if (jobs.length === 0) return
  const rows = jobs.map(job => ({
    id: work.id('job'),
    topic: job.topic,
    key: job.key,
    // Its shape is the compiler's to check here; whoever takes the job checks it again.
    payload: JSON.stringify(job.payload),
    runAt: job.runAt ?? work.at,
  }))
  await work.tx.run(sql`
    INSERT INTO outbox (id, org_id, topic, key, payload, status, run_at, created_at)
    SELECT value ->> 'id', ${work.orgId}, value ->> 'topic', value ->> 'key', value ->> 'payload', 'queued', value ->> 'runAt', ${work.at}
    FROM json_each(${JSON.stringify(rows)}) WHERE true
    ON CONFLICT (topic, key) DO NOTHING`)
}

/** When the first job of these topics is due, or the first lease runs out, in UTC milliseconds; null when nothing waits. */
export async function nextDue(deps: Deps, wanted: readonly Topic[]): Promise<number | null> {
  const row = await deps.db.read.get<{ due: number | null }>(sql`
    SELECT min(due) AS due FROM (
      SELECT (SELECT min(run_at) FROM outbox WHERE status = 'queued' AND topic = value) AS due FROM json_each(${JSON.stringify(wanted)})
      UNION ALL
      SELECT min(lease_until) FROM outbox WHERE status = 'leased' AND topic IN (SELECT value FROM json_each(${JSON.stringify(wanted)})))`)
  return row?.due ?? null
}

/**
 * Takes up to `limit` due jobs of these topics, the first topic's first, and those whose holder has died: its lease ran out.
 * That counts as a try, so that a job which kills its process is not run for ever.
 */
export async function claim(deps: Deps, limit: number, wanted: readonly Topic[]): Promise<Claim[]> {
  const now = deps.clock.now()
  const leaseToken = deps.ids.secret()
  return deps.db.write(async tx => {
    const claims: Claim[] = []
    for (const topic of wanted) {
      const due = await tx.all<{ id: string; died: number }>(sql`
        SELECT id, died FROM (
          SELECT * FROM (SELECT id, 0 AS died, run_at AS due FROM outbox WHERE status = 'queued' AND topic = ${topic} AND run_at <= ${now} ORDER BY run_at, id LIMIT ${limit})
          UNION ALL
          SELECT id, 1 AS died, lease_until AS due FROM outbox WHERE status = 'leased' AND topic = ${topic} AND lease_until <= ${now})
        ORDER BY due, id LIMIT ${limit - claims.length}`)
      for (const { id, died } of due) {
        const [row] = await tx
          .update(outbox)
          .set({
            status: 'leased',
            leaseToken,
            leaseUntil: now + topics[topic].leaseMs,
            ...(died
              ? { attempts: sql`attempts + 1`, lastError: 'The process that ran it stopped, or was too slow.' }
              : {}),
          })
          .where(eq(outbox.id, id))
          .returning()
        if (row)
          claims.push({ id: row.id, orgId: row.orgId, topic, payload: row.payload, attempts: row.attempts, leaseToken })
      }
      if (claims.length >= limit) break
    }
    return claims
  })
}

/** Parks what no code here can run: a job that another version of Remit left behind. Returns how many. */
export async function parkUnknown(deps: Deps): Promise<number> {
  const known = JSON.stringify(Object.keys(topics))
  const unknown = sql`status IN ('queued', 'leased') AND topic NOT IN (SELECT value FROM json_each(${known}))`
  const found = await deps.db.read.all<{ id: string }>(sql`SELECT id FROM outbox WHERE ${unknown} LIMIT 1`)
  if (found.length === 0) return 0
  const rows = await deps.db.write(tx =>
    tx.all<{ id: string }>(sql`
      UPDATE outbox SET status = 'parked', lease_token = NULL, lease_until = NULL, finished_at = ${deps.clock.now()},
        last_error = 'This version of Remit does not know this kind of work.'
      WHERE ${unknown} RETURNING id`),
  )
  deps.log.error({ count: rows.length }, 'jobs of an unknown kind were parked')
  return rows.length
}

/** Marks a claimed job done. False when the lease was lost meanwhile: someone else has the job now. */
export async function finish(deps: Deps, held: Claim): Promise<boolean> {
  return settle(deps, held, { status: 'done', finishedAt: deps.clock.now(), lastError: null })
}

/** Puts a claimed job back, for a later try that is no failure: a wait that the job itself asked for. */
export async function postpone(deps: Deps, held: Claim, delayMs: number, why: string): Promise<boolean> {
  return settle(deps, held, { status: 'queued', runAt: deps.clock.now() + delayMs, lastError: why })
}

/** Gives a claimed job back as it was, for whoever claims next: its holder stops. */
export async function release(deps: Deps, held: Claim): Promise<boolean> {
  return settle(deps, held, { status: 'queued', lastError: 'Given back when the process stopped.' })
}

/** Puts a claimed job back after an error, later each time, or parks it where its tries are used up; 'lost' with the lease. */
export async function retryLater(deps: Deps, held: Claim, error: string): Promise<'queued' | 'parked' | 'lost'> {
  const topic = topics[held.topic]
  const attempts = held.attempts + 1
  if (attempts >= topic.attempts) return (await park(deps, held, error)) ? 'parked' : 'lost'
  const delay = Math.min(topic.maxDelayMs, topic.firstDelayMs * 2 ** Math.min(held.attempts, 20))
  // Half of it is chance, so that what failed together does not come back together.
  const jittered = Math.round(delay * (0.5 + deps.ids.fraction() / 2))
  const kept = await settle(deps, held, {
    status: 'queued',
    attempts,
    runAt: deps.clock.now() + jittered,
    lastError: error,
  })
  return kept ? 'queued' : 'lost'
}

/** Parks a claimed job at once: trying again can't help, a person must look. */
export async function park(deps: Deps, held: Claim, error: string): Promise<boolean> {
  return settle(deps, held, {
    status: 'parked',
    attempts: held.attempts + 1,
    lastError: error,
    finishedAt: deps.clock.now(),
  })
}

async function settle(
  deps: Deps,
  held: Claim,
  values: {
    status: 'done' | 'queued' | 'parked'
    attempts?: number
    runAt?: number
    lastError: string | null
    finishedAt?: number
  },
): Promise<boolean> {
  const rows = await deps.db.write(tx =>
    tx
      .update(outbox)
      .set({ ...values, lastError: values.lastError?.slice(0, 2000) ?? null, leaseToken: null, leaseUntil: null })
      .where(and(eq(outbox.id, held.id), eq(outbox.leaseToken, held.leaseToken)))
      .returning({ id: outbox.id }),
  )
  if (rows.length > 0 && held.orgId && values.status !== 'done')
    deps.changes.publish({ orgId: held.orgId, partnerId: null, what: 'jobs' })
  return rows.length > 0
}

import { sql } from 'drizzle-orm'
import { lastAnchors } from '../audit/anchors.ts'
import { chainIds } from '../audit/verify.ts'
import type { Deps } from '../deps.ts'
import { topics } from '../outbox/topics.ts'

const hour = 60 * 60_000

/** What a scrape reads from the database: counts by kinds that are known beforehand, and never whose they are. */
export interface Facts {
  topics: { topic: string; queued: number; leased: number; parked: number; oldestSeconds: number; failures: number }[]
  attempts: { queued: number; sending: number; unknown: number; inReview: number }
  pausedOrganizations: number
  emailsFailed: number
  events: number
  /** Null before the first anchor was written. */
  anchors: { ageSeconds: number; entriesSince: number } | null
}

/** Each statement reads one of the small indexes of what is open: a scrape costs the same for a file of any size. */
export async function readFacts(deps: Pick<Deps, 'db' | 'clock'>): Promise<Facts> {
  const { read } = deps.db
  const now = deps.clock.now()
  const open = await read.all<{
    topic: string
    status: 'queued' | 'leased' | 'parked'
    count: number
    due: number
    failures: number
  }>(sql`
    SELECT topic, status, count(*) AS count, min(run_at) AS due, sum(attempts) AS failures FROM outbox WHERE status <> 'done' GROUP BY topic, status`)
  const [row] = await read.all<
    Record<'queued' | 'sending' | 'unknown' | 'inReview' | 'paused' | 'emailsFailed' | 'events', number>
  >(sql`
    SELECT coalesce(sum(a.state = 'queued'), 0) AS queued, coalesce(sum(a.state = 'sending'), 0) AS sending, coalesce(sum(a.state = 'unknown'), 0) AS "unknown",
      coalesce(sum(p.needs_review), 0) AS inReview,
      (SELECT count(*) FROM organizations WHERE transfers_paused_at IS NOT NULL) AS paused,
      (SELECT count(*) FROM organizations o CROSS JOIN emails e ON e.org_id = o.id AND e.created_at > ${now - hour} WHERE e.status = 'failed') AS emailsFailed,
      (SELECT count(*) FROM stripe_events WHERE processed_at IS NULL) AS events
    FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id WHERE a.state IN ('queued', 'sending', 'unknown')`)
  const none = { queued: 0, sending: 0, unknown: 0, inReview: 0, paused: 0, emailsFailed: 0, events: 0 }
  const { paused, emailsFailed, events, ...attempts } = row ?? none
  return {
    // A topic that this version doesn't know is counted too, under a name that is none.
    topics: [...Object.keys(topics), 'other'].map(topic => {
      const own = open.filter(one => (topic === 'other' ? !Object.hasOwn(topics, one.topic) : one.topic === topic))
      const count = (status: string) =>
        own.filter(one => one.status === status).reduce((sum, one) => sum + one.count, 0)
      const due = Math.min(...own.filter(one => one.status === 'queued').map(one => one.due))
      return {
        topic,
        queued: count('queued'),
        leased: count('leased'),
        parked: count('parked'),
        oldestSeconds: Number.isFinite(due) ? Math.max(0, (now - due) / 1000) : 0,
        failures: own.reduce((sum, one) => sum + one.failures, 0),
      }
    }),
    attempts,
    pausedOrganizations: paused,
    emailsFailed,
    events,
    anchors: await anchorFacts(deps, now),
  }
}

async function anchorFacts(deps: Pick<Deps, 'db'>, now: number): Promise<Facts['anchors']> {
  const last = lastAnchors(deps)
  if (!last) return null
  let entriesSince = 0
  for (const orgId of await chainIds(deps.db.read)) {
    const [end] = await deps.db.read.all<{ seq: number | null }>(
      sql`SELECT max(seq) AS seq FROM audit WHERE org_id = ${orgId}`,
    )
    entriesSince += (end?.seq ?? 0) - (last.ends.get(orgId) ?? 0)
  }
  return { ageSeconds: (now - last.at) / 1000, entriesSince }
}

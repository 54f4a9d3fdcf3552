import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Deps } from '../deps.ts'
import { invariantNames } from '../invariants/check.ts'
import { lastCheck } from '../invariants/watch.ts'
import { type Facts, readFacts } from './facts.ts'

export interface Metrics {
  contentType: string
  /** One request that has been answered. @param route its pattern, of a list that no request can add to */
  request(labels: { method: string; route: string; status: number }, seconds: number): void
  /** Everything in Prometheus' text format, as it is now. */
  scrape(): Promise<string>
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const refusals = new Set([401, 403, 429])

/**
 * What Prometheus reads of this process. Labels have few values, all of which the code knows: no ids, no names, no paths as they were
 * asked for, or the number of series would be in the hands of whoever asks.
 */
export function createMetrics(deps: Deps): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = new Histogram({
    name: 'remit_http_request_duration_seconds',
    help: 'Requests, by the pattern of their route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  const refused = new Counter({
    name: 'remit_http_refusals_total',
    help: 'Requests refused for who asks (401, 403) or how often (429).',
    labelNames: ['status'],
    registers,
  })
  for (const status of refusals) refused.inc({ status }, 0)
  const gauges = new Map<string, Gauge>()
  const set = (name: string, help: string, value: number, labels: Record<string, string> = {}) => {
    const gauge = gauges.get(name) ?? new Gauge({ name, help, labelNames: Object.keys(labels), registers })
    gauges.set(name, gauge)
    gauge.set(labels, value)
  }
  const stats = () => deps.db.stats()
  for (const [name, help, value] of [
    ['remit_db_writes_total', 'Transactions that were committed.', () => stats().writes],
    ['remit_db_rolled_back_total', 'Transactions that left nothing behind.', () => stats().rolledBack],
    ['remit_db_busy_total', 'Locks met that another process held.', () => stats().busy],
    ['remit_db_reopened_total', 'Connections dropped as suspect and opened anew.', () => stats().reopened],
  ] as const) {
    // The database counts for itself; a scrape brings the counter to where it is.
    let known = 0
    new Counter({
      name,
      help,
      registers,
      collect() {
        const now = value()
        this.inc(now - known)
        known = now
      },
    })
  }
  return {
    contentType: registry.contentType,
    request({ method, route, status }, seconds) {
      requests.observe({ method: methods.has(method) ? method : 'other', route, status }, seconds)
      if (refusals.has(status)) refused.inc({ status })
    },
    async scrape() {
      setFacts(set, await readFacts(deps))
      setCheck(set, deps)
      set('remit_db_pending_writes', 'Writers that run or wait now.', stats().pending)
      return registry.metrics()
    },
  }
}

type Set = (name: string, help: string, value: number, labels?: Record<string, string>) => void

function setFacts(set: Set, facts: Facts): void {
  for (const { topic, oldestSeconds, failures, ...counts } of facts.topics) {
    for (const [state, count] of Object.entries(counts))
      set('remit_outbox_jobs', 'Work that is not done, by kind and state; parked work waits for people.', count, {
        topic,
        state,
      })
    set('remit_outbox_oldest_seconds', 'How long the first job in line is past its time.', oldestSeconds, { topic })
    set('remit_outbox_failures', 'Tries that failed, of the work that is not done.', failures, { topic })
  }
  const { inReview, ...states } = facts.attempts
  for (const [state, count] of Object.entries(states))
    set('remit_transfers_open', 'Transfers that are not over; unknown ones have had no answer.', count, { state })
  set('remit_transfers_in_review', 'Transfers whose outcome two people have to find out.', inReview)
  set('remit_organizations_paused', 'Companies whose transfers are paused.', facts.pausedOrganizations)
  set(
    'remit_emails_failed_last_hour',
    'Mails of the last hour that the mail server refused for good.',
    facts.emailsFailed,
  )
  set('remit_stripe_events_open', 'Webhooks that are stored and not worked on yet.', facts.events)
  set(
    'remit_audit_anchor_age_seconds',
    'Since the ends of the audit chains were last written down elsewhere; -1 before the first time.',
    facts.anchors?.ageSeconds ?? -1,
  )
  set(
    'remit_audit_unanchored_entries',
    'Entries of the audit log since then: what nothing protects yet.',
    facts.anchors?.entriesSince ?? 0,
  )
}

function setCheck(set: Set, deps: Deps): void {
  const last = lastCheck(deps)
  for (const invariant of invariantNames)
    set(
      'remit_invariant_violations',
      'What must always be so and is not, as of the last look.',
      last?.violations.get(invariant) ?? 0,
      { invariant },
    )
  set(
    'remit_invariants_age_seconds',
    'Since the last look; -1 before the first.',
    last ? (deps.clock.now() - last.at) / 1000 : -1,
  )
}

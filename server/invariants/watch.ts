import { eq, isNull, sql } from 'drizzle-orm'
import { organizations } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { notify } from '../email/notify.ts'
import { system, type Work, work } from '../work.ts'
import type { PeriodicTask } from '../worker/periodic.ts'
import { checkInvariants, type InvariantName, invariantNames, type Violation } from './check.ts'
import { standingViolations } from './standing.ts'

const minute = 60_000
/** What a person is told of at once; whoever has that many looks at the database, not at mails. */
const toldAtOnce = 100
/** Left to the command: it keeps the event loop from turning for as long as SQLite reads a table. */
export const notBesideRequests: readonly InvariantName[] = ['file_intact']

/** The last look that this process took, for its metrics. */
export interface LastCheck {
  /** UTC milliseconds */
  at: number
  /** How many were found, by invariant; those that hold are left out. */
  violations: Map<InvariantName, number>
}

const lastChecks = new WeakMap<Deps['db'], LastCheck>()

export function lastCheck(deps: Pick<Deps, 'db'>): LastCheck | null {
  return lastChecks.get(deps.db) ?? null
}

const began = new WeakMap<Deps['db'], number>()

/** Since when this process has been looking: what waited while none ran is late only once this one has had its time. */
export function workingSince({ db, clock }: Pick<Deps, 'db' | 'clock'>): number {
  const since = began.get(db) ?? clock.now()
  began.set(db, since)
  return since
}

/** Holds the database against every invariant, and raises the alarm over what does not hold. */
export function invariantsTask(everyMs = 15 * minute): PeriodicTask {
  return {
    name: 'invariants',
    everyMs,
    async run(deps) {
      const violations = await checkInvariants(deps.db.read, {
        now: deps.clock.now(),
        workingSince: workingSince(deps),
        skip: notBesideRequests,
      })
      await raise(deps, violations, { skipped: notBesideRequests })
    },
  }
}

/**
 * Writes down what is newly wrong and what is right again. New violations stop the sending of the company concerned, of all of them where
 * it is none's in particular, and are told to those who may resume it, once: what stands already, or was resumed in spite of, is left
 * as it is.
 * @param violations all that were found just now
 */
export async function raise(
  deps: Deps,
  violations: readonly Violation[],
  { skipped = [] }: { skipped?: readonly InvariantName[] } = {},
): Promise<void> {
  const found = new Map<InvariantName, number>()
  for (const { invariant } of violations) found.set(invariant, (found.get(invariant) ?? 0) + 1)
  lastChecks.set(deps.db, { at: deps.clock.now(), violations: found })
  const checked = new Set(invariantNames.filter(name => !skipped.includes(name)))
  for (const { id: orgId } of await deps.db.read.select({ id: organizations.id }).from(organizations)) {
    const own = violations.filter(one => one.orgId === orgId || one.orgId === null)
    const standing = await standingViolations(deps.db.read, orgId)
    if (own.length === 0 && standing.length === 0) continue
    await work(deps, { orgId, actor: system }, unit => record(unit, own, checked))
  }
  if (violations.length > 0)
    deps.log.error(
      {
        violations: violations.slice(0, 20).map(({ invariant, orgId, subject }) => ({ invariant, orgId, ...subject })),
      },
      'the database breaks its invariants',
    )
}

async function record(unit: Work, own: readonly Violation[], checked: Set<InvariantName>): Promise<void> {
  const standing = new Set((await standingViolations(unit.tx, unit.orgId)).map(one => one.key))
  const now = new Map(own.map(violation => [keyOf(violation), violation]))
  const fresh = [...now].filter(([key]) => !standing.has(key)).slice(0, toldAtOnce)
  const over = [...standing].filter(key => !now.has(key) && checked.has(invariantOf(key)))
  for (const [id, { says }] of fresh)
    unit.audit({ action: 'invariant.broken', target: { type: 'invariant', id }, after: { says } })
  for (const id of over) unit.audit({ action: 'invariant.holds', target: { type: 'invariant', id } })
  if (fresh.length === 0) return
  await unit.tx
    .update(organizations)
    .set({ transfersPausedAt: unit.at, transfersPausedBy: unit.actor.id, transfersPausedReason: pausedReason })
    .where(sql`${eq(organizations.id, unit.orgId)} AND ${isNull(organizations.transfersPausedAt)}`)
  notify(unit, {
    template: 'invariantsBroken',
    eventId: `${unit.orgId}:invariants:${unit.at}`,
    to: { staffWith: 'transfers.pause' },
    about: { foundAt: unit.at },
  })
  unit.changed('settings')
  unit.changed('payouts')
}

/** Whoever waits reads it on every page; what exactly is wrong is in the mail and in the audit log. */
const pausedReason =
  'Remit found something in its own books that can’t be right, and stopped sending before anything goes wrong with money. Owners and admins have a mail that says what.'

function keyOf({ invariant, subject }: Violation): string {
  return `${invariant}:${subject.id}`
}

function invariantOf(key: string): InvariantName {
  return key.slice(0, key.indexOf(':')) as InvariantName
}

import { and, eq, gt, isNull } from 'drizzle-orm'
import { memberships, sessions } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import type { Change } from '../changes.ts'
import type { Deps } from '../deps.ts'

/** What changed, by kind, since the last one; empty for a heartbeat. `at` in UTC milliseconds. */
export interface LiveChange {
  what: Change['what'][]
  at: number
}

export interface LiveTiming {
  /** At most one message in this time (ms): a bulk approval of thousands is one or two. */
  quietMs: number
  /** A message at least this often (ms), so that both ends, and proxies between them, know that the line stands. */
  heartbeatMs: number
  /** How often it is looked up whether the session still stands (ms). */
  recheckMs: number
}

export const liveTiming: LiveTiming = { quietMs: 500, heartbeatMs: 15_000, recheckMs: 30_000 }

/**
 * Tells one viewer that something they may see has changed; never what: the page reads it again, through the same gates as ever.
 * Ends when the session is over, its role or organization has changed, or the signal aborts.
 */
export async function* liveChanges(
  deps: Deps,
  { viewer, sessionId }: { viewer: Viewer; sessionId: string },
  signal: AbortSignal,
  timing: LiveTiming = liveTiming,
): AsyncGenerator<LiveChange, void> {
  const pending = new Set<Change['what']>()
  let wake = () => {}
  const unsubscribe = deps.changes.subscribe(change => {
    if (!concerns(viewer, change)) return
    pending.add(change.what)
    wake()
  })
  signal.addEventListener('abort', wakeUp)
  function wakeUp(): void {
    wake()
  }
  const until = (ms: number, done: () => boolean) =>
    waitUntil(ms, done, notify => {
      wake = notify
    })
  const take = (): LiveChange => {
    const what = [...pending]
    pending.clear()
    return { what, at: deps.clock.now() }
  }
  try {
    // The first says that the line stands: whatever happened before it, the page has to look for itself.
    yield take()
    let sinceCheck = 0
    while (!signal.aborted) {
      const wait = Math.min(timing.heartbeatMs, timing.recheckMs - sinceCheck)
      const slept = await until(wait, () => pending.size > 0 || signal.aborted)
      // Some more may be on their way: they go together.
      const gathered = await until(timing.quietMs, () => signal.aborted)
      sinceCheck += slept + gathered
      if (signal.aborted) return
      if (sinceCheck >= timing.recheckMs) {
        if (!(await stillStands(deps, viewer, sessionId))) return
        sinceCheck = 0
      }
      yield take()
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', wakeUp)
  }
}

/** Waits for `ms`, or until `done` after a notification. Returns how long, at most `ms`. */
async function waitUntil(ms: number, done: () => boolean, listen: (notify: () => void) => void): Promise<number> {
  if (done() || ms <= 0) return 0
  const started = performance.now()
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, ms)
    listen(() => {
      if (!done()) return
      clearTimeout(timer)
      resolve()
    })
  })
  listen(() => {})
  return Math.min(ms, performance.now() - started)
}

/** Staff hear of all that happens in their organization; a partner of its own, and that there was something about payouts or settings. */
function concerns({ orgId, partnerId }: Viewer, change: Change): boolean {
  if (change.orgId !== orgId) return false
  if (partnerId === null) return true
  if (change.partnerId !== null) return change.partnerId === partnerId
  return change.what === 'payouts' || change.what === 'settings'
}

/** Whether the session is alive, and still means the same person in the same role. */
export async function stillStands(deps: Deps, viewer: Viewer, sessionId: string): Promise<boolean> {
  const now = deps.clock.now()
  const [found] = await deps.db.read
    .select({ role: memberships.role, partnerId: memberships.partnerId })
    .from(sessions)
    .innerJoin(memberships, eq(memberships.userId, sessions.userId))
    .where(
      and(
        eq(sessions.id, sessionId),
        gt(sessions.idleExpiresAt, now),
        gt(sessions.absoluteExpiresAt, now),
        eq(memberships.id, viewer.membershipId),
        isNull(memberships.disabledAt),
      ),
    )
  return found !== undefined && found.role === viewer.role && found.partnerId === viewer.partnerId
}

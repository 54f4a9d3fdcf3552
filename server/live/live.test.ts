import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { eq } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { memberships, sessions } from '#db/schema/index.ts'
import { readViewer } from '../auth/sessions.ts'
import { aSession, contextFor } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aMember, anOrg, type Member } from '../test/factories.ts'
import { router } from '../trpc.ts'
import { liveRouter } from './router.ts'
import { type LiveChange, type LiveTiming, liveChanges } from './stream.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const quick: LiveTiming = { quietMs: 20, heartbeatMs: 10_000, recheckMs: 10_000 }

/** Listens as a member does; `heard` is what came, `ended` whether the stream is over. */
async function listen(deps: TestDeps, member: Member, timing: LiveTiming = quick) {
  const { sessionId } = await aSession(deps, member)
  const controller = new AbortController()
  cleanups.push(() => controller.abort())
  const state = { heard: [] as LiveChange[], ended: false }
  void (async () => {
    for await (const change of liveChanges(deps, { viewer: member.viewer, sessionId }, controller.signal, timing))
      state.heard.push(change)
    state.ended = true
  })()
  await vi.waitFor(() => expect(state.heard.length).toBeGreaterThan(0))
  return {
    ...state,
    state,
    sessionId,
    abort: () => controller.abort(),
    kinds: () => state.heard.flatMap(change => change.what),
  }
}

async function company() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const admin = await aMember(deps, { role: 'admin', org })
  const partner = await aMember(deps, { role: 'partner', org })
  const sibling = await aMember(deps, { role: 'partner', org })
  const stranger = await aMember(deps, { role: 'owner' })
  return { deps, org, admin, partner, sibling, stranger }
}

test('staff hear of all in their organization; a partner of its own and of what may concern it; nobody of others', async () => {
  const { deps, org, admin, partner, sibling, stranger } = await company()
  const listeners = {
    admin: await listen(deps, admin),
    partner: await listen(deps, partner),
    sibling: await listen(deps, sibling),
    stranger: await listen(deps, stranger),
  }
  const own = partner.partner?.id ?? ''
  deps.changes.publish({ orgId: org.id, partnerId: own, what: 'partners' })
  deps.changes.publish({ orgId: org.id, partnerId: null, what: 'jobs' })
  deps.changes.publish({ orgId: org.id, partnerId: null, what: 'payouts' })
  deps.changes.publish({ orgId: org.id, partnerId: null, what: 'team' })
  deps.changes.publish({ orgId: stranger.org.id, partnerId: null, what: 'settings' })
  await vi.waitFor(() => {
    expect(listeners.admin.kinds()).toEqual(['partners', 'jobs', 'payouts', 'team'])
    expect(listeners.partner.kinds()).toEqual(['partners', 'payouts'])
    expect(listeners.sibling.kinds()).toEqual(['payouts'])
    expect(listeners.stranger.kinds()).toEqual(['settings'])
  })
  for (const { state } of Object.values(listeners))
    for (const change of state.heard) expect(Object.keys(change).sort()).toEqual(['at', 'what'])
})

test('a thousand changes are one message, or two', async () => {
  const { deps, org, admin } = await company()
  const listener = await listen(deps, admin, { ...quick, quietMs: 60 })
  for (let i = 0; i < 1_000; i++)
    deps.changes.publish({ orgId: org.id, partnerId: null, what: i % 2 ? 'payouts' : 'emails' })
  await vi.waitFor(() => expect(listener.state.heard.length).toBeGreaterThan(1))
  expect(listener.state.heard.slice(1)).toEqual([{ what: ['emails', 'payouts'], at: deps.clock.now() }])
})

test('it beats while nothing happens', async () => {
  const { deps, admin } = await company()
  const listener = await listen(deps, admin, { ...quick, quietMs: 1, heartbeatMs: 5 })
  await vi.waitFor(() => expect(listener.state.heard.length).toBeGreaterThan(3))
  expect(listener.kinds()).toEqual([])
})

test.each<[string, (deps: TestDeps, member: Member, sessionId: string) => unknown]>([
  [
    'its session was ended',
    (deps, _member, sessionId) => deps.db.write(tx => tx.delete(sessions).where(eq(sessions.id, sessionId))),
  ],
  ['its session has expired', deps => deps.clock.advance(30 * 24 * 3_600_000)],
  [
    'the person was disabled',
    (deps, member) =>
      deps.db.write(tx => tx.update(memberships).set({ disabledAt: 1 }).where(eq(memberships.id, member.membershipId))),
  ],
  [
    'the person has another role',
    (deps, member) =>
      deps.db.write(tx =>
        tx.update(memberships).set({ role: 'viewer' }).where(eq(memberships.id, member.membershipId)),
      ),
  ],
])('it ends when %s', async (_name, change) => {
  const { deps, admin } = await company()
  const listener = await listen(deps, admin, { quietMs: 1, heartbeatMs: 5, recheckMs: 10 })
  await vi.waitFor(() => expect(listener.state.heard.length).toBeGreaterThan(4))
  expect(listener.state.ended).toBe(false)
  await change(deps, admin, listener.sessionId)
  await vi.waitFor(() => expect(listener.state.ended).toBe(true))
})

test('a page that is closed is forgotten', async () => {
  const { deps, admin } = await company()
  let listeners = 0
  const { subscribe } = deps.changes
  deps.changes.subscribe = listener => {
    listeners++
    const end = subscribe(listener)
    return () => {
      listeners--
      end()
    }
  }
  const listener = await listen(deps, admin)
  expect(listeners).toBe(1)
  listener.abort()
  await vi.waitFor(() => expect({ listeners, ended: listener.state.ended }).toEqual({ listeners: 0, ended: true }))
})

test('over HTTP: server-sent events for who is signed in, a refusal for who is not', async () => {
  const { deps, org, admin } = await company()
  const { cookie } = await aSession(deps, admin)
  const appRouter = router({ live: liveRouter })
  const server = createHTTPServer({
    router: appRouter,
    async createContext({ req }) {
      const found = await readViewer(deps, req.headers.cookie ?? null)
      return contextFor(deps, found?.viewer ?? null, { sessionId: found?.sessionId ?? null })
    },
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  // tRPC answers subscriptions with 200 always, and refuses inside the stream.
  const refused = await fetch(`${url}/live.changes`, { headers: { accept: 'text/event-stream' } })
  expect(await refused.text()).toMatch(
    /^event: connected\ndata: .*\n\n\nevent: serialized-error\ndata: .*"code":"UNAUTHORIZED"/,
  )
  const response = await fetch(`${url}/live.changes`, { headers: { accept: 'text/event-stream', cookie } })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  cleanups.push(() => reader.cancel())
  let text = ''
  const readUntil = async (wanted: string) => {
    while (!text.includes(wanted)) text += (await reader.read()).value ?? ''
  }
  await readUntil('"what":[]')
  deps.changes.publish({ orgId: org.id, partnerId: null, what: 'payouts' })
  await readUntil('"what":["payouts"]')
})

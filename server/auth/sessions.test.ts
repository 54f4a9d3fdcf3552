import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { memberships, sessions, users } from '#db/schema/index.ts'
import { sha256 } from '#server/deps.ts'
import { aSession, contextFor } from '#server/test/callers.ts'
import { testConfig, testDeps } from '#server/test/deps.ts'
import { aMember, anOrg, aPartner } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { absoluteMs, clearCookie, idleMs } from './lucia.ts'
import { authRouter } from './router.ts'
import { deleteExpired, readViewer, touchMs } from './sessions.ts'

const createCaller = createCallerFactory(authRouter)
const minute = 60_000

test('the cookie on https is bound to the host, and out of reach of scripts and other sites', async () => {
  const deps = await testDeps({ config: testConfig({ PUBLIC_URL: 'https://partners.acme.example' }) })
  const { token } = await aSession(deps, await aMember(deps, { role: 'admin' }))
  const context = contextFor(deps, null)
  await createCaller(context).signOut()
  expect(context.cookies).toEqual(['__Host-remit_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure'])
  expect(await readViewer(deps, `__Host-remit_session=${token}`)).not.toBeNull()
  expect(await readViewer(deps, `remit_session=${token}`)).toBeNull()
})

test('the cookie on plain http has a plain name, since browsers refuse the other there', async () => {
  const deps = await testDeps()
  const { token, cookie } = await aSession(deps, await aMember(deps, { role: 'admin' }))
  expect(cookie).toBe(`remit_session=${token}`)
  expect(clearCookie(deps)).toBe('remit_session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax')
})

test('a session names the person, the organization and the role, and its cookie is read among others', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'manager' })
  const { cookie, sessionId } = await aSession(deps, member)
  expect(await readViewer(deps, `theme=dark; ${cookie}; x=1`)).toMatchObject({ viewer: member.viewer, sessionId })
})

test('a token has 256 bits, and the database holds only its hash', async () => {
  const deps = await testDeps()
  const { token, sessionId } = await aSession(deps, await aMember(deps, { role: 'admin' }))
  expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  expect(sessionId).toBe(sha256(token))
  expect(JSON.stringify(await deps.db.read.select().from(sessions))).not.toContain(token)
  expect(await readViewer(deps, `remit_session=${sessionId}`)).toBeNull()
})

test.each([
  null,
  '',
  'remit_session=',
  'remit_session=x',
  'remit_session=%',
  'a=%E0%A4%A; remit_session=x',
  `remit_session=${'x'.repeat(5000)}`,
  '=;;=',
  '\u0000',
])('the cookie header %j opens nothing and breaks nothing', async header => {
  expect(await readViewer(await testDeps(), header)).toBeNull()
})

test('a session that is not used ends after twelve hours', async () => {
  const deps = await testDeps()
  const { cookie } = await aSession(deps, await aMember(deps, { role: 'admin' }))
  deps.clock.advance(idleMs - 1)
  expect(await readViewer(deps, cookie)).not.toBeNull()
  deps.clock.advance(idleMs - 1)
  expect(await readViewer(deps, cookie)).not.toBeNull()
  deps.clock.advance(idleMs)
  expect(await readViewer(deps, cookie)).toBeNull()
})

test('a session that is used all the time ends after fourteen days', async () => {
  const deps = await testDeps()
  const { cookie } = await aSession(deps, await aMember(deps, { role: 'admin' }))
  const end = deps.clock.now() + absoluteMs
  while (deps.clock.now() + 6 * 60 * minute < end) {
    deps.clock.advance(6 * 60 * minute)
    expect(await readViewer(deps, cookie)).not.toBeNull()
  }
  deps.clock.set(end - 1)
  expect(await readViewer(deps, cookie)).not.toBeNull()
  deps.clock.set(end)
  expect(await readViewer(deps, cookie)).toBeNull()
})

test('being seen is written at most every five minutes', async () => {
  const deps = await testDeps()
  const { cookie } = await aSession(deps, await aMember(deps, { role: 'admin' }))
  const before = deps.db.stats().writes
  deps.clock.advance(touchMs - 1)
  await readViewer(deps, cookie)
  expect(deps.db.stats().writes).toBe(before)
  deps.clock.advance(1)
  await Promise.all(Array.from({ length: 5 }, () => readViewer(deps, cookie)))
  await readViewer(deps, cookie)
  const [row] = await deps.db.read.select().from(sessions)
  expect(row?.lastSeenAt).toBe(deps.clock.now())
  const after = deps.db.stats().writes
  await readViewer(deps, cookie)
  expect(deps.db.stats().writes).toBe(after)
})

test('a database that takes no writes can still be read by who is signed in', async () => {
  const deps = await testDeps()
  const { cookie } = await aSession(deps, await aMember(deps, { role: 'admin' }))
  deps.clock.advance(touchMs)
  const failing = { ...deps, db: { ...deps.db, write: () => Promise.reject(new Error('SQLITE_BUSY')) } }
  expect(await readViewer(failing, cookie)).not.toBeNull()
  expect(deps.log.lines).toMatchObject([{ level: 'warn', message: 'could not note that a session was seen' }])
})

test('the role and the name are those in the database now, whatever they were at sign-in', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'owner' })
  const { cookie } = await aSession(deps, member)
  await aMember(deps, { role: 'owner', org: member.org })
  await deps.db.write(async tx => {
    await tx.update(memberships).set({ role: 'viewer' }).where(eq(memberships.id, member.membershipId))
    await tx.update(users).set({ name: 'Renamed' }).where(eq(users.id, member.user.id))
  })
  expect((await readViewer(deps, cookie))?.viewer).toMatchObject({ role: 'viewer', name: 'Renamed' })
})

test('a disabled membership opens nothing at once; another one of the same person takes its place', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin' })
  const { cookie } = await aSession(deps, member)
  const disable = () =>
    deps.db.write(tx =>
      tx.update(memberships).set({ disabledAt: deps.clock.now() }).where(eq(memberships.id, member.membershipId)),
    )
  await disable()
  expect(await readViewer(deps, cookie)).toBeNull()
  const other = await aMember(deps, { role: 'partner', user: member.user })
  expect((await readViewer(deps, cookie))?.viewer).toEqual(other.viewer)
})

test('a partner in one organization is an admin in another, and turns from one to the other under a new token', async () => {
  const deps = await testDeps()
  const admin = await aMember(deps, { role: 'admin' })
  const partnerOrg = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: partnerOrg.id, name: 'Northwind' })
  const asPartner = await aMember(deps, { role: 'partner', org: partnerOrg, user: admin.user, partner })
  const { cookie, sessionId } = await aSession(deps, admin)
  const context = contextFor(deps, admin.viewer, { sessionId })
  const me = await createCaller(context).me()
  expect(me.memberships).toMatchObject([
    { id: admin.membershipId, role: 'admin', current: true, partnerName: null },
    { id: asPartner.membershipId, role: 'partner', current: false, partnerName: 'Northwind' },
  ])
  const { home } = await createCaller(context).switchOrganization({ membershipId: asPartner.membershipId })
  expect(home).toBe('/portal')
  expect(await readViewer(deps, cookie)).toBeNull()
  const renewed = await readViewer(deps, context.cookies[0])
  expect(renewed?.viewer).toEqual(asPartner.viewer)
  expect(await deps.db.read.select().from(sessions)).toHaveLength(1)
})

test('somebody else’s membership is not found, and neither is an own one that is disabled', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin' })
  const stranger = await aMember(deps, { role: 'viewer' })
  const disabled = await aMember(deps, { role: 'viewer', user: member.user, disabledAt: deps.clock.now() })
  const { sessionId, cookie } = await aSession(deps, member)
  const caller = createCaller(contextFor(deps, member.viewer, { sessionId }))
  for (const { membershipId } of [stranger, disabled])
    await expect(caller.switchOrganization({ membershipId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await readViewer(deps, cookie))?.viewer).toEqual(member.viewer)
})

test('people see and end their own sessions, and nobody else’s', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'viewer' })
  const stranger = await aSession(deps, await aMember(deps, { role: 'viewer' }))
  const phone = await aSession(deps, member, {
    address: '203.0.113.9',
    device:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1',
  })
  deps.clock.advance(minute)
  const laptop = await aSession(deps, member)
  const caller = createCaller(contextFor(deps, member.viewer, { sessionId: laptop.sessionId }))
  expect(await caller.sessions()).toMatchObject([
    { id: laptop.sessionId, current: true },
    { id: phone.sessionId, current: false, device: 'Safari on iPhone', address: '203.0.113.9' },
  ])
  await expect(caller.endSession({ id: stranger.sessionId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await readViewer(deps, stranger.cookie)).not.toBeNull()
  expect(await caller.endSession({ id: phone.sessionId })).toEqual({ current: false })
  expect(await readViewer(deps, phone.cookie)).toBeNull()
  const again = await aSession(deps, member)
  expect(await caller.endOtherSessions()).toEqual({ ended: 1 })
  expect(await readViewer(deps, again.cookie)).toBeNull()
  expect(await readViewer(deps, laptop.cookie)).not.toBeNull()
})

test('signing out ends the session on the server, and clears the cookie even when it was over', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'viewer' })
  const { cookie, sessionId } = await aSession(deps, member)
  const context = contextFor(deps, member.viewer, { sessionId })
  await createCaller(context).signOut()
  expect(await readViewer(deps, cookie)).toBeNull()
  await createCaller(context).signOut()
  expect(context.cookies).toEqual([clearCookie(deps), clearCookie(deps)])
})

test('housekeeping forgets what has expired, and only that', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'viewer' })
  await aSession(deps, member)
  deps.clock.advance(idleMs)
  const { sessionId } = await aSession(deps, member)
  await deleteExpired(deps)
  expect((await deps.db.read.select().from(sessions)).map(({ id }) => id)).toEqual([sessionId])
})

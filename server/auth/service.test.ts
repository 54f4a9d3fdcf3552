import { eq } from 'drizzle-orm'
import { beforeEach, expect, test, vi } from 'vitest'
import { audit, memberships, outbox, sessions, users } from '#db/schema/index.ts'
import { aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, aUser, type Member } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { authRouter } from './router.ts'
import { readViewer } from './sessions.ts'

const hashed = vi.hoisted(() => ({ verify: 0, hash: 0, during: null as null | (() => Promise<unknown>) }))
vi.mock('@node-rs/argon2', async original => {
  const real = await original<typeof import('@node-rs/argon2')>()
  return {
    ...real,
    hash: (...args: Parameters<typeof real.hash>) => {
      hashed.hash++
      return real.hash(...args)
    },
    verify: async (...args: Parameters<typeof real.verify>) => {
      hashed.verify++
      const result = await real.verify(...args)
      await hashed.during?.()
      return result
    },
  }
})
beforeEach(() => {
  Object.assign(hashed, { verify: 0, hash: 0, during: null })
})

const createCaller = createCallerFactory(authRouter)
const password = 'violet tractor sings'
const next = 'marble otter at noon'

/** The refusal as a client gets to see it. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was refused',
    error =>
      JSON.stringify({
        code: error.code,
        message: error.message,
        fields: error.cause?.fields,
        retryAfterMs: error.cause?.retryAfterMs,
      }),
  )
}

const signIn = (deps: TestDeps, email: string, tried: string, given = {}) =>
  createCaller(contextFor(deps, null, given)).signIn({ email, password: tried })

async function signedIn(deps: TestDeps, member: Member) {
  const session = await aSession(deps, member)
  const context = contextFor(deps, member.viewer, { sessionId: session.sessionId })
  return { ...session, context, api: createCaller(context) }
}

test('signing in opens a session and leads to where the role works', async () => {
  const deps = await testDeps()
  const staff = await aMember(deps, { role: 'viewer', password })
  const partner = await aMember(deps, { role: 'partner', password })
  const context = contextFor(deps, null)
  expect(await createCaller(context).signIn({ email: ` ${staff.user.email.toUpperCase()} `, password })).toEqual({
    home: '/admin',
  })
  expect((await readViewer(deps, context.cookies[0]))?.viewer).toEqual(staff.viewer)
  expect(await signIn(deps, partner.user.email, password)).toEqual({ home: '/portal' })
  expect(await deps.db.read.select().from(audit).where(eq(audit.orgId, staff.org.id))).toMatchObject([
    { action: 'auth.signIn', actorId: staff.user.id, actorName: staff.user.name },
  ])
})

test('known and unknown addresses get the same answer, byte for byte, through every stage of throttling', async () => {
  const answers = async (email: string) => {
    const deps = await testDeps()
    await aMember(deps, { role: 'admin', user: await aUser(deps, { email: 'dana@acme.example', password }) })
    const heard: string[] = []
    for (let i = 0; i < 12; i++) {
      heard.push(await refusal(signIn(deps, email, 'wrong password')))
      deps.clock.advance(20_000)
    }
    return heard
  }
  const known = await answers('dana@acme.example')
  expect(known).toEqual(await answers('nobody@acme.example'))
  expect(known.slice(0, 5).every(answer => answer.includes('UNAUTHORIZED'))).toBe(true)
  expect(known.some(answer => answer.includes('TOO_MANY'))).toBe(true)
})

test('known and unknown addresses, and accounts without a password, cost exactly one hash', async () => {
  const deps = await testDeps()
  const known = await aMember(deps, { role: 'admin', password })
  const withoutPassword = await aMember(deps, { role: 'admin' })
  for (const email of [known.user.email, withoutPassword.user.email, 'nobody@acme.example']) {
    Object.assign(hashed, { verify: 0, hash: 0 })
    await refusal(signIn(deps, email, 'wrong password'))
    expect(hashed).toMatchObject({ verify: 1, hash: 0 })
  }
})

test('what is throttled is not hashed', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password })
  hashed.verify = 0
  for (let i = 0; i < 10; i++) await refusal(signIn(deps, user.email, 'wrong password'))
  expect(hashed.verify).toBe(5)
  expect(await refusal(signIn(deps, user.email, password))).toContain('TOO_MANY')
})

test('neither passwords nor addresses of mail are logged', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password })
  await refusal(signIn(deps, user.email, 'wrong password'))
  await refusal(signIn(deps, 'nobody@acme.example', 'wrong password'))
  const lines = JSON.stringify(deps.log.lines)
  expect(deps.log.lines).toHaveLength(2)
  expect(lines).not.toContain('wrong password')
  expect(lines).not.toContain(user.email)
  expect(lines).not.toContain('nobody@acme.example')
})

test('a session that the browser had before sign-in, planted or own, is worth nothing after it', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin', password })
  const planted = await aSession(deps, await aMember(deps, { role: 'viewer' }))
  const context = contextFor(deps, null, { sessionId: planted.sessionId })
  await createCaller(context).signIn({ email: member.user.email, password })
  expect(await readViewer(deps, planted.cookie)).toBeNull()
  expect(context.cookies[0]).not.toContain(planted.token)
})

test('a token that a browser brought along never becomes a session’s', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin', password })
  const cookie = 'remit_session=a-token-that-an-attacker-chose'
  const context = contextFor(deps, null)
  await createCaller(context).signIn({ email: member.user.email, password })
  expect(context.cookies.join()).not.toContain('attacker')
  expect(await readViewer(deps, cookie)).toBeNull()
})

test('a hash of older parameters is renewed at sign-in', async () => {
  const deps = await testDeps()
  const { hash } = await import('@node-rs/argon2')
  const old = await hash(password, { memoryCost: 12_288, timeCost: 3, parallelism: 1 })
  const member = await aMember(deps, { role: 'admin', user: await aUser(deps, { passwordHash: old }) })
  await signIn(deps, member.user.email, password)
  const [user] = await deps.db.read.select().from(users).where(eq(users.id, member.user.id))
  expect(user?.passwordHash).toContain('m=19456,t=2,p=1')
  expect(await signIn(deps, member.user.email, password)).toEqual({ home: '/admin' })
})

test('a password that is replaced while it is being checked opens no session', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password })
  hashed.during = () =>
    deps.db.write(tx => tx.update(users).set({ passwordHash: 'replaced' }).where(eq(users.id, user.id)))
  expect(await refusal(signIn(deps, user.email, password))).toContain('UNAUTHORIZED')
  expect(await deps.db.read.select().from(sessions)).toEqual([])
})

test('who belongs nowhere any more learns it, but only with the right password', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password, disabledAt: 1 })
  expect(await refusal(signIn(deps, user.email, 'wrong password'))).toContain('UNAUTHORIZED')
  expect(await refusal(signIn(deps, user.email, password))).toContain('FORBIDDEN')
  expect(await deps.db.read.select().from(sessions)).toEqual([])
})

test('who is staff in one organization and a partner in another starts with the first', async () => {
  const deps = await testDeps()
  const partner = await aMember(deps, { role: 'partner', password })
  await aMember(deps, { role: 'viewer', user: partner.user })
  expect(await signIn(deps, partner.user.email, password)).toEqual({ home: '/admin' })
})

test('a new password takes the current one, gives this session a new token and ends the others', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin', password })
  const elsewhere = await aSession(deps, member)
  const { api, context, cookie } = await signedIn(deps, member)
  expect(await refusal(api.changePassword({ current: 'wrong password', password: next }))).toContain(
    '"current":"That is not',
  )
  expect(await refusal(api.changePassword({ current: password, password: 'password12' }))).toContain('everybody uses')
  expect(await readViewer(deps, cookie)).not.toBeNull()
  expect(await api.changePassword({ current: password, password: next })).toEqual({ sessionsEnded: 1 })
  expect(await readViewer(deps, cookie)).toBeNull()
  expect(await readViewer(deps, elsewhere.cookie)).toBeNull()
  expect((await readViewer(deps, context.cookies[0]))?.viewer).toEqual(member.viewer)
  expect(await refusal(signIn(deps, member.user.email, password))).toContain('UNAUTHORIZED')
  expect(await signIn(deps, member.user.email, next)).toEqual({ home: '/admin' })
})

test('a changed password is told to its person by mail, and a refused change is not', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin', password })
  const { api } = await signedIn(deps, member)
  await refusal(api.changePassword({ current: 'wrong password', password: next }))
  expect(await deps.db.read.select().from(outbox)).toEqual([])
  await api.changePassword({ current: password, password: next })
  expect(await deps.db.read.select().from(outbox)).toMatchObject([
    { orgId: member.org.id, payload: { template: 'passwordChanged', to: { userId: member.user.id } } },
  ])
})

test('other sessions may be kept when the password changes', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin', password })
  const elsewhere = await aSession(deps, member)
  const { api } = await signedIn(deps, member)
  await api.changePassword({ current: password, password: next, endOtherSessions: false })
  expect(await readViewer(deps, elsewhere.cookie)).not.toBeNull()
})

test('a stolen session can’t be used to guess the password', async () => {
  const deps = await testDeps()
  const { api } = await signedIn(deps, await aMember(deps, { role: 'admin', password }))
  const answers: string[] = []
  for (let i = 0; i < 6; i++)
    answers.push(await refusal(api.changePassword({ current: 'wrong password', password: next })))
  expect(answers.at(-1)).toContain('TOO_MANY')
})

test('the own name can be changed, and the change is recorded', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'partner' })
  const { api } = await signedIn(deps, member)
  expect(await api.updateProfile({ name: '  Ana Nováková ' })).toEqual({ name: 'Ana Nováková' })
  await expect(api.updateProfile({ name: 'Ana\u202eexe' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  const entries = await deps.db.read.select().from(audit).where(eq(audit.action, 'auth.updateProfile'))
  expect(entries).toMatchObject([
    { before: JSON.stringify({ name: member.user.name }), after: JSON.stringify({ name: 'Ana Nováková' }) },
  ])
})

test('nobody is told who they are without a session', async () => {
  const deps = await testDeps()
  const nobody = createCaller(contextFor(deps, null))
  for (const call of [nobody.me(), nobody.sessions(), nobody.endOtherSessions(), nobody.updateProfile({ name: 'X' })])
    await expect(call).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  expect(await deps.db.read.select().from(memberships)).toEqual([])
})

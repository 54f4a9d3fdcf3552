import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, outbox, sessions, throttles, tokens } from '#db/schema/index.ts'
import { aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, aUser } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { mintPasswordReset } from './password-reset.ts'
import { authRouter } from './router.ts'
import { readViewer } from './sessions.ts'

const createCaller = createCallerFactory(authRouter)
const password = 'violet tractor sings'
const next = 'marble otter at noon'

const caller = (deps: TestDeps, given = {}) => createCaller(contextFor(deps, null, given))

async function aLink(deps: TestDeps, userId: string) {
  const minted = await mintPasswordReset(deps, userId)
  if (!minted) throw new Error('no link')
  return { ...minted, token: minted.url.split('/').at(-1) ?? '' }
}

test('asking answers the same for any address, and queues a mail only for one that somebody has', async () => {
  const deps = await testDeps()
  const { user, org } = await aMember(deps, { role: 'admin' })
  const known = await caller(deps).forgotPassword({ email: user.email })
  const unknown = await caller(deps).forgotPassword({ email: 'nobody@acme.example' })
  expect(JSON.stringify(known)).toBe(JSON.stringify(unknown))
  const jobs = await deps.db.read.select().from(outbox)
  expect(jobs).toMatchObject([
    { topic: 'email.send', payload: { template: 'passwordReset', to: { userId: user.id }, about: { orgId: org.id } } },
  ])
  expect(await deps.db.read.select().from(audit)).toHaveLength(2)
})

test('asking too often is refused alike for known and unknown addresses', async () => {
  const answers = async (email: string) => {
    const deps = await testDeps()
    await aMember(deps, { role: 'admin', user: await aUser(deps, { email: 'dana@acme.example' }) })
    const heard: string[] = []
    for (let i = 0; i < 5; i++)
      heard.push(
        await caller(deps)
          .forgotPassword({ email })
          .then(JSON.stringify, error => `${error.code} ${error.message} ${error.cause.retryAfterMs}`),
      )
    return heard
  }
  const known = await answers('dana@acme.example')
  expect(known).toEqual(await answers('nobody@acme.example'))
  expect(known.at(-1)).toContain('TOO_MANY')
})

test('the database holds no secret, neither while the mail waits nor after it is sent', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin' })
  await caller(deps).forgotPassword({ email: user.email })
  expect(await deps.db.read.select().from(tokens)).toEqual([])
  const { token, url } = await aLink(deps, user.id)
  expect(url).toBe(`http://127.0.0.1:3000/reset/${token}`)
  const dump = JSON.stringify(
    await Promise.all([tokens, outbox, audit, throttles, sessions].map(table => deps.db.read.select().from(table))),
  )
  expect(dump).not.toContain(token)
})

test('a link sets the password once, and ends every session and every other link', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin', password })
  const { cookie } = await aSession(deps, member)
  const [link, other] = [await aLink(deps, member.user.id), await aLink(deps, member.user.id)]
  const context = contextFor(deps, null)
  await createCaller(context).resetPassword({ token: link.token, password: next })
  expect(context.cookies[0]).toContain('Max-Age=0')
  expect(await readViewer(deps, cookie)).toBeNull()
  for (const { token } of [link, other])
    await expect(caller(deps).resetPassword({ token, password: 'yet another good one' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  await expect(caller(deps).signIn({ email: member.user.email, password })).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  })
  expect(await caller(deps).signIn({ email: member.user.email, password: next })).toEqual({ home: '/admin' })
})

test('a password that a link has set is told to its person, once, and a refused one is not', async () => {
  const deps = await testDeps()
  const { user, org } = await aMember(deps, { role: 'admin', password })
  const { token } = await aLink(deps, user.id)
  await expect(caller(deps).resetPassword({ token, password: 'password12' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  expect(await deps.db.read.select().from(outbox)).toEqual([])
  await caller(deps).resetPassword({ token, password: next })
  expect(await deps.db.read.select().from(outbox)).toMatchObject([
    {
      payload: {
        template: 'passwordChanged',
        to: { userId: user.id },
        about: { userId: user.id, orgId: org.id, by: 'link', changedAt: deps.clock.now() },
      },
    },
  ])
})

test('who belongs to no organization any more resets without a mail, which nobody could send', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password, disabledAt: 1 })
  const { token } = await aLink(deps, user.id)
  await caller(deps).resetPassword({ token, password: next })
  expect(await deps.db.read.select().from(outbox)).toEqual([])
})

test('a link works for ten minutes', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password })
  const [early, late] = [await aLink(deps, user.id), await aLink(deps, user.id)]
  expect(early.expiresAt - deps.clock.now()).toBe(600_000)
  deps.clock.advance(600_000)
  await expect(caller(deps).resetPassword({ token: early.token, password: next })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  deps.clock.advance(-1)
  await caller(deps).resetPassword({ token: late.token, password: next })
})

test('of two tabs with one link, one sets the password', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password })
  const { token } = await aLink(deps, user.id)
  const results = await Promise.allSettled([
    caller(deps).resetPassword({ token, password: next }),
    caller(deps).resetPassword({ token, password: 'yet another good one' }),
  ])
  expect(results.map(result => result.status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('a weak password is refused and leaves the link usable', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password })
  const { token } = await aLink(deps, user.id)
  await expect(caller(deps).resetPassword({ token, password: 'password12' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  await expect(caller(deps).resetPassword({ token, password: 'short' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await caller(deps).resetPassword({ token, password: next })
})

test('links can’t be tried without end', async () => {
  const deps = await testDeps()
  const codes: string[] = []
  for (let i = 0; i < 31; i++)
    await caller(deps)
      .resetPassword({ token: `guess-${i}-of-many-many-more`, password: next })
      .catch(error => codes.push(error.code))
  expect(codes.filter(code => code === 'NOT_FOUND')).toHaveLength(30)
  expect(codes.at(-1)).toBe('TOO_MANY_REQUESTS')
})

test('whoever resets gets in from there, even while guesses from elsewhere slow the account down', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, { role: 'admin', password })
  const attack = async (times: number) => {
    for (let i = 0; i < times; i++)
      await caller(deps, { address: `203.0.113.${i}` })
        .signIn({ email: user.email, password: 'wrong password' })
        .catch(() => null)
  }
  await attack(30)
  const home = { address: '198.51.100.7' }
  await expect(caller(deps, home).signIn({ email: user.email, password })).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
  })
  const { token } = await aLink(deps, user.id)
  await caller(deps, home).resetPassword({ token, password: next })
  expect(await caller(deps, home).signIn({ email: user.email, password: next })).toEqual({ home: '/admin' })
})

test('nobody gets a link for an account that is not there', async () => {
  const deps = await testDeps()
  expect(await mintPasswordReset(deps, 'usr_nobody')).toBeNull()
  expect(await deps.db.read.select().from(tokens).where(eq(tokens.kind, 'password_reset'))).toEqual([])
})

import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, outbox, sessions, signIns, tokens, users } from '#db/schema/index.ts'
import { sha256 } from '#server/deps.ts'
import { appRouter, createCaller } from '#server/router.ts'
import { aProof, aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, anOrg, type Member } from '#server/test/factories.ts'
import { anApp, recoveryCodesFor } from '#server/test/second-factors.ts'
import { system, work } from '#server/work.ts'
import { readSignInId, signInMs } from './lucia.ts'
import { hashPassword } from './password.ts'
import { resetMs } from './password-reset.ts'
import { deleteExpired, endUserSessions, readViewer } from './sessions.ts'

const password = 'violet tractor sings'
const minute = 60_000

/** Somebody with an app and recovery codes. */
async function protectedMember(deps: TestDeps, given: Partial<Parameters<typeof aMember>[1]> = {}) {
  const member = await aMember(deps, { role: 'admin', password, ...given })
  return { ...member, app: await anApp(deps, member.user), codes: await recoveryCodesFor(deps, member.user) }
}

/** The first step: the context of the browser that has done it. */
async function firstStep(deps: TestDeps, member: Member, given: Parameters<typeof contextFor>[2] = {}) {
  const first = contextFor(deps, null, given)
  const { home } = await createCaller(first).auth.signIn({ email: member.user.email, password })
  const signInId = readSignInId(deps, first.cookies[0]?.split(';')[0])
  const context = contextFor(deps, null, { ...given, signInId })
  return { home, first, context, api: createCaller(context) }
}

test('the password of somebody with a second factor opens no session; with the factor it does, under a new token', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const { home, first, context, api } = await firstStep(deps, member)
  expect(home).toBe('/verify')
  expect(first.cookies).toEqual([
    expect.stringMatching(/^remit_sign_in=[\w-]{43}; HttpOnly; Max-Age=600; Path=\/; SameSite=Lax$/),
  ])
  expect(await deps.db.read.select().from(sessions)).toEqual([])
  expect(await readViewer(deps, first.cookies[0])).toBeNull()
  expect(await api.auth.secondStep()).toEqual(['totp'])
  expect(await api.auth.finishSignIn({ by: 'totp', code: member.app.code() })).toEqual({
    home: '/admin',
    codesLeft: 10,
  })
  const session = await readViewer(deps, context.cookies[0])
  expect(session).toMatchObject({ viewer: member.viewer, proof: { at: deps.clock.now(), by: 'totp', totp: true } })
  expect(context.cookies[1]).toMatch(/^remit_sign_in=; HttpOnly; Max-Age=0/)
  expect(context.cookies[0]).not.toContain(first.cookies[0]?.split(/[=;]/)[1])
  expect(await deps.db.read.select().from(audit).where(eq(audit.orgId, member.org.id))).toMatchObject([
    { action: 'auth.signIn', after: expect.stringContaining('"by":"totp"') },
  ])
})

test('half signed in, every procedure but the open ones says: sign in first', async () => {
  const deps = await testDeps()
  const { context } = await firstStep(deps, await protectedMember(deps))
  const open = [
    ...['signIn', 'signOut', 'forgotPassword', 'resetPassword', 'invitation', 'acceptInvitation'],
    ...['secondStep', 'finishSignIn', 'beginPasskeySignIn', 'signInWithPasskey'],
  ].map(name => `auth.${name}`)
  const asked: string[] = []
  for (const path of Object.keys(appRouter._def.procedures)) {
    if (open.includes(path)) continue
    const [domain = '', name = ''] = path.split('.')
    const api = createCaller(context) as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>
    await expect(api[domain]?.[name]?.({}), path).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    asked.push(path)
  }
  expect(asked.length).toBeGreaterThan(100)
  expect(context.cookies).toEqual([])
})

test('a half-finished sign-in is over after ten minutes, and is finished once', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const late = await firstStep(deps, member)
  deps.clock.advance(signInMs)
  expect(await late.api.auth.secondStep()).toBeNull()
  await expect(late.api.auth.finishSignIn({ by: 'totp', code: member.app.code() })).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  })
  await deleteExpired(deps)
  expect(await deps.db.read.select().from(signIns)).toEqual([])
  const { api } = await firstStep(deps, member)
  deps.clock.advance(signInMs - 1)
  await api.auth.finishSignIn({ by: 'totp', code: member.app.code() })
  deps.clock.advance(minute)
  await expect(api.auth.finishSignIn({ by: 'totp', code: member.app.code() })).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  })
  expect(await deps.db.read.select().from(sessions)).toHaveLength(1)
})

test('a wrong code is refused, changes nothing, and the right one still works', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const { api, context } = await firstStep(deps, member)
  await expect(api.auth.finishSignIn({ by: 'totp', code: '000000' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(context.cookies).toEqual([])
  expect(await deps.db.read.select().from(sessions)).toEqual([])
  await api.auth.finishSignIn({ by: 'totp', code: member.app.code() })
  expect(JSON.stringify(deps.log.lines)).not.toContain('000000')
})

test('a recovery code works once, however it is typed, and its person is told by mail', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const [code = ''] = member.codes
  const typed = ` ${code.toUpperCase().replaceAll('-', ' ')} `
  const once = await firstStep(deps, member)
  expect(await once.api.auth.finishSignIn({ by: 'recovery', code: typed })).toEqual({ home: '/admin', codesLeft: 9 })
  const again = await firstStep(deps, member)
  await expect(again.api.auth.finishSignIn({ by: 'recovery', code })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(await deps.db.read.select().from(outbox)).toMatchObject([
    { topic: 'email.send', payload: { template: 'secondFactorChanged', about: { what: 'codeUsed' } } },
  ])
})

test('nobody signs in with somebody else’s codes', async () => {
  const deps = await testDeps()
  const [mine, theirs] = [await protectedMember(deps), await protectedMember(deps)]
  const { api } = await firstStep(deps, mine)
  await expect(api.auth.finishSignIn({ by: 'recovery', code: theirs.codes[0] ?? '' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
})

test('codes that are guessed are throttled; recovery codes, and whoever works from a known network, get in meanwhile', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const home = await firstStep(deps, member, { address: '203.0.113.1' })
  await home.api.auth.finishSignIn({ by: 'totp', code: member.app.code() })
  // A thief of the password tries from one network after another; a network's fifth try is its last for a while.
  let tried = 0
  let refused = 0
  for (let network = 0; network < 12; network++) {
    const thief = await firstStep(deps, member, { address: `198.51.100.${network}` })
    for (let i = 0; i < 8; i++)
      await thief.api.auth.finishSignIn({ by: 'totp', code: '000000' }).catch(error => {
        if (error.code === 'TOO_MANY_REQUESTS') refused++
        else tried++
      })
  }
  expect(tried).toBeLessThanOrEqual(11)
  expect(refused).toBeGreaterThan(80)
  deps.clock.advance(30_000)
  const elsewhere = await firstStep(deps, member, { address: '192.0.2.1' })
  await expect(elsewhere.api.auth.finishSignIn({ by: 'totp', code: member.app.code() })).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
  })
  await elsewhere.api.auth.finishSignIn({ by: 'recovery', code: member.codes[0] ?? '' })
  const back = await firstStep(deps, member, { address: '203.0.113.1' })
  await back.api.auth.finishSignIn({ by: 'totp', code: member.app.code() })
})

test('a right password alone makes no network known: a thief’s stays strange', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const thief = await firstStep(deps, member, { address: '198.51.100.9' })
  for (let i = 0; i < 11; i++) {
    await thief.api.auth.finishSignIn({ by: 'totp', code: '000000' }).catch(() => {})
    deps.clock.advance(50_000)
    if (i % 4 === 3) await firstStep(deps, member, { address: '198.51.100.9' })
  }
  const keys = await deps.db.read.query.throttles.findMany()
  expect(keys.filter(({ key }) => key.startsWith('known:'))).toEqual([])
})

test('a new password by mail skips no second factor, and ends what was half-finished', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const before = await firstStep(deps, member)
  const secret = 'x'.repeat(43)
  await deps.db.write(tx =>
    tx.insert(tokens).values({
      id: sha256(secret),
      kind: 'password_reset',
      email: member.user.email,
      userId: member.user.id,
      createdAt: deps.clock.now(),
      expiresAt: deps.clock.now() + resetMs,
    }),
  )
  await createCaller(contextFor(deps, null)).auth.resetPassword({ token: secret, password: 'marble otter at noon' })
  expect(await before.api.auth.secondStep()).toBeNull()
  const context = contextFor(deps, null)
  expect(
    await createCaller(context).auth.signIn({ email: member.user.email, password: 'marble otter at noon' }),
  ).toEqual({ home: '/verify' })
  expect(await readViewer(deps, context.cookies[0])).toBeNull()
  expect(await deps.db.read.select().from(sessions)).toEqual([])
})

test('joining another organization with the password skips no second factor either', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const org = await anOrg(deps)
  const invite = async (email: string) => {
    const owner = await aMember(deps, { role: 'owner', org })
    const { url } = await createCaller(contextFor(deps, owner.viewer)).orgs.invite({ email, role: 'viewer' })
    return url?.split('/').at(-1) ?? ''
  }
  const context = contextFor(deps, null)
  const token = await invite(member.user.email)
  expect(await createCaller(context).auth.acceptInvitation({ token, password })).toEqual({ home: '/verify' })
  expect(await deps.db.read.select().from(sessions)).toEqual([])
  const signInId = readSignInId(deps, context.cookies[0]?.split(';')[0])
  const second = contextFor(deps, null, { signInId })
  await createCaller(second).auth.finishSignIn({ by: 'totp', code: member.app.code() })
  expect((await readViewer(deps, second.cookies[0]))?.viewer).toMatchObject({ orgId: org.id, role: 'viewer' })
})

test('whoever is signed in joins with the proof they gave, and no newer one', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const { sessionId } = await aSession(deps, member)
  const provenAt = deps.clock.now()
  deps.clock.advance(30 * minute)
  const owner = await aMember(deps, { role: 'owner' })
  const { url } = await createCaller(contextFor(deps, owner.viewer)).orgs.invite({
    email: member.user.email,
    role: 'viewer',
  })
  const context = contextFor(deps, member.viewer, { sessionId })
  await createCaller(context).auth.acceptInvitation({ token: url?.split('/').at(-1) ?? '' })
  expect(await readViewer(deps, context.cookies[0])).toMatchObject({
    viewer: { orgId: owner.org.id },
    proof: { at: provenAt, by: 'totp' },
  })
})

test('the first step changes nothing for the session that the browser has; the second ends it', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const planted = await aSession(deps, await aMember(deps, { role: 'viewer' }))
  const { api } = await firstStep(deps, member, { sessionId: planted.sessionId })
  expect(await readViewer(deps, planted.cookie)).not.toBeNull()
  await api.auth.finishSignIn({ by: 'totp', code: member.app.code() })
  expect(await readViewer(deps, planted.cookie)).toBeNull()
})

test('ending somebody’s sessions ends their half-finished sign-ins', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const { api } = await firstStep(deps, member)
  await work(deps, { orgId: member.org.id, actor: system }, unit => endUserSessions(unit, member.user.id))
  expect(await api.auth.secondStep()).toBeNull()
})

test('the token in the cookie is in no row, and the cookie on https is bound to the host', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const { first } = await firstStep(deps, member)
  const token = first.cookies[0]?.split(/[=;]/)[1] ?? ''
  expect(JSON.stringify(await deps.db.read.select().from(signIns))).not.toContain(token)
  const https: TestDeps = { ...deps, config: { ...deps.config, PUBLIC_URL: 'https://partners.acme.example' } }
  const again = contextFor(https, null)
  await createCaller(again).auth.signIn({ email: member.user.email, password })
  expect(again.cookies[0]).toMatch(/^__Host-remit_sign_in=.*; Secure$/)
})

test('a proof is confirmed under a new token; the old one is dead, and ten minutes later it is asked again', async () => {
  const deps = await testDeps()
  const member = await protectedMember(deps)
  const { cookie, sessionId } = await aSession(deps, member)
  deps.clock.advance(11 * minute)
  const context = contextFor(deps, member.viewer, { sessionId, proof: aProof({ at: null }) })
  await createCaller(context).auth.confirm({ by: 'totp', code: member.app.code() })
  expect(await readViewer(deps, cookie)).toBeNull()
  expect((await readViewer(deps, context.cookies[0]))?.proof).toMatchObject({ at: deps.clock.now(), by: 'totp' })
  expect(await deps.db.read.select().from(audit).where(eq(audit.orgId, member.org.id))).toMatchObject([
    { action: 'auth.confirm', after: '{"by":"totp"}' },
  ])
})

test('the password confirms only for who has no second factor', async () => {
  const deps = await testDeps()
  const [member, plain] = [await protectedMember(deps), await aMember(deps, { role: 'admin', password })]
  const confirm = async (who: Member, given: string) => {
    const { sessionId } = await aSession(deps, who, undefined, 'password')
    const context = contextFor(deps, who.viewer, { sessionId, proof: aProof({ at: null }) })
    return createCaller(context).auth.confirm({ by: 'password', password: given })
  }
  await expect(confirm(member, password)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(confirm(plain, 'wrong password')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(await confirm(plain, password)).toEqual({ ok: true })
})

test('a password that was changed while it was checked confirms nothing', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin', password })
  const { sessionId } = await aSession(deps, member, undefined, 'password')
  const api = createCaller(contextFor(deps, member.viewer, { sessionId }))
  const other = await hashPassword('marble otter at noon')
  const racing = api.auth.confirm({ by: 'password', password })
  await deps.db.write(tx => tx.update(users).set({ passwordHash: other }).where(eq(users.id, member.user.id)))
  await expect(racing).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

import { eq } from 'drizzle-orm'
import { generateSync } from 'otplib'
import { expect, test } from 'vitest'
import { audit, memberships, organizations, outbox, recoveryCodes, sessions, totpFactors } from '#db/schema/index.ts'
import { sha256 } from '#server/deps.ts'
import { createCaller } from '#server/router.ts'
import { aProof, aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, type Member } from '#server/test/factories.ts'
import { anApp, recoveryCodesFor } from '#server/test/second-factors.ts'
import { readViewer } from './sessions.ts'

async function signedIn(deps: TestDeps, member: Member, proof = aProof({ at: deps.clock.now() })) {
  const { sessionId, cookie } = await aSession(deps, member)
  const context = contextFor(deps, member.viewer, { sessionId, proof })
  return { context, cookie, auth: createCaller(context).auth }
}

const codeOf = (deps: TestDeps, secret: string) =>
  generateSync({ secret: secret.replaceAll(' ', ''), epoch: Math.floor(deps.clock.now() / 1000) })

const mails = async (deps: TestDeps) =>
  (await deps.db.read.select().from(outbox)).map(({ payload }) => (payload as { about: { what: string } }).about.what)

test('an app is set up by a code, under a new token; recovery codes come with it, once, and other sessions end', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin' })
  const { context, cookie, auth } = await signedIn(deps, member)
  const other = await aSession(deps, member)
  const offer = await auth.offerTotp({})
  const { codes, sessionsEnded } = await auth.addTotp({ sealed: offer.sealed, code: codeOf(deps, offer.secret) })
  expect(sessionsEnded).toBe(1)
  expect(new Set(codes).size).toBe(10)
  for (const code of codes ?? []) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/)
  expect(await readViewer(deps, cookie)).toBeNull()
  expect(await readViewer(deps, other.cookie)).toBeNull()
  expect((await readViewer(deps, context.cookies[0]))?.proof).toEqual({
    ...{ at: deps.clock.now(), by: 'totp', totp: true, passkeys: false, required: true },
  })
  const stored = JSON.stringify(await deps.db.read.select().from(recoveryCodes))
  for (const code of codes ?? []) {
    expect(stored).not.toContain(code)
    expect(stored).toContain(sha256(code.replaceAll('-', '')))
  }
  expect(await mails(deps)).toEqual(['totpAdded'])
  expect(await deps.db.read.select().from(audit).where(eq(audit.orgId, member.org.id))).toMatchObject([
    { action: 'auth.totpAdded' },
  ])
})

test('a new app replaces the old one, whose codes end; the recovery codes stay', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'partner' })
  const old = await anApp(deps, member.user)
  await recoveryCodesFor(deps, member.user)
  const { auth, context } = await signedIn(deps, member)
  const offer = await auth.offerTotp({})
  const saved = await auth.addTotp({ sealed: offer.sealed, code: codeOf(deps, offer.secret), endOtherSessions: false })
  expect(saved).toEqual({ codes: null, sessionsEnded: 0 })
  expect(await mails(deps)).toEqual(['totpReplaced'])
  deps.clock.advance(30_000)
  const renewed = await readViewer(deps, context.cookies[0])
  const after = createCaller(contextFor(deps, member.viewer, { sessionId: renewed?.sessionId ?? null })).auth
  await expect(after.confirm({ by: 'totp', code: old.code() })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await after.confirm({ by: 'totp', code: codeOf(deps, offer.secret) })
})

test('without the last second factor there are no recovery codes, and the password alone signs in', async () => {
  const deps = await testDeps()
  const password = 'violet tractor sings'
  const member = await aMember(deps, { role: 'admin', password })
  await anApp(deps, member.user)
  await recoveryCodesFor(deps, member.user)
  const { auth } = await signedIn(deps, member)
  await auth.removeTotp({})
  expect(await deps.db.read.select().from(recoveryCodes)).toEqual([])
  expect(await mails(deps)).toEqual(['totpRemoved'])
  const signIn = createCaller(contextFor(deps, null)).auth.signIn({ email: member.user.email, password })
  expect(await signIn).toEqual({ home: '/admin' })
})

test('new recovery codes make the old ones worthless, and only who has a second factor gets any', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin' })
  await anApp(deps, member.user)
  const [old = ''] = await recoveryCodesFor(deps, member.user)
  const { auth, context } = await signedIn(deps, member)
  const { codes } = await auth.renewRecoveryCodes()
  expect(codes).toHaveLength(10)
  const renewed = await readViewer(deps, context.cookies[0])
  const after = createCaller(contextFor(deps, member.viewer, { sessionId: renewed?.sessionId ?? null })).auth
  await expect(after.confirm({ by: 'recovery', code: old })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(await after.factors()).toMatchObject({ codesLeft: 10, fewCodes: false })
  await after.confirm({ by: 'recovery', code: codes?.[0] ?? '' })
  const plain = await signedIn(deps, await aMember(deps, { role: 'admin' }))
  await expect(plain.auth.renewRecoveryCodes()).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('the page warns when three codes are left', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin' })
  await anApp(deps, member.user)
  const codes = await recoveryCodesFor(deps, member.user)
  const few = async () => (await signedIn(deps, member)).auth.factors()
  for (const code of codes.slice(0, 6)) await (await signedIn(deps, member)).auth.confirm({ by: 'recovery', code })
  expect(await few()).toMatchObject({ codesLeft: 4, fewCodes: false })
  await (await signedIn(deps, member)).auth.confirm({ by: 'recovery', code: codes[6] ?? '' })
  expect(await few()).toMatchObject({ codesLeft: 3, fewCodes: true })
})

test('the first second factor takes the password again, where that was given too long ago', async () => {
  const deps = await testDeps()
  const password = 'violet tractor sings'
  const member = await aMember(deps, { role: 'admin', password })
  const none = { by: 'password', totp: false } as const
  const stale = await signedIn(deps, member, aProof({ ...none, at: deps.clock.now() - 600_000 }))
  await expect(stale.auth.offerTotp({})).rejects.toMatchObject({ cause: { code: 'FRESH_AUTH', confirm: ['password'] } })
  await stale.auth.confirm({ by: 'password', password })
  const renewed = await readViewer(deps, stale.context.cookies[0])
  if (!renewed) throw new Error('the session is gone')
  expect(await createCaller(contextFor(deps, renewed.viewer, renewed)).auth.offerTotp({})).toMatchObject({
    sealed: /./,
  })
  // It sets up a second factor, and moves no money.
  await expect(
    createCaller(contextFor(deps, renewed.viewer, renewed)).payouts.bulkApprove({ payoutIds: ['pay_none'] }),
  ).rejects.toMatchObject({
    cause: { code: 'FRESH_AUTH', confirm: [] },
  })
})

test('an organization that asks for no second factor holds up only who has one', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'admin' })
  await deps.db.write(tx => tx.update(organizations).set({ twoFactorRequired: false }))
  const { cookie } = await aSession(deps, member, undefined, 'password')
  deps.clock.advance(3_600_000)
  const approve = async () => {
    const session = await readViewer(deps, cookie)
    if (!session) throw new Error('the session is gone')
    return createCaller(contextFor(deps, session.viewer, session)).payouts.bulkApprove({ payoutIds: ['pay_none'] })
  }
  expect(await approve()).toMatchObject({ approved: 0 })
  await anApp(deps, member.user)
  await expect(approve()).rejects.toMatchObject({ cause: { confirm: ['totp'] } })
})

test('an owner resets the second factors of somebody who lost them: recorded, mailed, all their sessions ended', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const member = await aMember(deps, { role: 'admin', org: owner.org, password: 'violet tractor sings' })
  await anApp(deps, member.user)
  await recoveryCodesFor(deps, member.user)
  const { cookie } = await aSession(deps, member)
  const api = createCaller(contextFor(deps, owner.viewer))
  expect((await api.orgs.team()).members.find(({ userId }) => userId === member.user.id)).toMatchObject({
    secondFactor: true,
    actions: ['changeRole', 'disable', 'endSessions', 'resetSecondFactor'],
  })
  await api.orgs.resetSecondFactor({ membershipId: member.membershipId })
  expect(await readViewer(deps, cookie)).toBeNull()
  expect(await deps.db.read.select().from(totpFactors)).toEqual([])
  expect(await deps.db.read.select().from(recoveryCodes)).toEqual([])
  expect(await deps.db.read.select().from(outbox)).toMatchObject([
    { payload: { to: { userId: member.user.id }, about: { what: 'reset', by: owner.user.name } } },
  ])
  const entries = await deps.db.read.select().from(audit).where(eq(audit.orgId, owner.org.id))
  expect(entries).toMatchObject([
    { action: 'orgs.resetSecondFactor', targetId: member.membershipId, actorId: owner.user.id },
  ])
})

test('an owner resets neither the own second factors, nor those of whoever another organization trusts too', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const member = await aMember(deps, { role: 'admin', org: owner.org })
  const elsewhere = await aMember(deps, { role: 'viewer', user: member.user })
  for (const { user } of [owner, member]) await anApp(deps, user)
  const api = createCaller(contextFor(deps, owner.viewer))
  const reset = ({ membershipId }: Member) => api.orgs.resetSecondFactor({ membershipId })
  await expect(reset(owner)).rejects.toMatchObject({ code: 'BAD_REQUEST', message: /under Account/ })
  await expect(reset(member)).rejects.toMatchObject({
    code: 'PRECONDITION_FAILED',
    message: /another organization too/,
  })
  expect(await deps.db.read.select().from(totpFactors)).toHaveLength(2)
  await deps.db.write(tx =>
    tx.update(memberships).set({ disabledAt: deps.clock.now() }).where(eq(memberships.id, elsewhere.membershipId)),
  )
  await reset(member)
  expect(await deps.db.read.select().from(totpFactors)).toHaveLength(1)
  expect(await deps.db.read.select().from(sessions)).toEqual([])
})

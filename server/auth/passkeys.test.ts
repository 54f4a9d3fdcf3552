import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, outbox, passkeyChallenges, passkeys, recoveryCodes, sessions } from '#db/schema/index.ts'
import { createCaller } from '#server/router.ts'
import { anAuthenticator, type Faults } from '#server/test/authenticator.ts'
import { aProof, aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testConfig, testDeps } from '#server/test/deps.ts'
import { aMember, type Member } from '#server/test/factories.ts'
import { readSignInId } from './lucia.ts'
import { ceremonyMs, mostPasskeys, passkeysPossible } from './passkeys.ts'
import { deleteExpired, readViewer } from './sessions.ts'

const origin = 'https://partners.acme.example'
const password = 'violet tractor sings'
const atAcme = () => testDeps({ config: testConfig({ PUBLIC_URL: origin }) })

async function signedIn(deps: TestDeps, member: Member) {
  const { sessionId, cookie } = await aSession(deps, member)
  const context = contextFor(deps, member.viewer, { sessionId })
  return { context, cookie, auth: createCaller(context).auth }
}

/** Somebody with one passkey, and the device that holds it. */
async function withPasskey(deps: TestDeps, given: Partial<Parameters<typeof aMember>[1]> = {}) {
  const member = await aMember(deps, { role: 'admin', password, ...given })
  const device = anAuthenticator(origin)
  const { auth } = await signedIn(deps, member)
  await auth.addPasskey({ response: device.create(await auth.beginAddingPasskey()), name: 'Blue key' })
  return { member, device }
}

test('a passkey is added: named, kept without its private key, recorded and mailed; the first brings recovery codes', async () => {
  const deps = await atAcme()
  const member = await aMember(deps, { role: 'admin' })
  const { context, cookie, auth } = await signedIn(deps, member)
  const other = await aSession(deps, member)
  const device = anAuthenticator(origin)
  const options = await auth.beginAddingPasskey()
  expect(options).toMatchObject({
    rp: { id: 'partners.acme.example' },
    attestation: 'none',
    authenticatorSelection: { userVerification: 'required' },
  })
  const saved = await auth.addPasskey({ response: device.create(options), name: 'Blue key' })
  expect(saved).toMatchObject({ sessionsEnded: 1, codes: expect.objectContaining({ length: 10 }) })
  expect(await readViewer(deps, other.cookie)).toBeNull()
  expect(await readViewer(deps, cookie)).toBeNull()
  expect((await readViewer(deps, context.cookies[0]))?.proof).toMatchObject({ by: 'passkey', passkeys: true })
  expect(await auth.factors()).toMatchObject({
    totp: null,
    passkeys: [{ id: device.id, name: 'Blue key', lastUsedAt: null }],
    codesLeft: 10,
  })
  expect(await deps.db.read.select().from(audit).where(eq(audit.orgId, member.org.id))).toMatchObject([
    { action: 'auth.passkeyAdded' },
  ])
  expect(await deps.db.read.select().from(outbox)).toMatchObject([
    { payload: { template: 'secondFactorChanged', about: { what: 'passkeyAdded', name: 'Blue key' } } },
  ])
})

test.each<[string, Faults]>([
  ['another site', { origin: 'https://partners.acme.example.evil.example' }],
  ['a plain page', { origin: 'http://partners.acme.example' }],
  ['another host’s key', { rpID: 'evil.example' }],
  ['a key that did not check its person', { userVerified: false }],
  ['a key that nobody touched', { userPresent: false }],
  ['an answer to another question', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
  ['a sign-in instead', { type: 'webauthn.get' }],
])('a new passkey from %s is refused', async (_, faults) => {
  const deps = await atAcme()
  const { auth } = await signedIn(deps, await aMember(deps, { role: 'admin' }))
  const response = anAuthenticator(origin).create(await auth.beginAddingPasskey(), faults)
  await expect(auth.addPasskey({ response, name: 'Key' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(await deps.db.read.select().from(passkeys)).toEqual([])
})

test.each(['', '{}', 'null', '[]', '{"id":"x"}', '\u0000'])('%j is no passkey', async response => {
  const deps = await atAcme()
  const { auth } = await signedIn(deps, await aMember(deps, { role: 'admin' }))
  await expect(auth.addPasskey({ response, name: 'Key' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(auth.confirm({ by: 'passkey', response })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('what was asked is answered once, by the one who was asked, within five minutes, and for what it was asked for', async () => {
  const deps = await atAcme()
  const mine = await signedIn(deps, await aMember(deps, { role: 'admin' }))
  const theirs = await signedIn(deps, await aMember(deps, { role: 'admin' }))
  const device = anAuthenticator(origin)
  const response = device.create(await mine.auth.beginAddingPasskey())
  await expect(theirs.auth.addPasskey({ response, name: 'Key' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await mine.auth.addPasskey({ response, name: 'Key' })
  await deps.db.write(tx => tx.delete(passkeys))
  const again = contextFor(deps, mine.context.viewer, { sessionId: mine.context.sessionId })
  await expect(createCaller(again).auth.addPasskey({ response, name: 'Key' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  const late = device.create(await theirs.auth.beginAddingPasskey())
  const forConfirming = device.create({
    ...(await theirs.auth.beginPasskeyConfirm()),
    rp: { id: 'partners.acme.example' },
    user: { id: 'x' },
  })
  await expect(theirs.auth.addPasskey({ response: forConfirming, name: 'Key' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  deps.clock.advance(ceremonyMs)
  await expect(theirs.auth.addPasskey({ response: late, name: 'Key' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await deleteExpired(deps)
  expect(await deps.db.read.select().from(passkeyChallenges)).toEqual([])
})

test('a passkey is one person’s, and nobody has more than twenty', async () => {
  const deps = await atAcme()
  const { device } = await withPasskey(deps)
  const member = await aMember(deps, { role: 'admin' })
  const { auth } = await signedIn(deps, member)
  const options = await auth.beginAddingPasskey()
  await expect(auth.addPasskey({ response: device.create(options), name: 'Copy' })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  const row = { userId: member.user.id, name: 'Key', publicKey: 'x', counter: 0, transports: [], createdAt: 1 }
  await deps.db.write(tx =>
    tx.insert(passkeys).values(Array.from({ length: mostPasskeys }, (_, index) => ({ ...row, id: `key ${index}` }))),
  )
  const full = (await signedIn(deps, member)).auth
  await expect(full.beginAddingPasskey()).rejects.toMatchObject({ message: /20 passkeys already/ })
})

test('a passkey finishes a sign-in that the password began', async () => {
  const deps = await atAcme()
  const { member, device } = await withPasskey(deps)
  const first = contextFor(deps, null)
  expect(await createCaller(first).auth.signIn({ email: member.user.email, password })).toEqual({ home: '/verify' })
  const context = contextFor(deps, null, { signInId: readSignInId(deps, first.cookies[0]?.split(';')[0]) })
  const { auth } = createCaller(context)
  expect(await auth.secondStep()).toEqual(['passkey'])
  const options = await auth.beginPasskeySignIn()
  expect(options.allowCredentials).toMatchObject([{ id: device.id }])
  await auth.finishSignIn({ by: 'passkey', response: device.get(options) })
  expect(await readViewer(deps, context.cookies[0])).toMatchObject({
    viewer: member.viewer,
    proof: { by: 'passkey', at: deps.clock.now() },
  })
})

test('a passkey alone signs in, and says whose it is', async () => {
  const deps = await atAcme()
  const { member, device } = await withPasskey(deps)
  const context = contextFor(deps, null)
  const { auth } = createCaller(context)
  const options = await auth.beginPasskeySignIn()
  expect(options.allowCredentials).toEqual([])
  expect(await auth.signInWithPasskey({ response: device.get(options) })).toEqual({ home: '/admin' })
  expect((await readViewer(deps, context.cookies[0]))?.viewer).toEqual(member.viewer)
})

test.each<[string, Faults]>([
  ['another site', { origin: 'https://evil.example' }],
  ['another host', { rpID: 'evil.example' }],
  ['a key that did not check its person', { userVerified: false }],
  ['a key that nobody touched', { userPresent: false }],
  ['an answer to another question', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
  ['another key', { foreignKey: true }],
  ['a key that thinks it is somebody else’s', { userHandle: Buffer.from('usr_other').toString('base64url') }],
  ['a copy that counts from the beginning', { counter: 1 }],
  ['a new passkey instead', { type: 'webauthn.create' }],
])('%s signs nobody in, and the answer is that for a passkey nobody has', async (_, faults) => {
  const deps = await atAcme()
  const { device } = await withPasskey(deps)
  await deps.db.write(tx => tx.delete(sessions))
  const { auth } = createCaller(contextFor(deps, null))
  const refused = await auth
    .signInWithPasskey({ response: device.get(await auth.beginPasskeySignIn(), faults) })
    .catch(error => `${error.code} ${error.message}`)
  const unknown = await auth
    .signInWithPasskey({ response: anAuthenticator(origin).get(await auth.beginPasskeySignIn()) })
    .catch(error => `${error.code} ${error.message}`)
  expect(refused).toBe(unknown)
  expect(refused).toMatch(/^UNAUTHORIZED/)
  expect(await deps.db.read.select().from(sessions)).toEqual([])
})

test('of twenty requests at once with one answer of a passkey, one gets through', async () => {
  const deps = await atAcme()
  const { device } = await withPasskey(deps)
  await deps.db.write(tx => tx.delete(sessions))
  const addresses = Array.from({ length: 20 }, (_, index) => `198.51.100.${index}`)
  const response = device.get(await createCaller(contextFor(deps, null)).auth.beginPasskeySignIn())
  const results = await Promise.allSettled(
    addresses.map(address => createCaller(contextFor(deps, null, { address })).auth.signInWithPasskey({ response })),
  )
  expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
  expect(await deps.db.read.select().from(sessions)).toHaveLength(1)
})

test('a stale session is confirmed by a passkey, of its own person only', async () => {
  const deps = await atAcme()
  const { member, device } = await withPasskey(deps)
  const other = await withPasskey(deps)
  const { sessionId } = await aSession(deps, member)
  const context = contextFor(deps, member.viewer, { sessionId, proof: aProof({ totp: false, passkeys: true }) })
  const { auth } = createCaller(context)
  expect(await auth.waysToConfirm()).toEqual(['passkey'])
  const theirs = other.device.get(await auth.beginPasskeyConfirm())
  await expect(auth.confirm({ by: 'passkey', response: theirs })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await auth.confirm({ by: 'passkey', response: device.get(await auth.beginPasskeyConfirm()) })
  expect((await readViewer(deps, context.cookies[0]))?.proof).toMatchObject({ by: 'passkey', at: deps.clock.now() })
})

test('a removed passkey opens nothing; with the last second factor the recovery codes go', async () => {
  const deps = await atAcme()
  const { member, device } = await withPasskey(deps)
  const other = await withPasskey(deps)
  const { auth, context } = await signedIn(deps, member)
  await expect(auth.removePasskey({ id: other.device.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await auth.removePasskey({ id: device.id, endOtherSessions: false })).toMatchObject({ codes: null })
  const codes = await deps.db.read.select().from(recoveryCodes).where(eq(recoveryCodes.userId, member.user.id))
  expect(codes).toEqual([])
  expect((await readViewer(deps, context.cookies[0]))?.proof).toMatchObject({ passkeys: false, totp: false })
  const nobody = createCaller(contextFor(deps, null)).auth
  await expect(
    nobody.signInWithPasskey({ response: device.get(await nobody.beginPasskeySignIn()) }),
  ).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
})

test.each([
  ['https://partners.acme.example', true],
  ['http://localhost:3000', true],
  ['http://127.0.0.1:3000', false],
  ['https://192.0.2.1', false],
  ['https://[2001:db8::1]', false],
  ['http://partners.acme.example', false],
])('passkeys at %s: %s', (PUBLIC_URL, possible) => {
  expect(passkeysPossible(testConfig({ PUBLIC_URL }))).toBe(possible)
})

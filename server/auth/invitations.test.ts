import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, idempotency, memberships, outbox, sessions, tokens, users } from '#db/schema/index.ts'
import { orgsRouter } from '#server/orgs/router.ts'
import { aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, anOrg, aPartner, aUser, type Member } from '#server/test/factories.ts'
import { createCallerFactory, router } from '#server/trpc.ts'
import { work } from '#server/work.ts'
import { invitationMs, inviteMember, type NewInvitation, remintInvitation } from './invitations.ts'
import { authRouter } from './router.ts'
import { readViewer } from './sessions.ts'

const createCaller = createCallerFactory(router({ auth: authRouter, orgs: orgsRouter }))
const password = 'violet tractor sings'
const nobody = (deps: TestDeps, given = {}) => createCaller(contextFor(deps, null, given)).auth
const as = (deps: TestDeps, member: Member) => createCaller(contextFor(deps, member.viewer))

const actor = (member: Member) => ({ kind: 'user' as const, id: member.user.id, name: member.user.name })
const invite = (deps: TestDeps, by: Member, invited: NewInvitation) =>
  work(deps, { orgId: by.org.id, actor: actor(by) }, unit => inviteMember(unit, invited))

async function aLink(deps: TestDeps, invitationId: string): Promise<string> {
  const link = await remintInvitation(deps, invitationId)
  return link?.url.split('/').at(-1) ?? 'the invitation is not open'
}

/** An owner, and a link for somebody to become an admin. */
async function invited(deps: TestDeps, email = 'new@acme.example') {
  const owner = await aMember(deps, { role: 'owner' })
  const { invitationId } = await invite(deps, owner, { email, role: 'admin', partnerId: null })
  return { owner, email, invitationId, token: await aLink(deps, invitationId) }
}

const gone = { code: 'NOT_FOUND', message: expect.stringContaining('can’t be used any more') }

test('an owner invites, and gets a link to hand over while a mail is queued', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const { invitationId, url, expiresAt } = await as(deps, owner).orgs.invite({
    email: 'New@Acme.example',
    role: 'admin',
  })
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:3000\/invitations\/[\w-]{43}$/)
  expect(expiresAt).toBe(deps.clock.now() + invitationMs)
  expect(await deps.db.read.select().from(outbox)).toMatchObject([
    {
      topic: 'email.send',
      payload: { template: 'invitation', to: { address: 'new@acme.example' }, about: { invitationId } },
    },
  ])
  expect(await nobody(deps).invitation({ token: url?.split('/').at(-1) ?? '' })).toEqual({
    email: 'new@acme.example',
    role: 'admin',
    orgName: owner.org.name,
    partnerName: null,
    inviterName: owner.user.name,
    expiresAt,
    needs: 'account',
  })
})

test('no secret lies anywhere in the database, not beside the idempotency key either', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const input = { email: 'new@acme.example', role: 'admin' as const, idempotencyKey: 'an-intent' }
  const first = await as(deps, owner).orgs.invite(input)
  const again = await as(deps, owner).orgs.invite(input)
  expect(again.invitationId).toBe(first.invitationId)
  const tables = [tokens, outbox, idempotency, audit, users, memberships]
  const dump = JSON.stringify(await Promise.all(tables.map(table => deps.db.read.select().from(table))))
  for (const { url } of [first, again]) expect(dump).not.toContain(url?.split('/').at(-1))
  await expect(nobody(deps).invitation({ token: first.invitationId })).rejects.toMatchObject(gone)
  expect(await deps.db.read.select().from(outbox)).toHaveLength(1)
})

test('a new person joins with name and password, and is signed in', async () => {
  const deps = await testDeps()
  const { owner, token, email } = await invited(deps)
  const context = contextFor(deps, null)
  expect(await createCaller(context).auth.acceptInvitation({ token, name: 'Nora', password })).toEqual({
    home: '/admin',
  })
  expect((await readViewer(deps, context.cookies[0]))?.viewer).toMatchObject({
    email,
    name: 'Nora',
    role: 'admin',
    orgId: owner.org.id,
  })
  expect(await nobody(deps).signIn({ email, password })).toEqual({ home: '/admin' })
})

test('what a new person leaves out or chooses badly is said by field, and the link stays good', async () => {
  const deps = await testDeps()
  const { token } = await invited(deps)
  const refused = (input: object) =>
    nobody(deps)
      .acceptInvitation({ token, ...input })
      .catch(error => error.cause.fields)
  expect(await refused({})).toEqual({ name: 'Your name is missing.', password: 'Use at least 10 characters.' })
  expect(await refused({ name: 'Nora', password: 'short' })).toEqual({ password: 'Use at least 10 characters.' })
  expect(await refused({ name: 'Nora', password: 'password12' })).toEqual({
    password: expect.stringContaining('everybody'),
  })
  expect(await deps.db.read.select().from(memberships)).toHaveLength(1)
  await nobody(deps).acceptInvitation({ token, name: 'Nora', password })
})

test('any one link, used once, closes all of them', async () => {
  const deps = await testDeps()
  const { token, invitationId } = await invited(deps)
  const mailed = await aLink(deps, invitationId)
  await nobody(deps).acceptInvitation({ token: mailed, name: 'Nora', password })
  for (const used of [token, mailed]) {
    await expect(nobody(deps).invitation({ token: used })).rejects.toMatchObject(gone)
    await expect(nobody(deps).acceptInvitation({ token: used, name: 'N', password })).rejects.toMatchObject(gone)
  }
  expect(await remintInvitation(deps, invitationId)).toBeNull()
})

test('two tabs that accept at once make one member', async () => {
  const deps = await testDeps()
  const { token, invitationId } = await invited(deps)
  const other = await aLink(deps, invitationId)
  const results = await Promise.allSettled(
    [token, other].map(link => nobody(deps).acceptInvitation({ token: link, name: 'Nora', password })),
  )
  expect(results.map(result => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(await deps.db.read.select().from(memberships)).toHaveLength(2)
})

test('an invitation expires after seven days, and every link with it, however late it was made', async () => {
  const deps = await testDeps()
  const { token, invitationId } = await invited(deps)
  deps.clock.advance(invitationMs - 1)
  const late = await aLink(deps, invitationId)
  expect((await nobody(deps).invitation({ token: late })).needs).toBe('account')
  deps.clock.advance(1)
  for (const link of [token, late]) {
    await expect(nobody(deps).invitation({ token: link })).rejects.toMatchObject(gone)
    await expect(nobody(deps).acceptInvitation({ token: link, name: 'Nora', password })).rejects.toMatchObject(gone)
  }
})

test('inviting again replaces the invitation that was open, role and all', async () => {
  const deps = await testDeps()
  const { owner, token, email } = await invited(deps)
  const again = await as(deps, owner).orgs.invite({ email, role: 'viewer' })
  await expect(nobody(deps).invitation({ token })).rejects.toMatchObject(gone)
  expect((await as(deps, owner).orgs.team()).invitations).toMatchObject([{ id: again.invitationId, role: 'viewer' }])
})

test('a withdrawn invitation opens nothing, and only its own organization can withdraw it', async () => {
  const deps = await testDeps()
  const { owner, token, invitationId } = await invited(deps)
  const stranger = await aMember(deps, { role: 'owner' })
  await expect(as(deps, stranger).orgs.revokeInvitation({ invitationId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await nobody(deps).invitation({ token })).needs).toBe('account')
  await as(deps, owner).orgs.revokeInvitation({ invitationId })
  await expect(nobody(deps).acceptInvitation({ token, name: 'Nora', password })).rejects.toMatchObject(gone)
  expect((await as(deps, owner).orgs.team()).invitations).toEqual([])
})

test('who has an account gives its password, not a new one', async () => {
  const deps = await testDeps()
  const { user } = await aMember(deps, {
    role: 'partner',
    user: await aUser(deps, { email: 'ana@north.example', password }),
  })
  const { token } = await invited(deps, 'ana@north.example')
  expect((await nobody(deps).invitation({ token })).needs).toBe('password')
  await expect(nobody(deps).acceptInvitation({ token })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(
    nobody(deps).acceptInvitation({ token, name: 'Mallory', password: 'a password of my own' }),
  ).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  expect(await nobody(deps).acceptInvitation({ token, password })).toEqual({ home: '/admin' })
  expect(await deps.db.read.select().from(users).where(eq(users.email, user.email))).toEqual([user])
})

test('an invitation is no way around the throttle on passwords', async () => {
  const deps = await testDeps()
  await aMember(deps, { role: 'partner', user: await aUser(deps, { email: 'ana@north.example', password }) })
  const { token } = await invited(deps, 'ana@north.example')
  const codes: string[] = []
  for (let i = 0; i < 6; i++)
    await nobody(deps)
      .acceptInvitation({ token, password: 'a wrong password' })
      .catch(error => codes.push(error.code))
  expect(codes).toEqual([...Array(5).fill('UNAUTHORIZED'), 'TOO_MANY_REQUESTS'])
})

test('who is signed in with the account needs nothing more, and somebody else’s session is of no use', async () => {
  const deps = await testDeps()
  const ana = await aMember(deps, { role: 'viewer', user: await aUser(deps, { email: 'ana@north.example', password }) })
  const { token, owner } = await invited(deps, 'ana@north.example')
  const before = await aSession(deps, ana)
  const mallory = createCaller(contextFor(deps, owner.viewer)).auth
  expect((await mallory.invitation({ token })).needs).toBe('password')
  await expect(mallory.acceptInvitation({ token })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  const context = contextFor(deps, ana.viewer, { sessionId: before.sessionId })
  expect((await createCaller(context).auth.invitation({ token })).needs).toBe('nothing')
  await createCaller(context).auth.acceptInvitation({ token })
  expect(await readViewer(deps, before.cookie)).toBeNull()
  expect((await readViewer(deps, context.cookies[0]))?.viewer).toMatchObject({ orgId: owner.org.id, role: 'admin' })
  expect(await deps.db.read.select().from(sessions)).toHaveLength(1)
})

test('members are not invited again: the answer says what they are', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const manager = await aMember(deps, { role: 'manager', org: owner.org })
  const disabled = await aMember(deps, { role: 'viewer', org: owner.org, disabledAt: 1 })
  const { orgs } = as(deps, owner)
  await expect(orgs.invite({ email: manager.user.email, role: 'admin' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `${manager.user.email} belongs to this organization already, as Manager.`,
  })
  await expect(orgs.invite({ email: disabled.user.email, role: 'admin' })).rejects.toMatchObject({
    message: expect.stringContaining('Enable them instead'),
  })
  expect(await deps.db.read.select().from(outbox)).toEqual([])
})

test('a partner’s person is invited to the portal of that partner', async () => {
  const deps = await testDeps()
  const manager = await aMember(deps, { role: 'manager' })
  const partner = await aPartner(deps, { orgId: manager.org.id, name: 'Northwind' })
  const { invitationId } = await invite(deps, manager, {
    email: 'ana@north.example',
    role: 'partner',
    partnerId: partner.id,
    name: 'Ana',
  })
  const link = await remintInvitation(deps, invitationId)
  expect(link).toMatchObject({ role: 'partner', partnerName: 'Northwind', orgName: manager.org.name })
  const context = contextFor(deps, null)
  const token = link?.url.split('/').at(-1) ?? ''
  expect(await createCaller(context).auth.acceptInvitation({ token, name: 'Ana', password })).toEqual({
    home: '/portal',
  })
  expect((await readViewer(deps, context.cookies[0]))?.viewer).toMatchObject({ role: 'partner', partnerId: partner.id })
  const team = await as(deps, manager).orgs.team()
  expect(team.members.map(({ userId }) => userId)).toEqual([manager.user.id])
})

test('whoever may invite a partner’s person may withdraw it; staff invitations and other organizations’ stay', async () => {
  const deps = await testDeps()
  const { owner, token: staffToken, invitationId: staffInvitation } = await invited(deps)
  const manager = await aMember(deps, { role: 'manager', org: owner.org })
  const stranger = await aMember(deps, { role: 'manager' })
  const partner = await aPartner(deps, { orgId: owner.org.id })
  const person = { email: 'ana@north.example', role: 'partner' as const, partnerId: partner.id }
  const { invitationId } = await invite(deps, owner, person)
  const token = await aLink(deps, invitationId)
  const withdraw = (by: Member, id: string) =>
    as(deps, by).orgs.revokePartnerInvitation({ invitationId: id, idempotencyKey: `withdraw-${id}`.slice(0, 100) })
  await expect(withdraw(stranger, invitationId)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(withdraw(manager, staffInvitation)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(as(deps, manager).orgs.revokeInvitation({ invitationId })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  for (const open of [token, staffToken]) expect((await nobody(deps).invitation({ token: open })).needs).toBe('account')

  // Sent twice, withdrawn once.
  expect(await withdraw(manager, invitationId)).toEqual({ invitationId })
  expect(await withdraw(manager, invitationId)).toEqual({ invitationId })
  await expect(nobody(deps).acceptInvitation({ token, name: 'Ana', password })).rejects.toMatchObject(gone)
  expect((await nobody(deps).invitation({ token: staffToken })).needs).toBe('account')
  const entries = await deps.db.read.select().from(audit).where(eq(audit.action, 'orgs.revokeInvitation'))
  expect(entries).toMatchObject([{ actorId: manager.user.id, targetId: invitationId }])
})

test('nobody is invited to a foreign or an archived partner', async () => {
  const deps = await testDeps()
  const manager = await aMember(deps, { role: 'manager' })
  const foreign = await aPartner(deps, { orgId: (await anOrg(deps)).id })
  const archived = await aPartner(deps, { orgId: manager.org.id, archivedAt: 1 })
  const tryIt = (partnerId: string) => invite(deps, manager, { email: 'ana@north.example', role: 'partner', partnerId })
  await expect(tryIt(foreign.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(tryIt(archived.id)).rejects.toMatchObject({ code: 'INVALID' })
  expect(await deps.db.read.select().from(tokens)).toEqual([])
})

test('an owner who is disabled leaves no back door: who they invited to the staff can no longer join', async () => {
  const deps = await testDeps()
  const { owner, token } = await invited(deps, 'friend@elsewhere.example')
  const partner = await aPartner(deps, { orgId: owner.org.id })
  const forPartner = await invite(deps, owner, { email: 'ana@north.example', role: 'partner', partnerId: partner.id })
  const other = await aMember(deps, { role: 'owner', org: owner.org })
  await as(deps, other).orgs.disableMember({ membershipId: owner.membershipId })
  await expect(nobody(deps).acceptInvitation({ token, name: 'Friend', password })).rejects.toMatchObject(gone)
  expect(await remintInvitation(deps, forPartner.invitationId)).not.toBeNull()
})

test('a withdrawal that comes while the password is being hashed wins', async () => {
  const deps = await testDeps()
  const { owner, token, invitationId } = await invited(deps)
  let writes = 0
  const write: typeof deps.db.write = async fn => {
    // The first write counts the attempt, the second joins.
    if (++writes === 2) await as(deps, owner).orgs.revokeInvitation({ invitationId })
    return deps.db.write(fn)
  }
  const slow = { ...deps, db: { ...deps.db, write } }
  await expect(nobody(slow).acceptInvitation({ token, name: 'Nora', password })).rejects.toMatchObject(gone)
  expect(writes).toBe(2)
  expect(await deps.db.read.select().from(memberships)).toHaveLength(1)
})

import { desc, eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, memberships, organizations, outbox, payoutMinimums, sessions } from '#db/schema/index.ts'
import { permissions } from '#server/auth/rules.ts'
import { readViewer } from '#server/auth/sessions.ts'
import type { Change } from '#server/changes.ts'
import { aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, type Member } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { orgsRouter } from './router.ts'
import { lastOwnerSentence } from './rules.ts'

const createCaller = createCallerFactory(orgsRouter)
const as = (deps: TestDeps, member: Member) => createCaller(contextFor(deps, member.viewer))

/** An organization with an owner and somebody of another role. */
async function aPair(deps: TestDeps, role: 'owner' | 'admin' | 'manager' | 'viewer' | 'partner' = 'admin') {
  const owner = await aMember(deps, { role: 'owner' })
  const other = await aMember(deps, { role, org: owner.org })
  return { owner, other, api: as(deps, owner) }
}

async function lastEntry(deps: TestDeps, member: Member) {
  const [entry] = await deps.db.read
    .select()
    .from(audit)
    .where(eq(audit.orgId, member.org.id))
    .orderBy(desc(audit.seq))
    .limit(1)
  return entry && { ...entry, before: JSON.parse(entry.before ?? 'null'), after: JSON.parse(entry.after ?? 'null') }
}

test('the team shows staff with what an owner may do, and nothing to do for anybody else', async () => {
  const deps = await testDeps()
  const { owner, other, api } = await aPair(deps)
  await aMember(deps, { role: 'partner', org: owner.org })
  await aMember(deps, { role: 'viewer' })
  await aSession(deps, other)
  const team = await api.team()
  expect(team.members).toMatchObject([
    {
      userId: owner.user.id,
      roleName: 'Owner',
      you: true,
      lastOwner: true,
      actions: ['endSessions'],
      sessions: 0,
      lastSeenAt: null,
    },
    {
      userId: other.user.id,
      you: false,
      actions: ['changeRole', 'disable', 'endSessions'],
      sessions: 1,
      lastSeenAt: deps.clock.now(),
    },
  ])
  expect(team.mayManage).toBe(true)
  const seen = await as(deps, other).team()
  expect(seen.members.flatMap(({ actions }) => actions)).toEqual([])
  expect(seen.mayManage).toBe(false)
})

test('a new role ends the member’s sessions here at once, and leaves those in other organizations', async () => {
  const deps = await testDeps()
  const { owner, other, api } = await aPair(deps)
  const elsewhere = await aMember(deps, { role: 'owner', user: other.user })
  const [here, there] = [await aSession(deps, other), await aSession(deps, elsewhere)]
  const changes: Change[] = []
  deps.changes.subscribe(change => changes.push(change))
  const { membershipId } = other
  expect(await api.changeRole({ membershipId, role: 'viewer', version: 1 })).toEqual({
    membershipId,
    version: 2,
    sessionsEnded: 1,
  })
  expect(await readViewer(deps, here.cookie)).toBeNull()
  expect((await readViewer(deps, there.cookie))?.viewer.orgId).toBe(elsewhere.org.id)
  expect(await lastEntry(deps, owner)).toMatchObject({
    action: 'orgs.changeRole',
    actorId: owner.user.id,
    before: { role: 'admin' },
    after: { role: 'viewer' },
  })
  expect(changes).toEqual([{ orgId: owner.org.id, partnerId: null, what: 'team' }])
})

test('the last owner stays: no demotion, no disabling, in the service and in the database', async () => {
  const deps = await testDeps()
  const { owner, other, api } = await aPair(deps, 'owner')
  const { membershipId } = owner
  await api.changeRole({ membershipId: other.membershipId, role: 'admin' })
  for (const call of [() => api.changeRole({ membershipId, role: 'admin' }), () => api.disableMember({ membershipId })])
    await expect(call()).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', message: lastOwnerSentence })
  await expect(
    deps.db.write(tx => tx.update(memberships).set({ role: 'viewer' }).where(eq(memberships.id, membershipId))),
  ).rejects.toThrow()
  const [row] = await deps.db.read.select().from(memberships).where(eq(memberships.id, membershipId))
  expect(row).toMatchObject({ role: 'owner', disabledAt: null, version: 1 })
})

test('two owners who demote each other at once leave one', async () => {
  const deps = await testDeps()
  const { owner, other } = await aPair(deps, 'owner')
  const results = await Promise.allSettled([
    as(deps, owner).changeRole({ membershipId: other.membershipId, role: 'viewer' }),
    as(deps, other).changeRole({ membershipId: owner.membershipId, role: 'viewer' }),
  ])
  expect(results.map(result => result.status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('a disabled member is out at once, and back when enabled, with new sessions only', async () => {
  const deps = await testDeps()
  const { owner, other, api } = await aPair(deps)
  const { cookie } = await aSession(deps, other)
  const { membershipId } = other
  const disabled = await api.disableMember({ membershipId, version: 1 })
  expect(disabled).toEqual({ membershipId, version: 2, sessionsEnded: 1 })
  expect(await readViewer(deps, cookie)).toBeNull()
  expect((await api.team()).members.find(row => row.membershipId === membershipId)?.actions).toEqual(['enable'])
  await expect(api.disableMember({ membershipId })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(`${owner.user.name} disabled this member`),
  })
  await api.enableMember({ membershipId, version: 2 })
  expect(await readViewer(deps, cookie)).toBeNull()
  expect(await readViewer(deps, (await aSession(deps, other)).cookie)).not.toBeNull()
})

test('the slower of two owners is told who was faster, and changes nothing', async () => {
  const deps = await testDeps()
  const { owner, other, api } = await aPair(deps)
  const second = await aMember(deps, { role: 'owner', org: owner.org })
  const { membershipId } = other
  await api.changeRole({ membershipId, role: 'viewer', version: 1 })
  await expect(as(deps, second).changeRole({ membershipId, role: 'manager', version: 1 })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `${other.user.name}’s membership changed since you opened this page: ${owner.user.name} changed the role. Nothing of yours was saved; look again.`,
  })
  const [row] = await deps.db.read.select().from(memberships).where(eq(memberships.id, membershipId))
  expect(row?.role).toBe('viewer')
})

test('a partner’s person gets no staff role', async () => {
  const deps = await testDeps()
  const { other, api } = await aPair(deps, 'partner')
  await expect(api.changeRole({ membershipId: other.membershipId, role: 'admin' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
})

test('an owner ends a member’s sessions', async () => {
  const deps = await testDeps()
  const { other, api } = await aPair(deps)
  const sessionsOf = [await aSession(deps, other), await aSession(deps, other)]
  expect(await api.endMemberSessions({ membershipId: other.membershipId })).toMatchObject({ sessionsEnded: 2 })
  for (const { cookie } of sessionsOf) expect(await readViewer(deps, cookie)).toBeNull()
})

test('members of another organization are not found, and nothing is written', async () => {
  const deps = await testDeps()
  const { api } = await aPair(deps)
  const foreign = await aMember(deps, { role: 'admin' })
  await aSession(deps, foreign)
  const { membershipId } = foreign
  const before = deps.db.stats().writes
  for (const call of [
    () => api.changeRole({ membershipId, role: 'viewer' }),
    () => api.disableMember({ membershipId }),
    () => api.enableMember({ membershipId }),
    () => api.endMemberSessions({ membershipId }),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(deps.db.stats().writes).toBe(before)
  expect(await deps.db.read.select().from(sessions)).toHaveLength(1)
})

test.each(['admin', 'manager', 'viewer', 'partner'] as const)('a %s manages neither team nor settings', async role => {
  const deps = await testDeps()
  const { owner, other } = await aPair(deps, role)
  const api = as(deps, other)
  const { membershipId } = owner
  for (const call of [
    api.invite({ email: 'new@acme.example', role: 'viewer' }),
    api.revokeInvitation({ invitationId: 'some-invitation' }),
    api.changeRole({ membershipId, role: 'viewer' }),
    api.disableMember({ membershipId }),
    api.enableMember({ membershipId }),
    api.endMemberSessions({ membershipId }),
    api.updateSettings({ name: 'Mine now' }),
    ...(role === 'admin' ? [] : [api.pauseTransfers({ reason: 'x' }), api.resumeTransfers({})]),
    ...(role === 'partner' ? [api.team(), api.settings(), api.permissions()] : []),
  ])
    await expect(call).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('settings change at their version, and the record holds only what changed, before and after', async () => {
  const deps = await testDeps()
  const { owner, api } = await aPair(deps)
  const minimums = [
    { currency: 'USD', amount: 2_500 },
    { currency: 'JPY', amount: 1_000 },
  ]
  const changed = await api.updateSettings({
    name: owner.org.name,
    timeZone: 'Europe/Warsaw',
    approvalsRequired: 2,
    creatorMayApprove: true,
    minimums,
    version: 1,
  })
  expect(changed).toEqual({ version: 2 })
  expect(await api.settings()).toMatchObject({
    timeZone: 'Europe/Warsaw',
    approvalsRequired: 2,
    creatorMayApprove: true,
    destinationHoldHours: 72,
    minimums: minimums.toReversed(),
    version: 2,
    paused: null,
    mayManage: true,
    mayPause: true,
  })
  expect(await lastEntry(deps, owner)).toMatchObject({
    action: 'orgs.updateSettings',
    before: { timeZone: 'UTC', approvalsRequired: 1, creatorMayApprove: false, minimums: [] },
    after: {
      timeZone: 'Europe/Warsaw',
      approvalsRequired: 2,
      creatorMayApprove: true,
      minimums: minimums.toReversed(),
    },
  })
  expect((await lastEntry(deps, owner))?.after).not.toHaveProperty('name')
  await api.updateSettings({ minimums: [], version: 2 })
  expect(await deps.db.read.select().from(payoutMinimums)).toEqual([])
})

test('a settings page that is stale is refused with who changed them; the same values again change nothing', async () => {
  const deps = await testDeps()
  const { owner, api } = await aPair(deps)
  await api.updateSettings({ name: 'Acme', version: 1 })
  await expect(api.updateSettings({ name: 'Other', version: 1 })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(`${owner.user.name} changed the settings`),
  })
  expect(await api.updateSettings({ name: 'Acme', version: 2 })).toEqual({ version: 2 })
  expect(await deps.db.read.select().from(audit).where(eq(audit.action, 'orgs.updateSettings'))).toHaveLength(1)
})

test('one intent sent twice is one change and the same answer; with other input it is a conflict', async () => {
  const deps = await testDeps()
  const { api } = await aPair(deps)
  const input = { name: 'Acme', version: 1, idempotencyKey: 'one-intent' }
  expect(await api.updateSettings(input)).toEqual(await api.updateSettings(input))
  await expect(api.updateSettings({ ...input, name: 'Other' })).rejects.toMatchObject({ code: 'CONFLICT' })
  const [org] = await deps.db.read.select().from(organizations)
  expect(org).toMatchObject({ name: 'Acme', version: 2 })
})

test.each([
  [{ name: '' }],
  [{ name: 'x'.repeat(121) }],
  [{ name: 'Acme\r\nBcc: all@acme.example' }],
  [{ timeZone: 'Mars/Olympus' }],
  [{ approvalsRequired: 3 }],
  [{ destinationHoldHours: 721 }],
  [{ destinationHoldHours: 0.5 }],
  [{ minimums: [{ currency: 'XXQ', amount: 1 }] }],
  [{ minimums: [{ currency: 'USD', amount: 0 }] }],
  [{ minimums: [{ currency: 'USD', amount: 1.5 }] }],
  [
    {
      minimums: [
        { currency: 'USD', amount: 1 },
        { currency: 'usd', amount: 2 },
      ],
    },
  ],
  [{ transfersPausedAt: 1 }],
])('the settings %j are refused', async input => {
  const deps = await testDeps()
  const { api, owner } = await aPair(deps)
  await expect(api.updateSettings(input as Parameters<typeof api.updateSettings>[0])).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  const [org] = await deps.db.read.select().from(organizations)
  expect(org).toEqual(owner.org)
})

test('an admin stops and resumes all transfers, with a reason, and whoever comes second is told', async () => {
  const deps = await testDeps()
  const { owner, other, api } = await aPair(deps)
  const admin = as(deps, other)
  await expect(admin.pauseTransfers({ reason: '  ' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await admin.pauseTransfers({ reason: 'Somebody changed bank details by phone.' })
  expect((await api.settings()).paused).toEqual({
    unreconciledSince: null,
    at: deps.clock.now(),
    by: other.user.name,
    reason: 'Somebody changed bank details by phone.',
  })
  await expect(api.pauseTransfers({ reason: 'Me too' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `Transfers are stopped already, by ${other.user.name}: “Somebody changed bank details by phone.”`,
  })
  await api.resumeTransfers({})
  expect((await api.settings()).paused).toBeNull()
  await expect(admin.resumeTransfers({})).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await lastEntry(deps, owner)).toMatchObject({
    action: 'orgs.resumeTransfers',
    actorId: owner.user.id,
    before: { reason: 'Somebody changed bank details by phone.' },
  })
})

test('each stop is told to owners and admins by mail, at once; a refused one and a resume are not', async () => {
  const deps = await testDeps()
  const { other, api } = await aPair(deps)
  const notices = async () => (await deps.db.read.select().from(outbox)).map(({ payload }) => payload)
  await api.pauseTransfers({ reason: 'Checking' })
  await as(deps, other)
    .pauseTransfers({ reason: 'Me too' })
    .catch(() => {})
  const first = {
    template: 'transfersPaused',
    to: { staffWith: 'transfers.pause' },
    about: { reason: 'Checking', pausedAt: deps.clock.now() },
  }
  expect(await notices()).toMatchObject([first])
  await api.resumeTransfers({})
  deps.clock.advance(1)
  await api.pauseTransfers({ reason: 'Again' })
  expect(await notices()).toMatchObject([first, { about: { reason: 'Again', pausedAt: deps.clock.now() } }])
})

test('stopping transfers doesn’t make an open settings page stale', async () => {
  const deps = await testDeps()
  const { api } = await aPair(deps)
  await api.pauseTransfers({ reason: 'Checking' })
  expect(await api.updateSettings({ name: 'Acme', version: 1 })).toEqual({ version: 2 })
})

test('the permissions that are shown are those that are asked', async () => {
  const deps = await testDeps()
  const { api } = await aPair(deps)
  const shown = await api.permissions()
  expect(shown.roles.map(({ role }) => role)).toEqual(['owner', 'admin', 'manager', 'viewer', 'partner'])
  expect(
    Object.fromEntries(
      shown.permissions.map(({ permission, says, roles, fresh }) => [
        permission,
        { says, roles, ...(fresh ? { fresh } : {}) },
      ]),
    ),
  ).toEqual(permissions)
})

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { audit, memberships, organizations, sessions, users } from '#db/schema/index.ts'
import { authRouter } from '#server/auth/router.ts'
import { aSession, contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, anOrg } from '#server/test/factories.ts'
import { anApp } from '#server/test/second-factors.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { makeOwner, resetSecondFactor } from './owner.ts'

const createCaller = createCallerFactory(authRouter)
const nobody = (deps: TestDeps) => createCaller(contextFor(deps, null))
const password = 'violet tractor sings'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

test('a fresh installation has nobody; the first owner comes with an organization and a link', async () => {
  const deps = await testDeps()
  expect(await deps.db.read.select().from(users)).toEqual([])
  const made = await makeOwner(deps, { email: 'dana@acme.example', org: 'Acme Robotics' })
  if (made.how !== 'invited') throw new Error('not invited')
  await nobody(deps).acceptInvitation({ token: made.url.split('/').at(-1) ?? '', name: 'Dana', password })
  expect(await deps.db.read.select().from(organizations)).toMatchObject([{ name: 'Acme Robotics' }])
  expect(await deps.db.read.select().from(memberships)).toMatchObject([{ role: 'owner' }])
  expect(await deps.db.read.select().from(audit)).toMatchObject([
    { action: 'orgs.create', actorKind: 'command', actorName: 'npm run owner' },
    { action: 'orgs.invite' },
    { action: 'auth.acceptInvitation', actorName: 'Dana' },
  ])
})

test('whoever runs the machine takes a lost second factor off somebody, and ends their sessions; it is recorded', async () => {
  const deps = await testDeps()
  const member = await aMember(deps, { role: 'owner', password })
  await anApp(deps, member.user)
  await aSession(deps, member)
  await resetSecondFactor(deps, member.user.email)
  expect(await deps.db.read.select().from(sessions)).toEqual([])
  expect(await nobody(deps).signIn({ email: member.user.email, password })).toEqual({ home: '/admin' })
  expect(await deps.db.read.select().from(audit)).toMatchObject([
    { action: 'orgs.resetSecondFactor', actorKind: 'command', targetId: member.user.id },
    { action: 'auth.signIn' },
  ])
  await expect(resetSecondFactor(deps, 'nobody@acme.example')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a lost link is replaced by asking again; no second organization appears', async () => {
  const deps = await testDeps()
  const first = await makeOwner(deps, { email: 'dana@acme.example' })
  const second = await makeOwner(deps, { email: 'dana@acme.example' })
  if (first.how !== 'invited' || second.how !== 'invited') throw new Error('not invited')
  expect(second.orgName).toBe('acme.example')
  expect(await deps.db.read.select().from(organizations)).toHaveLength(1)
  await expect(nobody(deps).invitation({ token: first.url.split('/').at(-1) ?? '' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('with a password the owner can sign in at once', async () => {
  const deps = await testDeps()
  await makeOwner(deps, { email: 'dana@acme.example', name: 'Dana', password })
  expect(await nobody(deps).signIn({ email: 'dana@acme.example', password })).toEqual({ home: '/admin' })
})

test('an owner who is locked out gets a new password, their role back, and their old sessions ended', async () => {
  const deps = await testDeps()
  const other = await aMember(deps, { role: 'owner' })
  const dana = await aMember(deps, { role: 'viewer', org: other.org, password: 'marble otter at noon', disabledAt: 1 })
  const elsewhere = await aMember(deps, { role: 'viewer', user: dana.user })
  await aSession(deps, elsewhere)
  await makeOwner(deps, { email: dana.user.email, org: other.org.name, password })
  expect(await deps.db.read.select().from(sessions)).toEqual([])
  expect(await nobody(deps).signIn({ email: dana.user.email, password })).toEqual({ home: '/admin' })
  const [row] = (await deps.db.read.select().from(memberships)).filter(({ id }) => id === dana.membershipId)
  expect(row).toMatchObject({ role: 'owner', disabledAt: null, version: 2 })
})

test('where there are several organizations it has to be said which, and a weak password makes nothing', async () => {
  const deps = await testDeps()
  await expect(makeOwner(deps, { email: 'dana@acme.example', password: 'password12' })).rejects.toMatchObject({
    code: 'INVALID',
  })
  expect(await deps.db.read.select().from(organizations)).toEqual([])
  await anOrg(deps)
  await anOrg(deps)
  await expect(makeOwner(deps, { email: 'dana@acme.example' })).rejects.toMatchObject({
    message: expect.stringContaining('--org'),
  })
})

const command = fileURLToPath(new URL('./owner.ts', import.meta.url))

async function runOwner(args: string[], { url, input = '' }: { url: string; input?: string }) {
  const child = spawn(process.execPath, ['--import', 'tsx', command, ...args], {
    env: {
      NODE_ENV: 'test',
      PATH: process.env.PATH,
      PUBLIC_URL: 'http://127.0.0.1:3000',
      DATABASE_URL: url,
      PAYMENTS: 'simulator',
      STRIPE_SECRET_KEY: 'sk_test_simulated',
      STRIPE_API_BASE: 'http://127.0.0.1:12111',
      STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_platform',
      STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_connect',
      STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_events',
    },
  })
  child.stdin.end(input)
  const [said, complained, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>(resolve => child.once('close', resolve)),
  ])
  return { said, complained, code }
}

test('as a command: it says how to call it, makes an owner, and says so when the app has the database', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remit-owner-'))
  folders.push(folder)
  const url = `file:${join(folder, 'remit.db')}`
  const [bare, made] = await Promise.all([
    runOwner([], { url }),
    runOwner(['--email', 'dana@acme.example', '--org', 'Acme', '--password-stdin'], { url, input: `${password}\n` }),
  ])
  expect(bare).toMatchObject({ code: 2, said: expect.stringContaining('npm run owner -- --email') })
  expect(made).toEqual({ code: 0, said: 'dana@acme.example is an owner of Acme and can sign in.\n', complained: '' })
  const db = await openDatabase({ url })
  await migrate(db)
  const taken = await runOwner(['--email', 'eve@acme.example'], { url })
  await db.close()
  expect(taken).toMatchObject({ code: 1, said: expect.stringContaining('The app is running: stop it') })
  const after = await runOwner(['--email', 'eve@acme.example'], { url })
  expect(after).toMatchObject({
    code: 0,
    said: expect.stringMatching(/http:\/\/127\.0\.0\.1:3000\/invitations\/[\w-]{43}/),
  })
}, 60_000)

// `npm run owner -- --email you@company.com`: the first person of an installation, or one more owner. Nothing here has a
// default password: it prints a link that works once, or takes a password from standard input.
import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { and, asc, eq, sql } from 'drizzle-orm'
import { Stripe } from 'stripe'
import { z } from 'zod'
import { openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { memberships, organizations, users } from '#db/schema/index.ts'
import { removeAllFactors } from '#server/auth/factors.ts'
import { inviteMember, remintInvitation } from '#server/auth/invitations.ts'
import { membershipsOf } from '#server/auth/memberships.ts'
import { checkNewPassword, hashPassword } from '#server/auth/password.ts'
import { newPassword } from '#server/auth/rules.ts'
import { endMembershipSessions, endUserSessions } from '#server/auth/sessions.ts'
import { createChanges } from '#server/changes.ts'
import { ConfigError, readConfig } from '#server/config.ts'
import { type Deps, randomIds, systemClock } from '#server/deps.ts'
import { DomainError } from '#server/lib/errors.ts'
import { formatDateTime } from '#server/lib/period.ts'
import { emailAddress, line } from '#server/lib/text.ts'
import { type Actor, type Work, work } from '#server/work.ts'

const usage = `npm run owner -- --email you@company.com [--name "Your Name"] [--org "Company"] [--password-stdin]
npm run owner -- --email somebody@company.com --reset-second-factor

  --email           who becomes an owner
  --org             the organization; made when there is none of that name. Needed where there are several.
  --name            the person's name, with --password-stdin
  --password-stdin  read the password from standard input instead of printing an invitation link;
                    for somebody who has an account, this sets a new password and ends their sessions
  --reset-second-factor
                    remove the app, passkeys and recovery codes of somebody who lost them, and end their sessions;
                    they get an email, and sign in with their password`

const actor: Actor = { kind: 'command', id: 'owner', name: 'npm run owner' }

const ownerInput = z.object({
  email: emailAddress,
  name: line(120, 'The name').optional(),
  org: line(120, 'The organization’s name').optional(),
  password: newPassword.optional(),
})

export type OwnerInput = z.infer<typeof ownerInput>

export type OwnerMade =
  | { how: 'invited'; orgName: string; url: string; expiresAt: number }
  | { how: 'password'; orgName: string }

/**
 * Makes somebody an owner: by an invitation, or at once with a password.
 * @throws DomainError INVALID where the organization isn't clear or the password is guessed early, CONFLICT for an invitation of
 * who belongs to the organization already
 */
export async function makeOwner(deps: Deps, input: OwnerInput): Promise<OwnerMade> {
  const { email, password } = input
  const org = await chooseOrg(deps, input)
  const orgName = org.name
  if (password === undefined) {
    const { invitationId } = await inScope(deps, org, unit =>
      inviteMember(unit, { email, role: 'owner', partnerId: null }),
    )
    const link = await remintInvitation(deps, invitationId)
    if (!link) throw new Error('the invitation just made is not open')
    return { how: 'invited', orgName, url: link.url, expiresAt: link.expiresAt }
  }
  checkNewPassword(password, { email, name: input.name, orgName })
  const passwordHash = await hashPassword(password)
  await inScope(deps, org, unit => enthrone(unit, input, passwordHash))
  return { how: 'password', orgName }
}

interface Chosen {
  id: string
  name: string
  isNew: boolean
}

async function chooseOrg(deps: Deps, { org: name, email }: OwnerInput): Promise<Chosen> {
  const known = await deps.db.read
    .select({ id: organizations.id, name: organizations.name })
    .from(organizations)
    .where(name === undefined ? undefined : eq(organizations.name, name))
    .orderBy(asc(organizations.createdAt))
    .limit(2)
  const [only, other] = known
  if (only && other)
    throw new DomainError(
      'INVALID',
      name ? `Several organizations are called ${name}.` : 'Say which organization, with --org "…".',
    )
  if (only) return { ...only, isNew: false }
  return { id: deps.ids.id('org'), name: name ?? email.split('@')[1] ?? email, isNew: true }
}

/** The organization, where it is new, comes into being with its owner: never one without the other. */
function inScope<T>(deps: Deps, org: Chosen, fn: (unit: Work) => Promise<T>): Promise<T> {
  return work(deps, { orgId: org.id, actor }, async unit => {
    if (org.isNew) {
      await unit.tx.insert(organizations).values({ id: org.id, name: org.name, createdAt: unit.at })
      unit.audit({ action: 'orgs.create', target: { type: 'organization', id: org.id }, after: { name: org.name } })
    }
    return fn(unit)
  })
}

async function enthrone(unit: Work, { email, name }: OwnerInput, passwordHash: string): Promise<void> {
  const [known] = await unit.tx.select({ id: users.id }).from(users).where(eq(users.email, email))
  const userId = known?.id ?? unit.id('usr')
  if (known) {
    await unit.tx.update(users).set({ passwordHash }).where(eq(users.id, userId))
    await endUserSessions(unit, userId)
  } else {
    const given = name ?? email.split('@')[0] ?? email
    await unit.tx.insert(users).values({ id: userId, email, name: given, passwordHash, createdAt: unit.at })
  }
  const [member] = await unit.tx
    .select()
    .from(memberships)
    .where(and(eq(memberships.orgId, unit.orgId), eq(memberships.userId, userId)))
  if (member?.role === 'partner')
    throw new DomainError(
      'CONFLICT',
      `${email} belongs to a partner of this organization. Use another address for its owner.`,
    )
  const membershipId = member?.id ?? unit.id('mem')
  if (!member) {
    await unit.tx
      .insert(memberships)
      .values({ id: membershipId, orgId: unit.orgId, userId, role: 'owner', createdAt: unit.at })
  } else if (member.role !== 'owner' || member.disabledAt !== null) {
    await unit.tx
      .update(memberships)
      .set({ role: 'owner', disabledAt: null, version: sql`${memberships.version} + 1` })
      .where(eq(memberships.id, member.id))
    await endMembershipSessions(unit, member.id)
  }
  unit.audit({
    action: 'orgs.makeOwner',
    target: { type: 'membership', id: membershipId },
    before: member ? { role: member.role, disabled: member.disabledAt !== null } : null,
    after: { email, role: 'owner', passwordSet: true },
  })
}

/**
 * Takes all second factors off a person, whichever organizations they belong to.
 * @throws DomainError NOT_FOUND for an address that nobody has
 */
export async function resetSecondFactor(deps: Deps, email: string): Promise<void> {
  const [user] = await deps.db.read.select({ id: users.id }).from(users).where(eq(users.email, email))
  if (!user) throw new DomainError('NOT_FOUND', `Nobody here signs in with ${email}.`)
  const [home] = await membershipsOf(deps.db.read, user.id)
  await work(deps, { orgId: home?.orgId ?? 'system', actor }, async unit => {
    const sessionsEnded = await removeAllFactors(unit, user.id, 'Whoever runs Remit')
    unit.audit({
      action: 'orgs.resetSecondFactor',
      target: { type: 'user', id: user.id },
      after: { email, sessionsEnded },
    })
  })
}

function readArguments(args: string[]) {
  return parseArgs({
    args,
    options: {
      email: { type: 'string' },
      name: { type: 'string' },
      org: { type: 'string' },
      'password-stdin': { type: 'boolean', default: false },
      'reset-second-factor': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values
}

/** Runs the command and returns its exit code: 0 done, 1 refused, 2 called wrongly. */
export async function main(
  args: string[],
  say = (words: string) => void process.stdout.write(`${words}\n`),
): Promise<number> {
  try {
    const { 'password-stdin': fromStdin, 'reset-second-factor': reset, help, ...given } = readArguments(args)
    if (help || !given.email) {
      say(usage)
      return help ? 0 : 2
    }
    const password = fromStdin ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined
    const input = ownerInput.safeParse({ ...given, password })
    if (!input.success) {
      say(input.error.issues.map(issue => issue.message).join('\n'))
      return 2
    }
    const { email } = input.data
    if (reset) {
      await onDatabase(deps => resetSecondFactor(deps, email))
      say(`${email} has no second factor any more, and is signed out everywhere.`)
      return 0
    }
    tell(await onDatabase(deps => makeOwner(deps, input.data)), input.data.email, say)
    return 0
  } catch (error) {
    if (isWrongCall(error)) {
      say(`${error.message}\n\n${usage}`)
      return 2
    }
    say(explain(error))
    return 1
  }
}

function tell(made: OwnerMade, email: string, say: (words: string) => void): void {
  if (made.how === 'password') {
    say(`${email} is an owner of ${made.orgName} and can sign in.`)
    return
  }
  const until = formatDateTime(made.expiresAt, 'UTC')
  say(
    `${email} is invited to ${made.orgName} as an owner. The link works once, until ${until} UTC, and is shown only here:\n\n  ${made.url}\n`,
  )
}

/** Opens the database for this command alone; a running app has it, and says so. */
async function onDatabase<T>(use: (deps: Deps) => Promise<T>): Promise<T> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const config = readConfig(process.env)
  const db = await openDatabase({ url: config.DATABASE_URL, authToken: config.DATABASE_AUTH_TOKEN })
  try {
    await migrate(db)
    const quiet = () => {}
    return await use({
      config,
      db,
      clock: systemClock,
      ids: randomIds(systemClock),
      stripe: new Stripe(config.STRIPE_SECRET_KEY),
      // Nothing is sent from here: the invitation's mail waits in the outbox for the app.
      mailer: { send: () => Promise.reject(new Error('a command sends no mail')), close: async () => {} },
      changes: createChanges(),
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    })
  } finally {
    await db.close()
  }
}

function isWrongCall(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof DomainError) return error.message
  if (!(error instanceof Error)) return String(error)
  if (error.message.includes('Only one process at a time'))
    return `${error.message}\nThe app is running: stop it, run this command, and start it again. Or let an owner invite people under Team.`
  return error.stack ?? error.message
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2))

import { z } from 'zod'
import type { Role, WayToProve } from '#db/schema/index.ts'
import type { ConfirmWay } from '../lib/errors.ts'
import { emailAddress, line } from '../lib/text.ts'

export type { Role, WayToProve }

/**
 * Who may do what. The settings page and docs/roles.md print this table; nothing else decides. `fresh` marks what moves money,
 * says where it goes, takes many people's data out, or decides who may: it takes a proof of who you are from the last ten minutes.
 */
export const permissions = {
  'payouts.read': {
    says: 'See payouts, their reasons and their history',
    roles: ['owner', 'admin', 'manager', 'viewer', 'partner'],
  },
  'payouts.prepare': { says: 'Create, edit and import payouts', roles: ['owner', 'admin', 'manager'] },
  'payouts.approve': { says: 'Approve, reject and return payouts', roles: ['owner', 'admin'], fresh: true },
  'payouts.pay': { says: 'Send money, record payments made elsewhere, cancel', roles: ['owner', 'admin'], fresh: true },
  'payouts.compare': { says: 'Compare the books with Stripe', roles: ['owner', 'admin'] },
  'payouts.export': { says: 'Download lists of payouts', roles: ['owner', 'admin', 'manager', 'viewer'], fresh: true },
  'partners.read': { says: 'See partners', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'partners.manage': { says: 'Add, edit, archive and invite partners', roles: ['owner', 'admin', 'manager'] },
  'partners.self': { says: 'See the own profile and set-up', roles: ['partner'] },
  'partners.connect': { says: 'Set up where the own money goes', roles: ['partner'], fresh: true },
  'deals.read': {
    says: 'See deals, touches, programs and who gets credit',
    roles: ['owner', 'admin', 'manager', 'viewer'],
  },
  'deals.manage': {
    says: 'Add and edit deals and touches, win, lose and reopen deals, record refunds',
    roles: ['owner', 'admin', 'manager'],
  },
  'programs.manage': { says: 'Set up programs and choose how they attribute', roles: ['owner', 'admin'] },
  'attribution.override': { says: 'Set a deal’s shares by hand', roles: ['owner', 'admin'] },
  'rules.read': { says: 'See commission rules', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'rules.draft': { says: 'Write commission rules', roles: ['owner', 'admin', 'manager'] },
  'rules.publish': {
    says: 'Put commission rules in force that someone else wrote',
    roles: ['owner', 'admin'],
    fresh: true,
  },
  'commissions.read': {
    says: 'See commissions, and why each is what it is',
    roles: ['owner', 'admin', 'manager', 'viewer', 'partner'],
  },
  'commissions.dispute': { says: 'Dispute own commissions', roles: ['partner'] },
  'disputes.answer': { says: 'Answer disputes', roles: ['owner', 'admin', 'manager'] },
  'disputes.resolve': { says: 'Decide disputes, and adjust what is disputed', roles: ['owner', 'admin'] },
  'runs.read': { says: 'See payout runs, exchange rates and periods', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'runs.prepare': { says: 'Plan payout runs', roles: ['owner', 'admin', 'manager'] },
  'runs.execute': { says: 'Make the payouts of a run', roles: ['owner', 'admin', 'manager'], fresh: true },
  'rates.manage': {
    says: 'Enter and import exchange rates; set the smallest payouts of programs and partners',
    roles: ['owner', 'admin'],
  },
  'periods.close': { says: 'Close a month for good', roles: ['owner', 'admin'] },
  'registrations.read': {
    says: 'See deal registrations',
    roles: ['owner', 'admin', 'manager', 'viewer', 'partner'],
  },
  'registrations.submit': { says: 'Register own deals', roles: ['partner'] },
  'registrations.decide': { says: 'Approve and decline deal registrations', roles: ['owner', 'admin', 'manager'] },
  'splits.read': {
    says: 'See what partners agree on',
    roles: ['owner', 'admin', 'manager', 'viewer', 'partner'],
  },
  'splits.negotiate': { says: 'Propose and accept shares of own deals', roles: ['partner'] },
  'splits.confirm': { says: 'Open, confirm and withdraw agreements on shares', roles: ['owner', 'admin'] },
  'imports.manage': {
    says: 'Import files of deals, touches, partners, commissions and payouts, and undo imports',
    roles: ['owner', 'admin', 'manager'],
  },
  'emails.read': { says: 'See the emails that were sent', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'jobs.read': { says: 'See background work that waits or is stuck', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'jobs.retry': { says: 'Retry stuck background work', roles: ['owner', 'admin'] },
  'audit.read': { says: 'Read and verify the audit log', roles: ['owner', 'admin', 'viewer'] },
  'audit.export': { says: 'Download the audit log', roles: ['owner', 'admin', 'viewer'], fresh: true },
  'transfers.pause': { says: 'Stop all transfers', roles: ['owner', 'admin'] },
  'transfers.resume': { says: 'Resume transfers that were stopped', roles: ['owner', 'admin'], fresh: true },
  'team.read': { says: 'See the team', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'team.manage': { says: 'Invite people, change roles, end sessions', roles: ['owner'], fresh: true },
  'settings.read': { says: 'See the settings', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'settings.manage': { says: 'Change the settings', roles: ['owner'], fresh: true },
} as const satisfies Record<string, { says: string; roles: readonly Role[]; fresh?: true }>

export type Permission = keyof typeof permissions

export function allows(role: Role, permission: Permission): boolean {
  const roles: readonly Role[] = permissions[permission].roles
  return roles.includes(role)
}

/** Whether a permission takes a fresh proof of who you are. */
export function takesFreshProof(permission: Permission): boolean {
  return 'fresh' in permissions[permission]
}

/** How long a proof stays fresh (milliseconds). Source: OWASP ASVS 5.0, 7.5.1 and 6.3.3. */
export const freshMs = 10 * 60_000

/** What a session knows about whose it is. */
export interface Proof {
  /** When and how the person last proved that it is them: UTC milliseconds; null for never. */
  at: number | null
  by: WayToProve | null
  /** The second factors they have. */
  totp: boolean
  passkeys: boolean
  /** Whether the organization asks for a second factor. */
  required: boolean
}

/** What a person can confirm with that it is them: their second factors, or the password where they have none. */
export function waysOf({ totp, passkeys }: Pick<Proof, 'totp' | 'passkeys'>): ConfirmWay[] {
  const ways: ConfirmWay[] = [...(totp ? ['totp' as const] : []), ...(passkeys ? ['passkey' as const] : [])]
  return ways.length > 0 ? ways : ['password']
}

/**
 * What to ask the person for before they go on, or null for nothing: a second factor where they have one, or where the organization
 * requires one. An empty list: they have to set one up first. For their own second factors (`strongest`) the password is asked of who
 * has none; money in an organization that requires none is not held up for that.
 */
export function proofMissing(proof: Proof, now: number, asks: 'secondFactor' | 'strongest'): ConfirmWay[] | null {
  const hasSecond = proof.totp || proof.passkeys
  const takesSecond = hasSecond || (asks === 'secondFactor' && proof.required)
  if (asks === 'secondFactor' && !takesSecond) return null
  const fresh = proof.at !== null && now - proof.at < freshMs
  if (fresh && (proof.by !== 'password' || !takesSecond)) return null
  return takesSecond && !hasSecond ? [] : waysOf(proof)
}

export const roleLabels: Record<Role, { name: string; says: string }> = {
  owner: { name: 'Owner', says: 'Everything, and the only one who manages the team and the settings' },
  admin: { name: 'Admin', says: 'Prepares, approves, rejects and pays' },
  manager: { name: 'Manager', says: 'Prepares payouts and looks after partners; approves and pays nothing' },
  viewer: { name: 'Viewer', says: 'Reads and exports; changes nothing' },
  partner: { name: 'Partner', says: 'Sees only its own earnings and payouts' },
}

export const staffRoles = ['owner', 'admin', 'manager', 'viewer'] as const satisfies readonly Role[]

/** The signed-in person, in the organization they are looking at. Read from the database for every request. */
export interface Viewer {
  userId: string
  email: string
  name: string
  membershipId: string
  orgId: string
  orgName: string
  timeZone: string
  role: Role
  /** Set exactly when the role is `partner`. */
  partnerId: string | null
}

/** At least 10 characters and no rules of composition (NIST SP 800-63B); what is common is refused by a list. */
export const newPassword = z.string().min(10, 'Use at least 10 characters.').max(256, 'Use at most 256 characters.')

export const signInInput = z
  .object({ email: emailAddress, password: z.string().min(1, 'Enter your password.').max(256) })
  .strict()
export const forgotInput = z.object({ email: emailAddress }).strict()
export const resetInput = z.object({ token: z.string().min(20).max(100), password: newPassword }).strict()
export const acceptInvitationInput = z
  .object({
    token: z.string().min(20).max(100),
    name: line(120, 'Your name').optional(),
    password: z.string().max(256).optional(),
  })
  .strict()
export const changePasswordInput = z
  .object({
    current: z.string().min(1, 'Enter your current password.').max(256),
    password: newPassword,
    endOtherSessions: z.boolean().default(true),
  })
  .strict()
export const profileInput = z.object({ name: line(120, 'Your name') }).strict()
export const endSessionInput = z.object({ id: z.string().min(10).max(100) }).strict()
export const switchOrgInput = z.object({ membershipId: z.string().min(4).max(64) }).strict()
export const linkInput = z.object({ token: z.string().min(20).max(100) }).strict()

const code = z
  .string()
  .trim()
  .regex(/^\d{6}$/, 'Six digits, as the app shows them.')
const recoveryCode = z.string().trim().min(1, 'Type one of your recovery codes.').max(60)

const base64url = (max: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'The device’s answer is damaged. Try once more.')
    .max(max)

/** What a page posts: a browser's answer as JSON, in a hidden field. */
function fromJson<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .max(20_000)
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'The device’s answer is damaged. Try once more.' })
        return z.NEVER
      }
    })
    .pipe(schema)
}

const passkey = {
  id: base64url(1400),
  rawId: base64url(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
  // Nothing that an extension says is used.
  clientExtensionResults: z.record(z.string(), z.unknown()).transform(() => ({})),
}
const transports = z.array(z.string().max(20)).max(10).optional()

/** A new passkey, as the device made it. */
const passkeyAdded = z.object({
  ...passkey,
  response: z.object({ clientDataJSON: base64url(4000), attestationObject: base64url(16_000), transports }),
})
export type PasskeyAdded = z.output<typeof passkeyAdded>

/** A passkey that was used: who sits there, proven to their device, and what it signed. */
const passkeyUsed = z.object({
  ...passkey,
  response: z.object({
    clientDataJSON: base64url(4000),
    authenticatorData: base64url(4000),
    signature: base64url(4000),
    userHandle: base64url(200).optional(),
  }),
})
export type PasskeyUsed = z.output<typeof passkeyUsed>

/** A second factor. A passkey's answer is the browser's JSON. */
export const secondFactorInput = z.discriminatedUnion('by', [
  z.object({ by: z.literal('totp'), code }).strict(),
  z.object({ by: z.literal('recovery'), code: recoveryCode }).strict(),
  z.object({ by: z.literal('passkey'), response: fromJson(passkeyUsed) }).strict(),
])
export const confirmInput = z.discriminatedUnion('by', [
  ...secondFactorInput.options,
  z.object({ by: z.literal('password'), password: z.string().min(1, 'Enter your password.').max(256) }).strict(),
])
export type SecondFactor = z.output<typeof secondFactorInput>
export type Confirmation = z.output<typeof confirmInput>
/** As a page sends it. */
export type ConfirmationInput = z.input<typeof confirmInput>

export const passkeySignInInput = z.object({ response: fromJson(passkeyUsed) }).strict()
const endOtherSessions = z.boolean().default(true)
export const offerTotpInput = z.object({ sealed: z.string().max(1000).optional() }).strict()
export const saveTotpInput = z.object({ sealed: z.string().min(1).max(1000), code, endOtherSessions }).strict()
export const removeFactorInput = z.object({ endOtherSessions }).strict()
export const addPasskeyInput = z
  .object({ response: fromJson(passkeyAdded), name: line(60, 'The name'), endOtherSessions })
  .strict()
export const removePasskeyInput = z.object({ id: z.string().min(1).max(1400), endOtherSessions }).strict()

/** Where a role starts after signing in. */
export function homeOf(role: Role): '/admin' | '/portal' {
  return role === 'partner' ? '/portal' : '/admin'
}

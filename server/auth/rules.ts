import { z } from 'zod'
import type { Role } from '#db/schema/index.ts'
import { emailAddress, line } from '../lib/text.ts'

export type { Role }

/** Who may do what. The settings page and docs/roles.md print this table; nothing else decides. */
export const permissions = {
  'payouts.read': {
    says: 'See payouts, their reasons and their history',
    roles: ['owner', 'admin', 'manager', 'viewer', 'partner'],
  },
  'payouts.prepare': { says: 'Create, edit and import payouts', roles: ['owner', 'admin', 'manager'] },
  'payouts.approve': { says: 'Approve, reject and return payouts', roles: ['owner', 'admin'] },
  'payouts.pay': { says: 'Send money, record payments made elsewhere, cancel', roles: ['owner', 'admin'] },
  'payouts.export': { says: 'Download lists of payouts', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'partners.read': { says: 'See partners', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'partners.manage': { says: 'Add, edit, archive and invite partners', roles: ['owner', 'admin', 'manager'] },
  'partners.connect': { says: 'Set up where the own money goes', roles: ['partner'] },
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
  'rules.publish': { says: 'Put commission rules in force that someone else wrote', roles: ['owner', 'admin'] },
  'commissions.read': {
    says: 'See commissions, and why each is what it is',
    roles: ['owner', 'admin', 'manager', 'viewer', 'partner'],
  },
  'commissions.dispute': { says: 'Dispute own commissions', roles: ['partner'] },
  'disputes.answer': { says: 'Answer disputes', roles: ['owner', 'admin', 'manager'] },
  'disputes.resolve': { says: 'Decide disputes, and adjust what is disputed', roles: ['owner', 'admin'] },
  'runs.read': { says: 'See payout runs, exchange rates and periods', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'runs.prepare': { says: 'Plan payout runs and make their payouts', roles: ['owner', 'admin', 'manager'] },
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
  'transfers.pause': { says: 'Stop and resume all transfers', roles: ['owner', 'admin'] },
  'team.read': { says: 'See the team', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'team.manage': { says: 'Invite people, change roles, end sessions', roles: ['owner'] },
  'settings.read': { says: 'See the settings', roles: ['owner', 'admin', 'manager', 'viewer'] },
  'settings.manage': { says: 'Change the settings', roles: ['owner'] },
} as const satisfies Record<string, { says: string; roles: readonly Role[] }>

export type Permission = keyof typeof permissions

export function allows(role: Role, permission: Permission): boolean {
  const roles: readonly Role[] = permissions[permission].roles
  return roles.includes(role)
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

/** Where a role starts after signing in. */
export function homeOf(role: Role): '/admin' | '/portal' {
  return role === 'partner' ? '/portal' : '/admin'
}

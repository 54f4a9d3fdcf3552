import { z } from 'zod'
import { type Role, staffRoles } from '../auth/rules.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { isCurrency, maxAmount } from '../lib/money.ts'
import { emailAddress, line, paragraph } from '../lib/text.ts'

const staffRole = z.enum(staffRoles, { error: 'Choose a role.' })

const timeZones = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])

export const inviteInput = z
  .object({ email: emailAddress, name: line(120, 'The name').optional(), role: staffRole, idempotencyKey })
  .strict()
export const revokeInvitationInput = z.object({ invitationId: id, idempotencyKey }).strict()

const member = { membershipId: id, version, idempotencyKey }
export const memberInput = z.object(member).strict()
export const changeRoleInput = z.object({ ...member, role: staffRole }).strict()

/** `amount` is in minor units of its currency. */
const minimum = z
  .object({
    currency: z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.'),
    amount: z
      .number({ error: 'Enter an amount.' })
      .int('Amounts are whole numbers of minor units (cents).')
      .min(1, 'The smallest payout must be more than zero; leave the currency out for none.')
      .max(maxAmount, 'That is more than one payout can be.'),
  })
  .strict()

/** `amount` is in minor units of its currency. */
const dailyLimit = z
  .object({
    act: z.enum(['approve', 'pay']),
    currency: z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.'),
    amount: z
      .number({ error: 'Enter an amount.' })
      .int('Amounts are whole numbers of minor units (cents).')
      .min(1, 'A limit must be more than zero; leave the currency out for none.')
      .max(Number.MAX_SAFE_INTEGER, 'That is more than can be counted.'),
  })
  .strict()

/** What is left out stays as it is; `minimums` and `dailyLimits` replace the whole list. */
export const settingsInput = z
  .object({
    name: line(120, 'The name').optional(),
    timeZone: z
      .string()
      .refine(zone => timeZones.has(zone), 'That is not a time zone we know.')
      .optional(),
    creatorMayApprove: z.boolean().optional(),
    approvalsRequired: z.union([z.literal(1), z.literal(2)], { error: 'One or two approvals.' }).optional(),
    twoFactorRequired: z.boolean().optional(),
    destinationHoldHours: z
      .number({ error: 'Enter a number of hours.' })
      .int('Whole hours only.')
      .min(0, 'Zero or more hours.')
      .max(720, 'At most 720 hours, which is 30 days.')
      .optional(),
    minimums: z
      .array(minimum)
      .max(50)
      .refine(list => new Set(list.map(({ currency }) => currency)).size === list.length, 'A currency is there twice.')
      .optional(),
    dailyLimits: z
      .array(dailyLimit)
      .max(100)
      .refine(
        list => new Set(list.map(({ act, currency }) => act + currency)).size === list.length,
        'A currency is there twice.',
      )
      .optional(),
    exportRowsPerDay: z
      .number({ error: 'Enter a number of rows.' })
      .int('Whole rows only.')
      .min(1, 'At least one row.')
      .max(100_000_000, 'At most 100,000,000 rows.')
      .optional(),
    version,
    idempotencyKey,
  })
  .strict()

/** The reason is shown wherever a transfer waits because of it. */
export const pauseInput = z
  .object({
    reason: paragraph(500, 'The reason').pipe(z.string().min(1, 'Say why: everyone who waits will read it.')),
    idempotencyKey,
  })
  .strict()
/** `reason` is asked for only while something stands that can't be right: why it is safe to send all the same. */
export const resumeInput = z.object({ reason: paragraph(500, 'The reason').optional(), idempotencyKey }).strict()

export const memberActions = {
  changeRole: { label: 'Change role' },
  disable: { label: 'Disable' },
  enable: { label: 'Enable' },
  endSessions: { label: 'End sessions' },
  resetSecondFactor: { label: 'Reset second factor' },
} as const
export type MemberAction = keyof typeof memberActions

/** What an owner may do with a member; empty for everyone else. Partners' people keep their role: it says whose money they see. */
export function memberActionsFor(
  viewerRole: Role,
  member: { role: Role; disabled: boolean; lastOwner: boolean; secondFactor: boolean; you: boolean },
): MemberAction[] {
  if (viewerRole !== 'owner') return []
  if (member.disabled) return ['enable']
  const actions: MemberAction[] = member.role === 'partner' ? [] : ['changeRole']
  // Your own are under Account, where you prove that they are yours.
  const reset: MemberAction[] = member.secondFactor && !member.you ? ['resetSecondFactor'] : []
  return member.lastOwner ? ['endSessions'] : [...actions, 'disable', 'endSessions', ...reset]
}

export const lastOwnerSentence = 'This is the only owner. Make somebody else an owner first.'

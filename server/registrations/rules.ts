import { z } from 'zod'
import type { RegistrationStatus, Role } from '#db/schema/index.ts'
import { dealAmount, dealCurrency } from '../deals/rules.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { machine } from '../lib/machine.ts'
import { maxPageSize } from '../lib/page.ts'
import { emailAddress, line, paragraph } from '../lib/text.ts'
import { isFreeMail } from './free-mail.ts'

export type { RegistrationStatus }

/** What may happen to a registration: action, from, to, who. The database's trigger holds the same edges. */
export const registrationMachine = machine<RegistrationStatus, Role>()({
  edit: { from: ['draft'], to: ['draft'], by: ['partner'], label: 'Edit' },
  submit: { from: ['draft'], to: ['submitted'], by: ['partner'], label: 'Submit', tone: 'primary' },
  withdraw: { from: ['draft', 'submitted'], to: ['withdrawn'], by: ['partner'], label: 'Withdraw' },
  approve: {
    from: ['submitted'],
    to: ['approved'],
    by: ['owner', 'admin', 'manager'],
    label: 'Approve',
    tone: 'primary',
  },
  decline: {
    from: ['submitted'],
    to: ['declined'],
    by: ['owner', 'admin', 'manager'],
    label: 'Decline',
    tone: 'danger',
  },
  expire: { from: ['approved'], to: ['expired'], by: ['system'], label: 'Protection ended' },
})

export type RegistrationAction = keyof typeof registrationMachine.table

/** The word on the badge, and what it means to the partner. */
export const registrationLabels: Record<RegistrationStatus, { label: string; says: string }> = {
  draft: { label: 'Draft', says: 'Only you see it; submit it to have the deal protected' },
  submitted: { label: 'Submitted', says: 'Waiting for an answer' },
  approved: { label: 'Approved', says: 'The deal is yours to work on, and protected' },
  declined: { label: 'Declined', says: 'Not approved; the reason is on the registration' },
  withdrawn: { label: 'Withdrawn', says: 'You took it back' },
  expired: { label: 'Expired', says: 'The protection has ended; the deal stays as it is' },
}

/** `42` → `R-000042`, the number that people quote. */
export function registrationNumber(number: number): string {
  return `R-${String(number).padStart(6, '0')}`
}

/** The company's domain as an address shows it; null for a mailbox provider's, which says nothing about the company. */
export function domainOf(email: string | null): string | null {
  const domain = email?.split('@').at(-1)?.toLowerCase().replace(/\.$/, '')
  if (!email?.includes('@') || !domain || domain.length < 3 || isFreeMail(domain)) return null
  return domain
}

/** What a partner is told about a rival: that there is one, and nothing else. */
export const takenSentence =
  'Someone is already working with this company. You can still save a draft, or add why yours is different.'

const fields = {
  accountName: line(200, 'The company'),
  contactEmail: emailAddress.nullable().optional(),
  expectedAmount: dealAmount.nullable().optional(),
  currency: dealCurrency.optional(),
  programId: id.optional(),
  notes: paragraph(2000, 'The note').nullable().optional(),
}

/** `expectedAmount` in minor units; `currency` is the partner's and the program the only one where left out. */
export const createRegistrationInput = z
  .object({ ...fields, /** Sends it in at once. */ submit: z.boolean().default(false), idempotencyKey })
  .strict()

/** What is left out stays as it is. */
export const updateRegistrationInput = z
  .object({
    ...fields,
    accountName: fields.accountName.optional(),
    registrationId: id,
    version,
    submit: z.boolean().default(false),
    idempotencyKey,
  })
  .strict()

export const checkInput = z
  .object({
    accountName: z.string().max(200).optional(),
    contactEmail: emailAddress,
    registrationId: id.optional(),
  })
  .strict()

export const registrationInput = z.object({ registrationId: id }).strict()
export const registrationChangeInput = z.object({ registrationId: id, version, idempotencyKey }).strict()

/** `deal` (an id, or a number like D-000042) links an open deal instead of making one; `seenConflicts` are those that the reviewer was shown. */
export const approveRegistrationInput = z
  .object({
    registrationId: id,
    version,
    deal: z.string().trim().min(1).max(64).optional(),
    seenConflicts: z.array(id).max(100).default([]),
    idempotencyKey,
  })
  .strict()

export const declineRegistrationInput = z
  .object({
    registrationId: id,
    version,
    reason: paragraph(2000, 'The reason').min(1, 'Say why: the partner will read it.'),
    idempotencyKey,
  })
  .strict()

const statuses = Object.keys(registrationLabels) as [RegistrationStatus, ...RegistrationStatus[]]

/** Without a status, staff see what was sent in, and a partner all of its own. */
export const registrationFilter = z
  .object({
    status: z.enum(statuses).optional(),
    partnerId: id.optional(),
    q: z.string().trim().max(100, 'Search for at most 100 characters.').optional(),
  })
  .strict()

export const listRegistrationsInput = registrationFilter
  .extend({
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

export const ownDealsInput = z
  .object({
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

export const ownDealInput = z.object({ dealId: id }).strict()

import { z } from 'zod'
import type { Role, SplitStatus } from '#db/schema/index.ts'
import { shares } from '../attribution/rules.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { machine } from '../lib/machine.ts'
import { maxPageSize } from '../lib/page.ts'
import { paragraph } from '../lib/text.ts'

export type { SplitStatus }

/**
 * What may happen to a negotiation: action, from, to, who. The database's trigger holds the same edges. The last partner's yes makes it
 * accepted; a new proposal makes every earlier answer void, also where all had said yes.
 */
export const splitMachine = machine<SplitStatus, Role>()({
  propose: { from: ['open', 'accepted'], to: ['open'], by: ['partner'], label: 'Propose shares' },
  accept: { from: ['open'], to: ['open', 'accepted'], by: ['partner'], label: 'Accept', tone: 'primary' },
  decline: { from: ['open'], to: ['open'], by: ['partner'], label: 'Decline', tone: 'danger' },
  confirm: {
    from: ['accepted'],
    to: ['confirmed'],
    by: ['owner', 'admin'],
    label: 'Confirm the shares',
    tone: 'primary',
  },
  withdraw: {
    from: ['open', 'accepted', 'confirmed'],
    to: ['withdrawn'],
    by: ['owner', 'admin'],
    label: 'Withdraw',
    tone: 'danger',
  },
  expire: { from: ['open', 'accepted'], to: ['expired'], by: ['system'], label: 'Deadline passed' },
})

export type SplitAction = keyof typeof splitMachine.table

/** The word on the badge, and what it means. */
export const splitLabels: Record<SplitStatus, { label: string; says: string }> = {
  open: { label: 'Open', says: 'The partners are agreeing on their shares' },
  accepted: { label: 'Agreed', says: 'All partners have accepted; it counts once it is confirmed' },
  confirmed: { label: 'Confirmed', says: 'These shares decide who is credited' },
  expired: { label: 'Expired', says: 'Not settled by the deadline; the program’s model decides' },
  withdrawn: { label: 'Withdrawn', says: 'Taken back; the program’s model decides' },
}

/** Statuses in which a deal has a negotiation that counts, of which there is one at most. */
export const liveStatuses: readonly SplitStatus[] = ['open', 'accepted', 'confirmed']

const note = paragraph(2000, 'The note').optional()
const calendarDay = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'Write the date like 2026-02-28.')

/** `deadlineOn` is the last day, in the organization's time zone. Without partners, all that have a part in the deal. */
export const openSplitInput = z
  .object({
    dealId: id,
    partnerIds: z.array(id).min(2, 'Choose at least two partners.').max(100).optional(),
    deadlineOn: calendarDay,
    note,
    idempotencyKey,
  })
  .strict()

/** Shares in basis points that sum to 10,000; who is left out gets nothing. `version` is what the page showed. */
export const proposeInput = z.object({ splitId: id, version, shares, note, idempotencyKey }).strict()

/** `round` names the proposal that was read: an answer never counts for another one. */
export const answerInput = z.object({ splitId: id, round: z.number().int().positive(), idempotencyKey }).strict()

export const confirmSplitInput = z.object({ splitId: id, version, idempotencyKey }).strict()
export const withdrawSplitInput = z
  .object({
    splitId: id,
    version,
    reason: paragraph(2000, 'The reason').min(1, 'Say why it is withdrawn.'),
    idempotencyKey,
  })
  .strict()

export const splitInput = z.object({ splitId: id }).strict()
export const splitsOfDealInput = z.object({ dealId: id }).strict()

const statuses = Object.keys(splitLabels) as [SplitStatus, ...SplitStatus[]]
export const listSplitsInput = z
  .object({
    status: z.enum(statuses).optional(),
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

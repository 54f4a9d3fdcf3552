import { z } from 'zod'
import type { DisputeStatus, Role } from '#db/schema/index.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { machine } from '../lib/machine.ts'
import { maxPageSize } from '../lib/page.ts'
import { paragraph } from '../lib/text.ts'

export type { DisputeStatus }

/** What may happen to a dispute. While it is open it holds its commission, and nothing else. */
export const disputeMachine = machine<DisputeStatus, Role>()({
  answer: { from: ['open'], to: ['open'], by: ['owner', 'admin', 'manager'], label: 'Answer', tone: 'primary' },
  release: { from: ['open'], to: ['released'], by: ['owner', 'admin'], label: 'Keep the amount and release it' },
  adjust: { from: ['open'], to: ['adjusted'], by: ['owner', 'admin'], label: 'Adjust the amount' },
  reply: { from: ['open'], to: ['open'], by: ['partner'], label: 'Add to it', tone: 'primary' },
  withdraw: { from: ['open'], to: ['withdrawn'], by: ['partner'], label: 'Withdraw the dispute' },
})
export type DisputeAction = keyof typeof disputeMachine.table

export const disputeLabels: Record<DisputeStatus, { label: string; says: string }> = {
  open: { label: 'Open', says: 'The commission is held until it is decided' },
  released: { label: 'Amount kept', says: 'Decided: the amount stays as it was' },
  adjusted: { label: 'Adjusted', says: 'Decided: the difference is booked as a line of its own' },
  withdrawn: { label: 'Withdrawn', says: 'Taken back by the partner' },
}

const message = (what: string) => paragraph(4_000, what).pipe(z.string().min(1, `${what} is missing.`))

export const openDisputeInput = z
  .object({ commissionId: id, reason: message('What is wrong with it'), idempotencyKey })
  .strict()

export const answerInput = z.object({ disputeId: id, body: message('The answer'), idempotencyKey }).strict()

export const withdrawInput = z.object({ disputeId: id, version, idempotencyKey }).strict()

/** The reason is read by the partner. `amount`, in minor units, is what is added or, negative, taken away. */
export const resolveInput = z.discriminatedUnion('decision', [
  z
    .object({ disputeId: id, version, decision: z.literal('release'), reason: message('The reason'), idempotencyKey })
    .strict(),
  z
    .object({
      disputeId: id,
      version,
      decision: z.literal('adjust'),
      amount: z
        .number({ error: 'Enter what is added, or taken away with a minus.' })
        .int('Amounts are whole numbers of minor units (cents).')
        .min(-999_999_999_999, 'That is too much.')
        .max(999_999_999_999, 'That is too much.')
        .refine(amount => amount !== 0, 'An adjustment of nothing is no adjustment: release it instead.'),
      reason: message('The reason'),
      idempotencyKey,
    })
    .strict(),
])

const statuses = Object.keys(disputeLabels) as [DisputeStatus, ...DisputeStatus[]]

export const disputeFilter = z
  .object({ status: z.enum(statuses).optional(), partnerId: id.optional(), commissionId: id.optional() })
  .strict()
export type DisputeFilter = z.infer<typeof disputeFilter>

export const listDisputesInput = disputeFilter
  .extend({
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

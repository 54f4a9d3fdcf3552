import { z } from 'zod'
import type { PlanFlag, PlanOutcome, RunStatus } from '#db/schema/index.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { isCurrency, maxAmount } from '../lib/money.ts'
import { maxPageSize } from '../lib/page.ts'
import { periodSchema } from '../lib/period.ts'
import { calendarDay } from '../rates/rules.ts'

export type { PlanFlag, PlanOutcome, RunStatus }

/** `3` → `RUN-000003`, the number that people quote. */
export function runNumber(number: number): string {
  return `RUN-${String(number).padStart(6, '0')}`
}

/** How long a changed destination is worth a look (milliseconds). */
export const destinationChangedMs = 30 * 24 * 60 * 60_000
/** From so many rows of one currency, the largest twentieth is flagged. */
export const topAmountFrom = 20

const currency = z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.')

/** `cutoff` is the last day whose released commissions are paid; the period's last day, or this moment while it runs, unless given. */
export const planInput = z
  .object({
    period: periodSchema,
    cutoff: calendarDay.optional(),
    programIds: z.array(id).min(1, 'Choose at least one program.').max(200).optional(),
    idempotencyKey,
  })
  .strict()

const change = { runId: id, version, idempotencyKey }
export const runInput = z.object({ runId: id }).strict()
export const runChangeInput = z.object(change).strict()
/** Either some rows or all that can be paid. */
export const includeInput = z
  .object({
    ...change,
    rowIds: z.array(id).min(1, 'Choose at least one row.').max(10_000).optional(),
    all: z.literal(true).optional(),
    included: z.boolean(),
  })
  .strict()
  .refine(input => (input.rowIds === undefined) !== (input.all === undefined), 'Name the rows, or say all.')
/** `digest` is what the page showed. */
export const executeInput = z.object({ ...change, digest: z.string().length(64) }).strict()

export const listRunsInput = z
  .object({
    status: z.enum(['draft', 'executed', 'discarded']).optional(),
    period: periodSchema.optional(),
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(50).default(20),
  })
  .strict()

export const rowFilter = z
  .object({
    outcome: z.enum(['pay', 'rolls_over', 'blocked']).optional(),
    flagged: z.preprocess(value => (value === 'yes' || value === 'true' ? true : value), z.literal(true)).optional(),
    currency: currency.optional(),
    q: z.string().trim().max(100, 'Search for at most 100 characters.').optional(),
  })
  .strict()

export const rowsInput = rowFilter
  .extend({
    runId: id,
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

/** A page of one row's lines; `from` counts lines. */
export const linesInput = z
  .object({
    runId: id,
    rowId: id,
    from: z.coerce.number().int().min(0).max(1_000_000).default(0),
    limit: z.coerce.number().int().min(1).max(200).default(100),
  })
  .strict()

const minimumOf = z.object({ scope: z.enum(['program', 'partner']), scopeId: id, currency }).strict()

/** `amount` in minor units; null removes the minimum. */
export const setMinimumInput = minimumOf
  .extend({
    amount: z
      .number({ error: 'Enter an amount.' })
      .int('Amounts are whole numbers of minor units (cents).')
      .min(1, 'The smallest payout must be more than zero.')
      .max(maxAmount, 'That is more than one payout can be.')
      .nullable(),
    idempotencyKey,
  })
  .strict()

export const listMinimumsInput = z
  .object({ scope: z.enum(['program', 'partner']).optional(), scopeId: id.optional() })
  .strict()
  .default({})

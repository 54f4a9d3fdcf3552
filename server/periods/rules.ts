import { z } from 'zod'
import { idempotencyKey } from '../lib/inputs.ts'
import { maxPageSize } from '../lib/page.ts'
import { periodSchema } from '../lib/period.ts'

export const periodInput = z.object({ period: periodSchema }).strict()
export const listReversalsInput = z
  .object({
    period: periodSchema,
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()
export const closePeriodInput = z.object({ period: periodSchema, idempotencyKey }).strict()

/** `before` is the cursor: the last period of the page before. */
export const listPeriodsInput = z
  .object({ before: periodSchema.optional(), limit: z.coerce.number().int().min(1).max(60).default(24) })
  .strict()

import { z } from 'zod'
import { maxPageSize } from '../lib/page.ts'

const calendarDate = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'Write the date like 2026-02-28.')
  .refine(text => !Number.isNaN(Date.parse(`${text}T00:00:00Z`)), 'That day does not exist.')

/**
 * `actor` is a user's id or part of a name; `action` a procedure like `payouts.approve`, or a domain like `payouts`; `targetId` is
 * an id, or a payout's number like `PO-000042`.
 */
export const auditFilter = z
  .object({
    actor: z.string().trim().max(120).optional(),
    action: z.string().trim().max(64).optional(),
    targetType: z.string().trim().max(32).optional(),
    targetId: z.string().trim().max(100).optional(),
    from: calendarDate.optional(),
    to: calendarDate.optional(),
  })
  .strict()
  .refine(filter => !filter.from || !filter.to || filter.from <= filter.to, {
    path: ['to'],
    message: 'The dates are upside down.',
  })

export type AuditFilter = z.infer<typeof auditFilter>

export const listAuditInput = z.intersection(
  auditFilter,
  z
    .object({
      cursor: z.string().max(400).optional(),
      limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
    })
    .strict(),
)

export const exportFormats = ['jsonl', 'csv'] as const
export const exportAuditInput = z.intersection(
  auditFilter,
  z.object({ format: z.enum(exportFormats).default('jsonl') }).strict(),
)

export const verifyAuditInput = z
  .object({
    /** An end of the chain as the log recorded it. */
    anchor: z
      .object({
        seq: z.coerce.number().int().positive(),
        hash: z.string().regex(/^[0-9a-f]{64}$/, 'A hash has 64 hexadecimal digits.'),
      })
      .strict()
      .optional(),
  })
  .strict()
  .default({})

export interface FieldChange {
  field: string
  before: unknown
  after: unknown
}

/** What changed between two records as the log keeps them, in the later one's order; what stayed the same is left out. */
export function changesBetween(before: string | null, after: string | null): FieldChange[] {
  const was = record(before)
  const is = record(after)
  return [...new Set([...Object.keys(is), ...Object.keys(was)])]
    .map(field => ({ field, before: was[field] ?? null, after: is[field] ?? null }))
    .filter(change => JSON.stringify(change.before) !== JSON.stringify(change.after))
}

function record(json: string | null): Record<string, unknown> {
  const value: unknown = json === null ? {} : JSON.parse(json)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { value }
}

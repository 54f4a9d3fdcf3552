import { z } from 'zod'
import { idempotencyKey } from '../lib/inputs.ts'
import { can, perform } from '../trpc.ts'
import { commitImport, failedRows, saveDraft, showImport } from './import.ts'
import { readSpreadsheet } from './spreadsheet.ts'

const importId = z.string().min(4).max(64)

/** A spreadsheet becomes payouts in two steps: a draft that shows every row's problems, then all of it in one transaction. */
export const importProcedures = {
  importDraft: can('payouts.prepare')
    .input(z.object({ fileName: z.string().trim().min(1).max(200), text: z.string(), idempotencyKey }).strict())
    .mutation(({ ctx, input }) => {
      const sheet = readSpreadsheet(input.text)
      return perform(ctx, 'payouts.importDraft', input, work => saveDraft(work, input, sheet))
    }),
  importShow: can('payouts.prepare')
    .input(
      z
        .object({ importId, cursor: z.string().max(400).optional(), only: z.enum(['all', 'problems']).default('all') })
        .strict(),
    )
    .query(({ ctx, input }) => showImport(ctx.deps.db.read, ctx.viewer.orgId, input)),
  importCommit: can('payouts.prepare')
    .input(
      z
        .object({
          importId,
          version: z.number().int().positive().optional(),
          skipDuplicates: z.boolean(),
          skipErrors: z.boolean().default(false),
          idempotencyKey,
        })
        .strict(),
    )
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.importCommit', input, work => commitImport(work, input))),
  /** The rows with errors as a file; a mutation because it is recorded. */
  importErrors: can('payouts.prepare')
    .input(z.object({ importId }).strict())
    .mutation(({ ctx, input }) => failedRows(ctx, input.importId)),
}

import { z } from 'zod'
import { notFound } from '../lib/errors.ts'
import { can, router } from '../trpc.ts'
import { exportCommissions } from './export.ts'
import { calculatePending, openTotals } from './pending.ts'
import { commissionFilter, commissionInput, listCommissionsInput, pendingInput } from './rules.ts'
import { getCommission, listCommissions } from './view.ts'

export const commissionsRouter = router({
  list: can('commissions.read')
    .input(listCommissionsInput)
    .query(({ ctx, input }) =>
      listCommissions(ctx.deps.db.read, { viewer: ctx.viewer, now: ctx.deps.clock.now() }, input),
    ),
  get: can('commissions.read')
    .input(commissionInput)
    .query(({ ctx, input }) =>
      getCommission(ctx.deps.db.read, { viewer: ctx.viewer, now: ctx.deps.clock.now() }, input.commissionId),
    ),
  /** What partners are owed now, per currency, from the rows: the own partner's, one's, or a page of all. */
  calculatePending: can('commissions.read')
    .input(pendingInput)
    .query(({ ctx, input }) => calculatePending(ctx.deps.db, ctx.viewer, ctx.deps.clock.now(), input)),
  /** What is open in all, per currency. */
  totals: can('commissions.read')
    .input(
      z
        .object({ partnerId: z.string().min(4).max(64).optional() })
        .strict()
        .prefault({}),
    )
    .query(({ ctx, input }) => {
      if (ctx.viewer.partnerId && input.partnerId && input.partnerId !== ctx.viewer.partnerId) throw notFound('partner')
      return openTotals(ctx.deps.db, ctx.viewer, ctx.deps.clock.now(), input.partnerId)
    }),
  /** The list as a CSV file, in pieces; a mutation because it is recorded. A partner gets its own. */
  export: can('commissions.read')
    .input(commissionFilter)
    .mutation(({ ctx, input }) => exportCommissions(ctx, input)),
})

import { can, perform, router } from '../trpc.ts'
import { closePeriod } from './close.ts'
import { closePeriodInput, listPeriodsInput, listReversalsInput, periodInput } from './rules.ts'
import { getPeriod, listPeriods, listReversals } from './view.ts'

export const periodsRouter = router({
  list: can('runs.read')
    .input(listPeriodsInput)
    .query(({ ctx, input }) => listPeriods(ctx.deps.db.read, ctx.viewer, ctx.deps.clock.now(), input)),
  get: can('runs.read')
    .input(periodInput)
    .query(({ ctx, input }) => getPeriod(ctx.deps.db.read, ctx.viewer, ctx.deps.clock.now(), input.period)),
  /** What was reversed in a month of what was paid in it or before. */
  reversals: can('runs.read')
    .input(listReversalsInput)
    .query(({ ctx, input }) => listReversals(ctx.deps.db.read, ctx.viewer, input)),
  /** For good: there is no way back. */
  close: can('periods.close')
    .input(closePeriodInput)
    .mutation(({ ctx, input }) => perform(ctx, 'periods.close', input, work => closePeriod(work, input))),
})

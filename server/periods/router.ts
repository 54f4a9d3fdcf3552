import { can, perform, router } from '../trpc.ts'
import { closePeriod } from './close.ts'
import { closePeriodInput, listPeriodsInput, periodInput } from './rules.ts'
import { getPeriod, listPeriods } from './view.ts'

export const periodsRouter = router({
  list: can('runs.read')
    .input(listPeriodsInput)
    .query(({ ctx, input }) => listPeriods(ctx.deps.db.read, ctx.viewer, ctx.deps.clock.now(), input)),
  get: can('runs.read')
    .input(periodInput)
    .query(({ ctx, input }) => getPeriod(ctx.deps.db.read, ctx.viewer, ctx.deps.clock.now(), input.period)),
  /** For good: there is no way back. */
  close: can('periods.close')
    .input(closePeriodInput)
    .mutation(({ ctx, input }) => perform(ctx, 'periods.close', input, work => closePeriod(work, input))),
})

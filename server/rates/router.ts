import { can, perform, router } from '../trpc.ts'
import { addRateInput, importRatesInput, listRatesInput } from './rules.ts'
import { addRate, importRates, listRates } from './service.ts'

export const ratesRouter = router({
  list: can('runs.read')
    .input(listRatesInput)
    .query(({ ctx, input }) => listRates(ctx.deps.db.read, ctx.viewer.orgId, input)),
  add: can('rates.manage')
    .input(addRateInput)
    .mutation(({ ctx, input }) => perform(ctx, 'rates.add', input, work => addRate(work, input))),
  /** The European Central Bank's CSV, daily or history. */
  importEcb: can('rates.manage')
    .input(importRatesInput)
    .mutation(({ ctx, input }) => perform(ctx, 'rates.importEcb', input, work => importRates(work, input))),
})

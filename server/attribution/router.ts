import { dealChangeInput, dealInput } from '../deals/rules.ts'
import { paragraph } from '../lib/text.ts'
import { can, perform, router } from '../trpc.ts'
import { shares } from './rules.ts'
import { clearOverride, overrideShares, recalculateNow } from './service.ts'
import { compareModels } from './view.ts'

const overrideInput = dealChangeInput
  .extend({
    shares,
    reason: paragraph(2000, 'The reason').min(1, 'Say why the model doesn’t decide here: it stays on record.'),
  })
  .strict()
const clearInput = dealChangeInput.extend({ reason: paragraph(2000, 'The reason').optional() }).strict()

export const attributionRouter = router({
  /** All models side by side on a deal's touches; nothing is stored. */
  compare: can('deals.read')
    .input(dealInput)
    .query(({ ctx, input }) => compareModels(ctx.deps.db.read, ctx.viewer.orgId, input.dealId, ctx.deps.clock.now())),
  override: can('attribution.override')
    .input(overrideInput)
    .mutation(({ ctx, input }) => perform(ctx, 'attribution.override', input, work => overrideShares(work, input))),
  clearOverride: can('attribution.override')
    .input(clearInput)
    .mutation(({ ctx, input }) => perform(ctx, 'attribution.clearOverride', input, work => clearOverride(work, input))),
  recalculate: can('deals.manage')
    .input(dealChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'attribution.recalculate', input, work => recalculateNow(work, input))),
})

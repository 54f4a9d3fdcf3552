import { can, perform, router } from '../trpc.ts'
import {
  addTouchInput,
  createDealInput,
  dealInput,
  listDealsInput,
  loseDealInput,
  refundDealInput,
  removeTouchInput,
  reopenDealInput,
  updateDealInput,
  updateTouchInput,
  winDealInput,
} from './rules.ts'
import {
  addTouch,
  createDeal,
  loseDeal,
  refundDeal,
  removeTouch,
  reopenDeal,
  updateDeal,
  updateTouch,
  winDeal,
} from './service.ts'
import { dealCounts, getDeal, listDeals } from './view.ts'

export const dealsRouter = router({
  list: can('deals.read')
    .input(listDealsInput)
    .query(({ ctx, input }) => listDeals(ctx.deps.db.read, { viewer: ctx.viewer, now: ctx.deps.clock.now() }, input)),
  counts: can('deals.read').query(({ ctx }) => dealCounts(ctx.deps.db.read, ctx.viewer.orgId)),
  get: can('deals.read')
    .input(dealInput)
    .query(({ ctx, input }) =>
      getDeal(ctx.deps.db.read, { viewer: ctx.viewer, now: ctx.deps.clock.now() }, input.dealId),
    ),

  create: can('deals.manage')
    .input(createDealInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.create', input, work => createDeal(work, input))),
  update: can('deals.manage')
    .input(updateDealInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.update', input, work => updateDeal(work, input))),
  /** Attributes the deal and books commissions. */
  win: can('deals.manage')
    .input(winDealInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.win', input, work => winDeal(work, input))),
  /** Of a won deal: takes back what was earned. So does reopening. */
  lose: can('deals.manage')
    .input(loseDealInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.lose', input, work => loseDeal(work, input))),
  reopen: can('deals.manage')
    .input(reopenDealInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.reopen', input, work => reopenDeal(work, input))),
  /** Takes commissions back in proportion. */
  refund: can('deals.manage')
    .input(refundDealInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.refund', input, work => refundDeal(work, input))),

  addTouch: can('deals.manage')
    .input(addTouchInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.addTouch', input, work => addTouch(work, input))),
  updateTouch: can('deals.manage')
    .input(updateTouchInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.updateTouch', input, work => updateTouch(work, input))),
  removeTouch: can('deals.manage')
    .input(removeTouchInput)
    .mutation(({ ctx, input }) => perform(ctx, 'deals.removeTouch', input, work => removeTouch(work, input))),
})

import { notFound } from '../lib/errors.ts'
import { can, perform, router, type SignedIn } from '../trpc.ts'
import {
  answerInput,
  confirmSplitInput,
  listSplitsInput,
  openSplitInput,
  proposeInput,
  splitInput,
  splitsOfDealInput,
  withdrawSplitInput,
} from './rules.ts'
import { acceptShares, confirmSplit, declineShares, openSplit, proposeShares, withdrawSplit } from './service.ts'
import { getSplit, listSplits, splitsOfDeal } from './view.ts'

export const splitsRouter = router({
  list: can('splits.read')
    .input(listSplitsInput)
    .query(({ ctx, input }) => listSplits(ctx.deps.db.read, scope(ctx), input)),
  get: can('splits.read')
    .input(splitInput)
    .query(({ ctx, input }) => getSplit(ctx.deps.db.read, scope(ctx), input.splitId)),
  /** For the deal's page, which only staff have. */
  ofDeal: can('deals.read')
    .input(splitsOfDealInput)
    .query(({ ctx, input }) => splitsOfDeal(ctx.deps.db.read, scope(ctx), input.dealId)),

  propose: can('splits.negotiate')
    .input(proposeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'splits.propose', input, work => proposeShares(work, own(ctx), input))),
  accept: can('splits.negotiate')
    .input(answerInput)
    .mutation(({ ctx, input }) => perform(ctx, 'splits.accept', input, work => acceptShares(work, own(ctx), input))),
  decline: can('splits.negotiate')
    .input(answerInput)
    .mutation(({ ctx, input }) => perform(ctx, 'splits.decline', input, work => declineShares(work, own(ctx), input))),

  open: can('splits.confirm')
    .input(openSplitInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'splits.open', input, work => openSplit(work, input, ctx.viewer.timeZone)),
    ),
  confirm: can('splits.confirm')
    .input(confirmSplitInput)
    .mutation(({ ctx, input }) => perform(ctx, 'splits.confirm', input, work => confirmSplit(work, input))),
  withdraw: can('splits.confirm')
    .input(withdrawSplitInput)
    .mutation(({ ctx, input }) => perform(ctx, 'splits.withdraw', input, work => withdrawSplit(work, input))),
})

function scope(ctx: SignedIn) {
  return { viewer: ctx.viewer, now: ctx.deps.clock.now() }
}

/** The viewer's own partner: from the session, never from input. */
function own({ viewer }: SignedIn): string {
  if (!viewer.partnerId) throw notFound('partner')
  return viewer.partnerId
}

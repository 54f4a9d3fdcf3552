import { z } from 'zod'
import { can, perform, router, type SignedIn } from '../trpc.ts'
import { answerInput, listDisputesInput, openDisputeInput, resolveInput, withdrawInput } from './rules.ts'
import { answerDispute, openDispute, resolveDispute, withdrawDispute } from './service.ts'
import { countOpen, getDispute, listDisputes } from './view.ts'

const byId = z.object({ disputeId: z.string().min(4).max(64) }).strict()

export const disputesRouter = router({
  open: can('commissions.dispute')
    .input(openDisputeInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'disputes.open', input, work => openDispute(work, partnerOf(ctx), input)),
    ),
  /** The company's answer. */
  answer: can('disputes.answer')
    .input(answerInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'disputes.answer', input, work => answerDispute(work, { staff: true }, input)),
    ),
  /** A further word of the partner's. */
  reply: can('commissions.dispute')
    .input(answerInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'disputes.reply', input, work => answerDispute(work, { partnerId: partnerOf(ctx) }, input)),
    ),
  withdraw: can('commissions.dispute')
    .input(withdrawInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'disputes.withdraw', input, work => withdrawDispute(work, partnerOf(ctx), input)),
    ),
  resolve: can('disputes.resolve')
    .input(resolveInput)
    .mutation(({ ctx, input }) => perform(ctx, 'disputes.resolve', input, work => resolveDispute(work, input))),

  list: can('commissions.read')
    .input(listDisputesInput)
    .query(({ ctx, input }) => listDisputes(ctx.deps.db.read, ctx.viewer, input)),
  get: can('commissions.read')
    .input(byId)
    .query(({ ctx, input }) => getDispute(ctx.deps.db.read, ctx.viewer, input.disputeId)),
  openCount: can('commissions.read').query(({ ctx }) => countOpen(ctx.deps.db.read, ctx.viewer)),
})

function partnerOf({ viewer }: SignedIn): string {
  if (!viewer.partnerId) throw new Error('a partner role without a partner')
  return viewer.partnerId
}

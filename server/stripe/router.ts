import { Stripe } from 'stripe'
import { z } from 'zod'
import { finishRestore, unreconciledSince } from '../backup/after-restore.ts'
import { DomainError } from '../lib/errors.ts'
import { actorOf, type Context, can, router } from '../trpc.ts'
import { reconcile } from './reconcile.ts'

const dayMs = 24 * 60 * 60_000

/** `days` back from now; sixty where left out. */
const runInput = z
  .object({ days: z.coerce.number().int().min(1).max(730).optional() })
  .strict()
  .default({})

export const reconcileRouter = router({
  /** Compares the organization's payouts with Stripe's transfers now, and stores nothing. */
  run: can('payouts.compare')
    .input(runInput)
    .query(async ({ ctx, input }) => {
      const since = input.days === undefined ? undefined : ctx.deps.clock.now() - input.days * dayMs
      return answered(ctx, () => reconcile(ctx.deps, { orgId: ctx.viewer.orgId, since }))
    }),

  /** Since when Stripe may hold transfers that a restored database doesn't know; null where no restore waits. */
  restored: can('payouts.compare').query(async ({ ctx }) => ({
    since: await unreconciledSince(ctx.deps, ctx.viewer.orgId),
  })),

  /** After a restore: takes over what Stripe has paid since the backup, reports the rest, and lets transfers be resumed. */
  afterRestore: can('transfers.resume').mutation(({ ctx }) =>
    answered(ctx, () => finishRestore(ctx.deps, ctx.viewer.orgId, actorOf(ctx.viewer))),
  ),
})

async function answered<T>(ctx: Context, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error
    ctx.deps.log.warn({ err: error, requestId: ctx.requestId }, 'a comparison with Stripe failed')
    throw new DomainError(
      'UNAVAILABLE',
      'Stripe does not answer at the moment, so nothing could be compared. Try again in a minute.',
    )
  }
}

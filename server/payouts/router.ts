import { Stripe } from 'stripe'
import { z } from 'zod'
import { DomainError, notFound } from '../lib/errors.ts'
import { can, perform, router } from '../trpc.ts'
import { exportPayouts, statementOf } from './export.ts'
import { importProcedures } from './import-router.ts'
import { bulkMarkPaid, markPaid } from './pay.ts'
import {
  approveInput,
  bulkInput,
  cancelInput,
  createInput,
  decideReversalInput,
  filterSchema,
  listInput,
  markPaidInput,
  rejectInput,
  releaseInput,
  simpleChangeInput,
  updateInput,
} from './rules.ts'
import {
  approvePayout,
  bulkApprove,
  cancelPayout,
  createPayout,
  rejectPayout,
  unapprovePayout,
  updatePayout,
} from './service.ts'
import { decideReversal, releasePayout } from './settle.ts'
import { adoptIfFound } from './transfer.ts'
import { getPayout, listPayouts, readMonths, readPartnerSummary, readStats } from './view.ts'

const byId = z.object({ payoutId: z.string().min(4).max(64) }).strict()
/** A partner leaves its own id out; another's is a 404, as if it did not exist. */
const forPartner = z
  .object({ partnerId: z.string().min(4).max(64).optional() })
  .strict()
  .default({})

export const payoutsRouter = router({
  create: can('payouts.prepare')
    .input(createInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.create', input, work => createPayout(work, input, 'form'))),
  update: can('payouts.prepare')
    .input(updateInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.update', input, work => updatePayout(work, input))),
  approve: can('payouts.approve')
    .input(approveInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.approve', input, work => approvePayout(work, input))),
  reject: can('payouts.approve')
    .input(rejectInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.reject', input, work => rejectPayout(work, input))),
  unapprove: can('payouts.approve')
    .input(simpleChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.unapprove', input, work => unapprovePayout(work, input))),
  markPaid: can('payouts.pay')
    .input(markPaidInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.markPaid', input, work => markPaid(work, input))),
  cancel: can('payouts.pay')
    .input(cancelInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.cancel', input, work => cancelPayout(work, input))),
  /** Asks Stripe once more before anyone's word counts; a transfer that is found settles the payout instead. */
  release: can('payouts.pay')
    .input(releaseInput)
    .mutation(async ({ ctx, input }) => {
      const found = await adoptIfFound(ctx.deps, ctx.viewer.orgId, input.payoutId).catch(error => {
        if (!(error instanceof Stripe.errors.StripeError)) throw error
        ctx.deps.log.warn({ err: error, requestId: ctx.requestId }, 'Stripe could not be asked before a release')
        throw new DomainError(
          'UNAVAILABLE',
          'Stripe does not answer at the moment, so nobody can say that the money did not move. Nothing was released; try again in a minute.',
        )
      })
      return found ?? perform(ctx, 'payouts.release', input, work => releasePayout(work, input))
    }),
  decideReversal: can('payouts.pay')
    .input(decideReversalInput)
    .mutation(({ ctx, input }) => perform(ctx, 'payouts.decideReversal', input, work => decideReversal(work, input))),
  bulkApprove: can('payouts.approve')
    .input(bulkInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'payouts.bulkApprove', input, work => bulkApprove(work, input.payoutIds, input.versions)),
    ),
  bulkMarkPaid: can('payouts.pay')
    .input(bulkInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'payouts.bulkMarkPaid', input, work => bulkMarkPaid(work, input.payoutIds, input.versions)),
    ),

  list: can('payouts.read')
    .input(listInput)
    .query(({ ctx, input }) => listPayouts(ctx.deps.db.read, { viewer: ctx.viewer, now: ctx.deps.clock.now() }, input)),
  get: can('payouts.read')
    .input(byId)
    .query(({ ctx, input }) =>
      getPayout(ctx.deps.db.read, { viewer: ctx.viewer, now: ctx.deps.clock.now() }, input.payoutId),
    ),
  stats: can('payouts.read')
    .input(forPartner)
    .query(({ ctx, input }) =>
      readStats(ctx.deps.db.read, ctx.viewer.orgId, scopedPartner(ctx.viewer.partnerId, input.partnerId)),
    ),
  partnerSummary: can('payouts.read')
    .input(forPartner)
    .query(({ ctx, input }) => {
      const partnerId = scopedPartner(ctx.viewer.partnerId, input.partnerId)
      if (!partnerId) throw notFound('partner')
      return readPartnerSummary(ctx.deps.db.read, ctx.viewer.orgId, partnerId)
    }),
  /** What was paid in each of the last months, for the charts. */
  monthly: can('payouts.read')
    .input(
      z
        .object({
          partnerId: z.string().min(4).max(64).optional(),
          months: z.number().int().min(1).max(36).default(12),
        })
        .strict()
        .prefault({}),
    )
    .query(({ ctx, input }) =>
      readMonths(
        ctx.deps.db.read,
        ctx.viewer.orgId,
        scopedPartner(ctx.viewer.partnerId, input.partnerId),
        ctx.deps.clock.now(),
        input.months,
      ),
    ),
  /** The list as a CSV file, in pieces; a mutation because it is recorded. */
  export: can('payouts.export')
    .input(filterSchema)
    .mutation(({ ctx, input }) => exportPayouts(ctx, input)),
  /** One payout's lines as a CSV file, for its partner and for staff; a mutation because it is recorded. */
  statement: can('payouts.read')
    .input(byId)
    .mutation(({ ctx, input }) => statementOf(ctx, input.payoutId)),
  ...importProcedures,
})

function scopedPartner(own: string | null, asked: string | undefined): string | null {
  if (own && asked && asked !== own) throw notFound('partner')
  return own ?? asked ?? null
}

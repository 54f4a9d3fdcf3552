import { remintInvitation } from '../auth/invitations.ts'
import { notFound } from '../lib/errors.ts'
import { actorOf, can, perform, router, type SignedIn } from '../trpc.ts'
import { refresh, startSetup } from './connect.ts'
import {
  createPartnerInput,
  invitePartnerInput,
  listPartnersInput,
  partnerChangeInput,
  partnerInput,
  partnerOptionsInput,
  updatePartnerInput,
} from './rules.ts'
import {
  archivePartner,
  createPartner,
  invitePartner,
  remindPartner,
  restorePartner,
  updatePartner,
} from './service.ts'
import { getOwnPartner, getPartner, listPartners, partnerOptions } from './view.ts'

export const partnersRouter = router({
  list: can('partners.read')
    .input(listPartnersInput)
    .query(({ ctx, input }) => listPartners(ctx.deps.db.read, ctx.viewer, input)),
  /** For selects: at most 50, by name. */
  options: can('partners.read')
    .input(partnerOptionsInput)
    .query(({ ctx, input }) => partnerOptions(ctx.deps.db.read, ctx.viewer, input)),
  get: can('partners.read')
    .input(partnerInput)
    .query(({ ctx, input }) => getPartner(ctx.deps, ctx.viewer, input.partnerId)),

  create: can('partners.manage')
    .input(createPartnerInput)
    .mutation(({ ctx, input }) => perform(ctx, 'partners.create', input, work => createPartner(work, input))),
  update: can('partners.manage')
    .input(updatePartnerInput)
    .mutation(({ ctx, input }) => perform(ctx, 'partners.update', input, work => updatePartner(work, input))),
  archive: can('partners.manage')
    .input(partnerChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'partners.archive', input, work => archivePartner(work, input))),
  restore: can('partners.manage')
    .input(partnerChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'partners.restore', input, work => restorePartner(work, input))),
  /** Answers with a link to hand over; the mail carries another. Null once the invitation is no longer open. */
  invite: can('partners.manage')
    .input(invitePartnerInput)
    .mutation(async ({ ctx, input }) => {
      const invited = await perform(ctx, 'partners.invite', input, work => invitePartner(work, input))
      // Made after the commit, so that no secret is kept beside the idempotency key.
      const link = await remintInvitation(ctx.deps, invited.invitationId)
      return { ...invited, url: link?.url ?? null }
    }),
  remind: can('partners.manage')
    .input(partnerChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'partners.remind', input, work => remindPartner(work, input))),
  /** Asks Stripe now, instead of waiting for its webhook. */
  sync: can('partners.manage')
    .input(partnerInput)
    .mutation(async ({ ctx, input }) => {
      await refresh(ctx.deps, { id: input.partnerId, orgId: ctx.viewer.orgId }, actorOf(ctx.viewer))
      return getPartner(ctx.deps, ctx.viewer, input.partnerId)
    }),

  /** The partner's own profile and set-up. */
  me: can('partners.self').query(({ ctx }) => getOwnPartner(ctx.deps, ctx.viewer)),
  startSetup: can('partners.connect').mutation(({ ctx }) => startSetup(ctx.deps, own(ctx), actorOf(ctx.viewer))),
  refreshSetup: can('partners.self').mutation(async ({ ctx }) => {
    await refresh(ctx.deps, own(ctx), actorOf(ctx.viewer))
    return getOwnPartner(ctx.deps, ctx.viewer)
  }),
})

/** The viewer's own partner: from the session, never from input. */
function own({ viewer }: SignedIn): { id: string; orgId: string } {
  if (!viewer.partnerId) throw notFound('partner')
  return { id: viewer.partnerId, orgId: viewer.orgId }
}

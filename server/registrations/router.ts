import { notFound } from '../lib/errors.ts'
import { can, perform, router, type SignedIn } from '../trpc.ts'
import { findConflicts, tell } from './conflicts.ts'
import { approveRegistration, declineRegistration } from './decide.ts'
import { contactOf, countLookUp, mayLookUp } from './look-ups.ts'
import { getOwnDeal, listOwnDeals } from './own-deals.ts'
import {
  approveRegistrationInput,
  checkInput,
  createRegistrationInput,
  declineRegistrationInput,
  domainOf,
  listRegistrationsInput,
  ownDealInput,
  ownDealsInput,
  registrationChangeInput,
  registrationInput,
  updateRegistrationInput,
} from './rules.ts'
import { createRegistration, submitRegistration, updateRegistration, withdrawRegistration } from './service.ts'
import { countWaiting, getRegistration, listRegistrations, readChoices } from './view.ts'

export const registrationsRouter = router({
  list: can('registrations.read')
    .input(listRegistrationsInput)
    .query(({ ctx, input }) => listRegistrations(ctx.deps.db.read, scope(ctx), input)),
  get: can('registrations.read')
    .input(registrationInput)
    .query(async ({ ctx, input }) => {
      const registration = await getRegistration(ctx.deps.db.read, scope(ctx), input.registrationId)
      // Counted whatever the answer: also that nobody is there is something to know.
      if (registration.status !== 'draft' || ctx.viewer.partnerId === null) return registration
      const mayTell = await mayLookUp(ctx.deps, ctx.viewer.partnerId, registration.contactEmail)
      return mayTell ? registration : { ...registration, told: null }
    }),

  /** What the partner's form offers. */
  choices: can('registrations.submit').query(({ ctx }) => readChoices(ctx.deps.db.read, ctx.viewer.orgId, own(ctx))),
  /** Whether somebody is there already, before anything is kept. TOO_MANY once a partner has asked about many companies. */
  check: can('registrations.submit')
    .input(checkInput)
    .query(async ({ ctx, input }) => {
      await countLookUp(ctx.deps, own(ctx), input.contactEmail)
      const claim = {
        key: input.registrationId ?? '',
        partnerId: own(ctx),
        accountDomain: domainOf(input.contactEmail),
        contactEmail: input.contactEmail,
      }
      const found = await findConflicts(ctx.deps.db.read, ctx.viewer.orgId, [claim], ctx.deps.clock.now())
      return tell(found.get(claim.key) ?? [])
    }),
  create: can('registrations.submit')
    .input(createRegistrationInput)
    .mutation(async ({ ctx, input }) => {
      const mayTell = await mayBeTold(ctx, input.submit, input.contactEmail ?? null)
      return perform(ctx, 'registrations.create', input, work => createRegistration(work, own(ctx), input, mayTell))
    }),
  update: can('registrations.submit')
    .input(updateRegistrationInput)
    .mutation(async ({ ctx, input }) => {
      const contact = input.contactEmail ?? (await contactOf(ctx.deps, own(ctx), input.registrationId))
      const mayTell = await mayBeTold(ctx, input.submit, contact)
      return perform(ctx, 'registrations.update', input, work => updateRegistration(work, own(ctx), input, mayTell))
    }),
  submit: can('registrations.submit')
    .input(registrationChangeInput)
    .mutation(async ({ ctx, input }) => {
      const mayTell = await mayBeTold(ctx, true, await contactOf(ctx.deps, own(ctx), input.registrationId))
      return perform(ctx, 'registrations.submit', input, work => submitRegistration(work, own(ctx), input, mayTell))
    }),
  withdraw: can('registrations.submit')
    .input(registrationChangeInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'registrations.withdraw', input, work => withdrawRegistration(work, own(ctx), input)),
    ),
  /** The partner's own deals: those it is credited for now, and one of them. */
  ownDeals: can('registrations.submit')
    .input(ownDealsInput)
    .query(({ ctx, input }) => listOwnDeals(ctx.deps.db.read, ctx.viewer.orgId, own(ctx), input)),
  ownDeal: can('registrations.submit')
    .input(ownDealInput)
    .query(({ ctx, input }) => getOwnDeal(ctx.deps.db.read, ctx.viewer.orgId, own(ctx), input.dealId)),

  /** How many wait for an answer. */
  waiting: can('registrations.decide').query(({ ctx }) => countWaiting(ctx.deps.db.read, ctx.viewer.orgId)),
  approve: can('registrations.decide')
    .input(approveRegistrationInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'registrations.approve', input, work => approveRegistration(work, input)),
    ),
  decline: can('registrations.decide')
    .input(declineRegistrationInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'registrations.decline', input, work => declineRegistration(work, input)),
    ),
})

function scope(ctx: SignedIn) {
  return { viewer: ctx.viewer, now: ctx.deps.clock.now() }
}

/** Sending in may be answered with what stands against it, so it counts as a question; counted first, since a refusal leaves nothing. */
async function mayBeTold(ctx: SignedIn, submits: boolean, contactEmail: string | null): Promise<boolean> {
  return !submits || mayLookUp(ctx.deps, own(ctx), contactEmail)
}

/** The viewer's own partner: from the session, never from input. */
function own({ viewer }: SignedIn): string {
  if (!viewer.partnerId) throw notFound('partner')
  return viewer.partnerId
}

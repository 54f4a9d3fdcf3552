import { open, router, signedIn } from '#server/trpc.ts'
import { acceptInvitation, readInvitation } from './invitations.ts'
import { clearCookie } from './lucia.ts'
import { membershipsOf } from './memberships.ts'
import { forgotPassword, resetPassword } from './password-reset.ts'
import {
  acceptInvitationInput,
  changePasswordInput,
  endSessionInput,
  forgotInput,
  linkInput,
  profileInput,
  resetInput,
  signInInput,
  switchOrgInput,
} from './rules.ts'
import { secondFactorProcedures } from './second-factor-router.ts'
import {
  changePassword,
  endOtherSessions,
  endOwnSession,
  signIn,
  signOut,
  switchOrganization,
  updateProfile,
} from './service.ts'
import { listSessions } from './sessions.ts'

export const authRouter = router({
  signIn: open()
    .input(signInInput)
    .mutation(async ({ ctx, input }) => {
      const { home, cookie } = await signIn(ctx.deps, ctx, input)
      ctx.setCookie(cookie)
      return { home }
    }),

  /** Open, so that the cookie goes even when its session is over. */
  signOut: open().mutation(async ({ ctx }) => {
    if (ctx.viewer && ctx.sessionId) await signOut(ctx.deps, ctx.viewer, ctx.sessionId)
    ctx.setCookie(clearCookie(ctx.deps))
    return { ok: true as const }
  }),

  /** Who is signed in, and where else they belong. */
  me: signedIn().query(async ({ ctx }) => {
    const memberships = await membershipsOf(ctx.deps.db.read, ctx.viewer.userId)
    return {
      viewer: ctx.viewer,
      memberships: memberships.map(membership => ({
        ...membership,
        current: membership.id === ctx.viewer.membershipId,
      })),
    }
  }),

  switchOrganization: signedIn()
    .input(switchOrgInput)
    .mutation(async ({ ctx, input }) => {
      const { home, cookie } = await switchOrganization(ctx, input.membershipId)
      ctx.setCookie(cookie)
      return { home }
    }),

  forgotPassword: open()
    .input(forgotInput)
    .mutation(async ({ ctx, input }) => {
      await forgotPassword(ctx.deps, ctx.address, input.email)
      return { ok: true as const }
    }),

  resetPassword: open()
    .input(resetInput)
    .mutation(async ({ ctx, input }) => {
      await resetPassword(ctx.deps, ctx.address, input.token, input.password)
      // All sessions have ended, this browser's too.
      ctx.setCookie(clearCookie(ctx.deps))
      return { ok: true as const }
    }),

  /** Not throttled: one read by the hash of 256 random bits, and reading must not write. */
  invitation: open()
    .input(linkInput)
    .query(({ ctx, input }) => readInvitation(ctx.deps, input.token, ctx.viewer)),

  acceptInvitation: open()
    .input(acceptInvitationInput)
    .mutation(async ({ ctx, input }) => {
      const { home, cookie } = await acceptInvitation(ctx.deps, ctx, input)
      ctx.setCookie(cookie)
      return { home }
    }),

  changePassword: signedIn()
    .input(changePasswordInput)
    .mutation(async ({ ctx, input }) => {
      const { cookie, sessionsEnded } = await changePassword(ctx, input)
      ctx.setCookie(cookie)
      return { sessionsEnded }
    }),

  updateProfile: signedIn()
    .input(profileInput)
    .mutation(async ({ ctx, input }) => {
      await updateProfile(ctx, input)
      return { name: input.name }
    }),

  sessions: signedIn().query(({ ctx }) => listSessions(ctx.deps, ctx.viewer.userId, ctx.sessionId)),

  endSession: signedIn()
    .input(endSessionInput)
    .mutation(async ({ ctx, input }) => {
      await endOwnSession(ctx, input.id)
      const current = input.id === ctx.sessionId
      if (current) ctx.setCookie(clearCookie(ctx.deps))
      return { current }
    }),

  endOtherSessions: signedIn().mutation(async ({ ctx }) => ({ ended: await endOtherSessions(ctx) })),

  ...secondFactorProcedures,
})

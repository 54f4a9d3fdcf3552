import { freshly, open, signedIn } from '#server/trpc.ts'
import { addPasskey, addTotp, confirmIdentity, dropPasskey, dropTotp, readFactors, renewCodes } from './factors.ts'
import { clearSignInCookie } from './lucia.ts'
import { beginAdding, beginUsing } from './passkeys.ts'
import {
  addPasskeyInput,
  confirmInput,
  offerTotpInput,
  passkeySignInInput,
  removeFactorInput,
  removePasskeyInput,
  saveTotpInput,
  secondFactorInput,
  waysOf,
} from './rules.ts'
import { finishSignIn, readSecondStep, signInWithPasskey, waysToFinish } from './second-step.ts'
import { admit } from './throttle.ts'
import { offerTotp } from './totp.ts'

/** The second step of signing in, 'confirm that it is you', and the own second factors. */
export const secondFactorProcedures = {
  /** By what a half-finished sign-in can be finished; null when there is none. Reading must not write: not throttled. */
  secondStep: open().query(({ ctx }) => waysToFinish(ctx.deps, ctx.signInId)),

  finishSignIn: open()
    .input(secondFactorInput)
    .mutation(async ({ ctx, input }) => {
      const { home, cookie, codesLeft } = await finishSignIn(ctx.deps, ctx, input)
      ctx.setCookie(cookie)
      ctx.setCookie(clearSignInCookie(ctx.deps))
      return { home, codesLeft }
    }),

  /** What a browser asks a passkey with: those of who is half-signed-in, or any that the person's device knows. */
  beginPasskeySignIn: open().mutation(async ({ ctx }) => {
    // Each asks us to remember something for five minutes.
    await admit(ctx.deps, { purpose: 'ceremony', address: ctx.address })
    const waiting = await readSecondStep(ctx.deps, ctx.signInId)
    return beginUsing(ctx.deps, 'sign_in', waiting?.userId ?? null)
  }),

  signInWithPasskey: open()
    .input(passkeySignInInput)
    .mutation(async ({ ctx, input }) => {
      const { home, cookie } = await signInWithPasskey(ctx.deps, ctx, input.response)
      ctx.setCookie(cookie)
      ctx.setCookie(clearSignInCookie(ctx.deps))
      return { home }
    }),

  beginPasskeyConfirm: signedIn().mutation(({ ctx }) => beginUsing(ctx.deps, 'confirm', ctx.viewer.userId)),

  /** What the person can confirm with that it is them, whether or not they have to. */
  waysToConfirm: signedIn().query(({ ctx }) => waysOf(ctx.proof)),

  confirm: signedIn()
    .input(confirmInput)
    .mutation(async ({ ctx, input }) => {
      const { cookie } = await confirmIdentity(ctx, input)
      ctx.setCookie(cookie)
      return { ok: true as const }
    }),

  factors: signedIn().query(({ ctx }) => readFactors(ctx)),

  offerTotp: freshly()
    .input(offerTotpInput)
    .query(({ ctx, input }) => offerTotp(ctx.deps, ctx.viewer, input.sealed)),

  addTotp: freshly()
    .input(saveTotpInput)
    .mutation(async ({ ctx, input }) => {
      const { cookie, ...saved } = await addTotp(ctx, input)
      ctx.setCookie(cookie)
      return saved
    }),

  removeTotp: freshly()
    .input(removeFactorInput)
    .mutation(async ({ ctx, input }) => {
      const { cookie, ...saved } = await dropTotp(ctx, input)
      ctx.setCookie(cookie)
      return saved
    }),

  renewRecoveryCodes: freshly().mutation(async ({ ctx }) => {
    const { cookie, ...saved } = await renewCodes(ctx)
    ctx.setCookie(cookie)
    return saved
  }),

  beginAddingPasskey: freshly().mutation(({ ctx }) => beginAdding(ctx.deps, ctx.viewer)),

  addPasskey: freshly()
    .input(addPasskeyInput)
    .mutation(async ({ ctx, input }) => {
      const { cookie, ...saved } = await addPasskey(ctx, input)
      ctx.setCookie(cookie)
      return saved
    }),

  removePasskey: freshly()
    .input(removePasskeyInput)
    .mutation(async ({ ctx, input }) => {
      const { cookie, ...saved } = await dropPasskey(ctx, input)
      ctx.setCookie(cookie)
      return saved
    }),
}

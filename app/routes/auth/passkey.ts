import { startAuthentication, startRegistration, WebAuthnError } from '@simplewebauthn/browser'
import { api } from '#app/api.ts'

/** What a device is asked for, and the JSON that our forms post as its answer. Only in the browser. */
export const passkey = {
  signIn: async () =>
    JSON.stringify(await startAuthentication({ optionsJSON: await api.auth.beginPasskeySignIn.mutate() })),
  confirm: async () =>
    JSON.stringify(await startAuthentication({ optionsJSON: await api.auth.beginPasskeyConfirm.mutate() })),
  add: async () => JSON.stringify(await startRegistration({ optionsJSON: await api.auth.beginAddingPasskey.mutate() })),
} as const

export type Ceremony = keyof typeof passkey

/** Why nothing came of it, in words. */
export function saysOf(error: unknown): string {
  if (error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED')
    return 'That device has a passkey for this account already.'
  if (error instanceof Error && ['NotAllowedError', 'AbortError'].includes(error.name))
    return 'The device did not answer, or the question was closed. Try once more.'
  if (error instanceof Error && error.name === 'SecurityError') return 'The browser allows no passkeys at this address.'
  // A refusal of ours brings its own sentence.
  return error instanceof Error && error.message ? error.message : 'That did not work. Try once more.'
}

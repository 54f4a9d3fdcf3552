/// <reference types="vite/client" />
/// <reference types="@remix-run/node" />
import '@remix-run/node'
import type { Viewer } from '#server/auth/rules.ts'
import type { ConfirmWay } from '#server/lib/errors.ts'
import type { Toast } from '#server/lib/toast.ts'
import type { Caller } from '#server/router.ts'

declare module '@remix-run/node' {
  /** What the server hands to every loader and action, and to entry.server. */
  interface AppLoadContext {
    /** The procedures, as this request's viewer. Use it through query() and mutate() of api.server.ts. */
    api: Caller
    viewer: Viewer | null
    requestId: string
    cspNonce: string
    /** PAYMENTS=simulator: every page says so. */
    simulated: boolean
    /** The organization's IANA time zone; UTC until one is known. */
    timeZone: string
    /** Message left by the action that redirected here; shown once. */
    toast: Toast | null
    /** Whether people come over https; for cookies. */
    secure: boolean
    /** A fresh idempotency key, one for each form that is rendered. */
    newKey: () => string
    /** Whether browsers make passkeys for the address that people use. */
    passkeysPossible: boolean
    /** Whether the page's script asks (single fetch), and not the browser itself. */
    byScript: boolean
    /** Resolves when the client has taken what was written so far: downloads wait for it. */
    drained: () => Promise<void>
    /** What a thrown refusal of a procedure says; null for anything else. Judged where the procedures live: classes don't cross bundles. */
    refusalOf: (error: unknown) => {
      code: string
      status: number
      message: string
      fields: Record<string, string>
      retryAfterMs: number | undefined
      /** What the person is asked for before they may go on: null for nothing, none for a second factor that they have to set up. */
      confirm: readonly ConfirmWay[] | null
    } | null
    /** Unexpected errors of loaders, actions and rendering end here. */
    logError: (error: unknown) => void
  }

  interface Future {
    v3_singleFetch: true
  }
}

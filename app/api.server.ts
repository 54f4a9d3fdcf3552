import { type ActionFunctionArgs, type AppLoadContext, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import type { ConfirmWay } from '#server/lib/errors.ts'
import { type Toast, toastCookie } from '#server/lib/toast.ts'
import type { Caller } from '#server/router.ts'

/** What an error page is told. */
export interface Problem {
  message: string
  requestId: string
}

/**
 * Reads for a page, as the request's viewer; the same procedures that tests and the HTTP API call. A missing session leads to the
 * sign-in page and back; any other refusal becomes the page's error with its own sentence and status.
 */
export async function query<T>(args: LoaderFunctionArgs, read: (api: Caller) => Promise<T>): Promise<T> {
  try {
    return await read(args.context.api)
  } catch (error) {
    throw asResponse(error, args)
  }
}

export type Outcome<T> = { ok: true; value: T } | Refusal

/** What a form is told: a sentence, and sentences by field. */
export interface Refusal {
  ok: false
  status: number
  message: string
  fields: Record<string, string>
  /** After how long it may be let through, where that is known (milliseconds). */
  retryAfterMs?: number
}

/** What the person can mend, or needs to know, without leaving the page. */
const mendable = new Set([
  'BAD_REQUEST',
  'CONFLICT',
  'FORBIDDEN',
  'PRECONDITION_FAILED',
  'PAYLOAD_TOO_LARGE',
  'TOO_MANY_REQUESTS',
  'SERVICE_UNAVAILABLE',
])

/**
 * Changes something for a page. What the person can mend (bad input, someone was faster, a blocker, a role that lacks it) comes
 * back for the form to show; a missing session leads to sign-in; what isn't there is the page's error.
 */
export async function mutate<T>(args: ActionFunctionArgs, change: (api: Caller) => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await change(args.context.api) }
  } catch (error) {
    const refusal = args.context.refusalOf(error)
    if (refusal && !refusal.confirm && mendable.has(refusal.code)) {
      const { status, message, fields, retryAfterMs } = refusal
      return { ok: false, status, message, fields, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    }
    throw asResponse(error, args)
  }
}

/** A refusal as an action's answer, with its status. */
export function refuse(refusal: Refusal) {
  return data(refusal, { status: refusal.status, headers: retryAfter(refusal.retryAfterMs) })
}

function retryAfter(ms: number | undefined): Record<string, string> {
  return ms === undefined ? {} : { 'Retry-After': String(Math.ceil(ms / 1000)) }
}

/** Leads on after a change, with a message that the next page shows once. */
export function redirectWithToast(context: AppLoadContext, to: string, toast: Toast): Response {
  return redirect(to, { status: 303, headers: { 'Set-Cookie': toastCookie(toast, context.secure) } })
}

function asResponse(error: unknown, { request, context }: LoaderFunctionArgs): unknown {
  const refusal = context.refusalOf(error)
  if (!refusal) return error
  if (refusal.confirm) return confirmFirst(request, context, refusal.confirm)
  if (refusal.code === 'UNAUTHORIZED') return redirect(`/login?to=${encodeURIComponent(pageOf(request))}`)
  const { message, status, retryAfterMs } = refusal
  const answer = { status, headers: retryAfter(retryAfterMs) }
  return data({ message, requestId: context.requestId } satisfies Problem, answer)
}

/**
 * Leads to 'confirm that it is you', or to setting up a second factor, and from there on with exactly what was asked. A browser
 * takes a form along by itself (307 sends it again, elsewhere). The page's script can't do that: its error page sends the form.
 */
function confirmFirst(request: Request, context: AppLoadContext, ways: readonly ConfirmWay[]): unknown {
  const isForm = request.method !== 'GET'
  const to = isForm ? pathOf(request) : pageOf(request)
  const confirmAt = `${ways.length === 0 ? '/two-factor' : '/confirm'}?to=${encodeURIComponent(to)}`
  if (isForm && context.byScript)
    return data({ message: 'Confirm that it is you.', confirmAt } satisfies ConfirmFirst, { status: 403 })
  return redirect(confirmAt, isForm ? 307 : 302)
}

/** What the error page is told of a form that was sent by script, and takes a proof of who you are first. */
export interface ConfirmFirst {
  message: string
  confirmAt: string
}

/** Where the person was: the page itself, not the data request that single fetch makes of it. */
function pageOf(request: Request): string {
  return request.method === 'GET' ? pathOf(request) : '/'
}

function pathOf(request: Request): string {
  const url = new URL(request.url)
  url.searchParams.delete('_routes')
  return url.pathname.replace(/\/_root\.data$/, '/').replace(/\.data$/, '') + url.search
}

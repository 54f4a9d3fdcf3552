import { isRouteErrorResponse, useLocation, useRouteError } from '@remix-run/react'
import { buttonClass, LinkButton } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'
import { Id } from './id.tsx'
import { useRequestInfo } from './request-context.ts'
import { SendOn } from './send-on.tsx'

type Words = { title: string; sentence: string; icon: IconName; retry: boolean }

const words: Record<number, Words> = {
  400: {
    title: 'That request was not understood',
    sentence: 'Something in it was missing or malformed. Nothing was changed.',
    icon: 'alert',
    retry: false,
  },
  401: { title: 'Please sign in', sentence: 'Your session has ended, or there was none.', icon: 'lock', retry: false },
  403: {
    title: 'You may not do this',
    sentence: 'Your role does not allow it. An owner of the organization can change that.',
    icon: 'lock',
    retry: false,
  },
  404: {
    title: 'There is nothing here',
    sentence: 'It may have been removed, or it belongs to an organization you are not in.',
    icon: 'search',
    retry: false,
  },
  409: {
    title: 'Someone was faster',
    sentence:
      'This changed while you were looking at it. Nothing of yours was applied. Look at it again before you repeat.',
    icon: 'refresh',
    retry: true,
  },
  413: {
    title: 'That is too much at once',
    sentence: 'The upload is larger than we accept. Nothing was changed.',
    icon: 'upload',
    retry: false,
  },
  429: { title: 'Too many attempts', sentence: 'Please wait a little, then try again.', icon: 'clock', retry: true },
  503: {
    title: 'Back in a moment',
    sentence: 'The server is starting or stopping. Nothing was lost.',
    icon: 'refresh',
    retry: true,
  },
}

const unexpected: Words = {
  title: 'Something went wrong',
  sentence: 'The error has been recorded. If you had sent something, look whether it arrived before you send it again.',
  icon: 'alert',
  retry: true,
}

/** What an error page needs of whatever was thrown. */
export type ErrorFacts = { status: number; message?: string; requestId?: string; confirmAt?: string }

/** Reads a thrown response's data: a sentence, or `{ message, requestId }`. Other errors say nothing: they may hold secrets. */
export function describeError(error: unknown): ErrorFacts {
  if (!isRouteErrorResponse(error)) return { status: 500 }
  const data: unknown = error.data
  // The router's own 404 and 405 put a developer's sentence into `data` ('Error: No route matches URL …').
  if (typeof data === 'string')
    return { status: error.status, message: data.startsWith('Error: ') ? undefined : data || undefined }
  if (typeof data !== 'object' || data === null) return { status: error.status }
  const { message, requestId, confirmAt } = data as { message?: unknown; requestId?: unknown; confirmAt?: unknown }
  return {
    status: error.status,
    message: typeof message === 'string' ? message : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    confirmAt: typeof confirmAt === 'string' ? confirmAt : undefined,
  }
}

/** An error in plain words: what happened, what to do, and the id to quote. For a route's `ErrorBoundary`. */
export function ErrorPage({ homeTo = '/' }: { homeTo?: string }) {
  const facts = describeError(useRouteError())
  const info = useRequestInfo()
  const { pathname, search } = useLocation()
  const { title, sentence, icon, retry } = words[facts.status] ?? unexpected
  const requestId = facts.requestId ?? info.requestId
  if (facts.confirmAt) return <SendOn to={facts.confirmAt} />
  return (
    <div className="mx-auto flex max-w-lg flex-col items-start gap-3 py-10 sm:py-16">
      <span className="grid size-11 place-items-center rounded-full bg-neutral-soft text-muted">
        <Icon name={icon} size={20} />
      </span>
      <h1 className="font-semibold text-2xl tracking-tight">{title}</h1>
      <p>{facts.status < 500 && facts.message ? facts.message : sentence}</p>
      <div className="mt-2 flex flex-wrap gap-2">
        {facts.status === 401 ? (
          <LinkButton to={`/login?to=${encodeURIComponent(pathname + search)}`} variant="primary">
            Sign in
          </LinkButton>
        ) : null}
        {retry ? (
          // A plain link: it works without scripts, and it fetches the whole page anew.
          <a href={pathname + search} className={buttonClass({ variant: 'primary' })}>
            <Icon name="refresh" />
            Try again
          </a>
        ) : null}
        <LinkButton to={homeTo}>Go to the start page</LinkButton>
      </div>
      <p className="mt-4 flex flex-wrap items-center gap-x-1.5 text-muted text-sm">
        Status {facts.status}
        {requestId ? (
          <>
            <span aria-hidden="true">·</span> Request <Id value={requestId} what="request id" />
          </>
        ) : null}
      </p>
    </div>
  )
}

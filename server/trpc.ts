import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import { troubleOf } from '#db/trouble.ts'
import { allows, type Permission, type Proof, proofMissing, takesFreshProof, type Viewer } from './auth/rules.ts'
import type { Deps } from './deps.ts'
import { type ConfirmWay, DomainError, diskSentences, type ErrorCode } from './lib/errors.ts'
import './lib/plain-words.ts'
import { unwritableText } from './lib/text.ts'
import { type Actor, type Work, workOnce } from './work.ts'

/** What a request carries into a procedure. The organization and the partner come from here, never from input. */
export interface Context {
  deps: Deps
  viewer: Viewer | null
  /** The session's id (a hash), for what concerns the session itself. */
  sessionId: string | null
  /** When and how the session's person last proved that it is them; null without a session. */
  proof: Proof | null
  /** A sign-in that waits for its second factor (a hash). It is no session: only the second step looks at it. */
  signInId: string | null
  /** The client's address, for throttling and the list of sessions. */
  address: string
  device: string
  requestId: string
  /** Where sign-in and sign-out leave the new cookie for the HTTP layer. */
  setCookie: (cookie: string) => void
}

const codes: Record<ErrorCode, TRPCError['code']> = {
  INVALID: 'BAD_REQUEST',
  UNAUTHORIZED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  FRESH_AUTH: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  BLOCKED: 'PRECONDITION_FAILED',
  TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  TOO_MANY: 'TOO_MANY_REQUESTS',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
}

const t = initTRPC.context<Context>().create({
  isDev: false,
  errorFormatter({ shape, error, ctx }) {
    const { fields, retryAfterMs, confirm } = explain(error)
    return {
      ...shape,
      message: sentenceOf(error, ctx?.requestId ?? ''),
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        path: shape.data.path,
        fields,
        retryAfterMs,
        confirm,
        requestId: ctx?.requestId,
      },
    }
  },
})

/** The sentence for the person: of an expected refusal its own, of bad input the first problem, of a bug none. */
export function sentenceOf(error: TRPCError, requestId: string): string {
  if (error.cause instanceof DomainError) return error.cause.message
  if (error.cause instanceof ZodError)
    return Object.values(fieldsOf(error.cause))[0] ?? 'Something in the input is not right.'
  // The parser's own words name a position in a text that nobody sees.
  if (error.code === 'PARSE_ERROR' || error.cause instanceof SyntaxError)
    return 'That could not be read: it is not JSON.'
  if (error.code === 'INTERNAL_SERVER_ERROR')
    return `Something went wrong on our side. Look whether it was done before you try again. If it stays, tell us the request id ${requestId}.`
  return error.message
}

interface Explanation {
  fields?: Record<string, string>
  retryAfterMs?: number
  /** What the person is asked for before they may go on; an empty list: to set up a second factor. */
  confirm?: readonly ConfirmWay[]
}

export function explain(error: TRPCError): Explanation {
  if (error.cause instanceof DomainError) {
    const { fields, retryAfterMs, confirm } = error.cause
    return { fields, retryAfterMs, confirm }
  }
  if (error.cause instanceof ZodError) return { fields: fieldsOf(error.cause) }
  return {}
}

function fieldsOf(error: ZodError): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const issue of error.issues) fields[issue.path.join('.') || '_'] ??= issue.message
  return fields
}

/** Expected refusals become tRPC errors here, once. */
const base = t.procedure.use(async ({ ctx, next, path }) => {
  const result = await next()
  if (result.ok) return result
  const { error } = result
  if (error.cause instanceof DomainError)
    throw new TRPCError({ code: codes[error.cause.code], message: error.cause.message, cause: error.cause })
  const trouble = troubleOf(error.cause)
  if (trouble) {
    ctx.deps.log.error({ err: error.cause, path, trouble, requestId: ctx.requestId }, 'the disk took no write')
    throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: diskSentences[trouble], cause: error.cause })
  }
  if (error.code === 'INTERNAL_SERVER_ERROR')
    ctx.deps.log.error({ err: error.cause ?? error, path, requestId: ctx.requestId }, 'a procedure failed')
  return result
})

export const router = t.router
export const createCallerFactory = t.createCallerFactory

/** Refuses text that is none, in whatever field: ids, keys and searches reach the database as names and notes do. */
const written = t.middleware(async ({ getRawInput, next }) => {
  const field = unwritableText(await getRawInput())
  if (field === null) return next()
  const sentence = 'This holds characters that can’t be written. Type it anew.'
  throw new DomainError('INVALID', sentence, { fields: { [field || '_']: sentence } })
})

/** For people without a session: signing in, links from mails. Each such procedure throttles itself. */
export const open = () => base.use(written)

const withSession = () =>
  base.use(({ ctx, next }) => {
    if (!ctx.viewer || !ctx.sessionId || !ctx.proof)
      throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' })
    return next({ ctx: { ...ctx, viewer: ctx.viewer, sessionId: ctx.sessionId, proof: ctx.proof } })
  })

/** For anyone signed in, whatever the role: the own profile, sessions, organizations. */
export const signedIn = () => withSession().use(written)

/** For the own second factors: signed in, and it was proven lately by the strongest that the person has. */
export const freshly = () =>
  signedIn().use(({ ctx, next }) => {
    askForProof(ctx, 'strongest')
    return next()
  })

function askForProof({ proof, deps }: SignedIn, asks: 'secondFactor' | 'strongest'): void {
  const confirm = proofMissing(proof, deps.clock.now(), asks)
  if (!confirm) return
  const sentence =
    confirm.length > 0
      ? 'Confirm that it is you, and go on. This asks again ten minutes after the last time.'
      : 'Set up a second factor first: your organization asks for one before money moves.'
  throw new DomainError('FRESH_AUTH', sentence, { confirm })
}

/** The permission lives here, in the procedure: a layout's redirect is courtesy, and a page's data can be asked for without it. */
export const can = (permission: Permission) =>
  withSession()
    .use(({ ctx, next }) => {
      if (!allows(ctx.viewer.role, permission))
        throw new TRPCError({
          code: 'FORBIDDEN',
          message: `Your role, ${ctx.viewer.role}, does not include this: ${permission}.`,
        })
      if (takesFreshProof(permission)) askForProof(ctx, 'secondFactor')
      return next()
    })
    .use(written)

/** The context of a signed-in procedure. */
export type SignedIn = Context & { viewer: Viewer; sessionId: string; proof: Proof }

export function actorOf(viewer: Viewer): Actor {
  return { kind: 'user', id: viewer.userId, name: viewer.name }
}

/** Runs a mutation's use case for the viewer, at most once per `idempotencyKey`. */
export function perform<Input extends { idempotencyKey?: string }, Result>(
  ctx: SignedIn,
  procedure: string,
  input: Input,
  fn: (work: Work) => Promise<Result>,
): Promise<Result> {
  const { idempotencyKey, ...rest } = input
  return workOnce(
    ctx.deps,
    { orgId: ctx.viewer.orgId, actor: actorOf(ctx.viewer) },
    { procedure, key: idempotencyKey, input: rest },
    fn,
  )
}

export type ErrorCode =
  | 'INVALID'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'BLOCKED'
  | 'TOO_LARGE'
  | 'TOO_MANY'
  | 'UNAVAILABLE'

/**
 * An expected refusal: a code for the machine and a sentence for the person, which says what would clear it.
 * Anything else that is thrown is a bug, and the person sees only a request id.
 */
export class DomainError extends Error {
  readonly code: ErrorCode
  /** Sentences by input field, for forms. */
  readonly fields: Record<string, string> | undefined
  /** Milliseconds after which trying again makes sense. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    extra: { fields?: Record<string, string>; retryAfterMs?: number } = {},
  ) {
    super(message)
    this.name = 'DomainError'
    this.code = code
    this.fields = extra.fields
    this.retryAfterMs = extra.retryAfterMs
  }
}

/** The answer for what doesn't exist and for what isn't yours: the two must not be told apart. */
export function notFound(thing: string): DomainError {
  return new DomainError('NOT_FOUND', `We couldn't find that ${thing}.`)
}

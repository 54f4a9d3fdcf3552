/** What a person is asked for to confirm that it is them. A recovery code stands in for either second factor. */
export type ConfirmWay = 'password' | 'totp' | 'passkey'

export type ErrorCode =
  | 'INVALID'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'FRESH_AUTH'
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
  /** Exactly for FRESH_AUTH: how the person can confirm that it is them. None: a second factor has to be set up first. */
  readonly confirm: readonly ConfirmWay[] | undefined

  constructor(
    code: ErrorCode,
    message: string,
    extra: { fields?: Record<string, string>; retryAfterMs?: number; confirm?: readonly ConfirmWay[] } = {},
  ) {
    super(message)
    this.name = 'DomainError'
    this.code = code
    this.fields = extra.fields
    this.retryAfterMs = extra.retryAfterMs
    this.confirm = extra.confirm
  }
}

/** The answer for what doesn't exist and for what isn't yours: the two must not be told apart. */
export function notFound(thing: string): DomainError {
  return new DomainError('NOT_FOUND', `We couldn't find that ${thing}.`)
}

/** What people read when the disk takes no write, and who can clear it. */
export const diskSentences = {
  full: 'Nothing was saved: the disk that Remit writes to is full. Whoever runs Remit has to make room there; then try again.',
  read_only:
    'Nothing was saved: Remit may not write to its disk at the moment. Whoever runs Remit has to make it writable; then try again.',
  // What was on its way to the disk may have arrived.
  failing:
    'The disk that Remit writes to does not answer as it should. Whoever runs Remit has to look at it. Look whether it was done before you try again.',
} as const

/** The refusal that `act` ends with, or null where it ends well. Anything else that it throws goes on. */
export function refusalOf(act: () => unknown): DomainError | null {
  try {
    act()
    return null
  } catch (error) {
    if (error instanceof DomainError) return error
    throw error
  }
}

/** What a procedure answered over HTTP; status 0 where nobody was there, or the answer broke off. */
export interface Answered<T = unknown> {
  status: number
  /** Of a 200. */
  value: T
  /** Of a refusal. */
  message: string
}

export type Caller = <T = unknown>(procedure: string, input: object, signal?: AbortSignal) => Promise<Answered<T>>

/** A person's browser, as far as the API sees it. */
export function aCaller(origin: string, cookie: string): Caller {
  return async <T>(procedure: string, input: object, signal?: AbortSignal) => {
    try {
      const answer = await fetch(`${origin}/api/trpc/${procedure}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie, origin },
        body: JSON.stringify(input),
        ...(signal ? { signal } : {}),
      })
      const body = (await answer.json()) as { result?: { data: T }; error?: { message: string } }
      return { status: answer.status, value: body.result?.data as T, message: body.error?.message ?? '' }
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError || signal?.aborted)) throw error
      return { status: 0, value: undefined as T, message: String(error) }
    }
  }
}

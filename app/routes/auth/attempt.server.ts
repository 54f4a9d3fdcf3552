import type { ActionFunctionArgs } from '@remix-run/node'
import { TRPCError } from '@trpc/server'
import { mutate, type Outcome } from '#app/api.server.ts'
import type { Caller } from '#server/router.ts'

/** What the person reads beside the form instead: a wrong password is no missing session, and a used link no missing page. */
const beside: Partial<Record<TRPCError['code'], TRPCError['code']>> = {
  UNAUTHORIZED: 'BAD_REQUEST',
  FORBIDDEN: 'PRECONDITION_FAILED',
  NOT_FOUND: 'PRECONDITION_FAILED',
}

/** `mutate` for people who are not signed in yet: every refusal comes back for the form to show. */
export function attempt<T>(args: ActionFunctionArgs, change: (api: Caller) => Promise<T>): Promise<Outcome<T>> {
  return mutate(args, async api => {
    try {
      return await change(api)
    } catch (error) {
      const code = error instanceof TRPCError ? beside[error.code] : undefined
      if (error instanceof TRPCError && code) throw new TRPCError({ code, message: error.message, cause: error.cause })
      throw error
    }
  })
}

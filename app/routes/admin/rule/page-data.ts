import { useRouteLoaderData } from '@remix-run/react'
import { useAnswer } from '#app/components/live.tsx'
import type { action, loader } from '../rule.tsx'

/** The rule page's data, for its parts. */
export function useRulePage() {
  const page = useRouteLoaderData<typeof loader>('routes/admin/rule')
  if (!page) throw new Error('this part belongs to the rule page')
  return page
}

/** What the server said against this form; null otherwise. */
export function useRefusal(intent: string) {
  const refusal = useAnswer<typeof action>()
  return refusal?.intent === intent ? refusal : null
}

import { useRouteLoaderData } from '@remix-run/react'
import { useAnswer } from '#app/components/live.tsx'
import type { action, loader } from '../commission.tsx'

/** The commission page's data, for its parts. */
export function useCommissionPage() {
  const page = useRouteLoaderData<typeof loader>('routes/admin/commission')
  if (!page) throw new Error('this part belongs to the commission page')
  return page
}

/** What the server said against this form, with what was typed; null otherwise. */
export function useRefusal(intent: string) {
  const refusal = useAnswer<typeof action>()
  return refusal?.intent === intent ? refusal : null
}

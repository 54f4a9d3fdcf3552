import { useRouteLoaderData } from '@remix-run/react'
import { useAnswer } from '#app/components/live.tsx'
import type { action, loader } from '../deal.tsx'

/** The deal page's data, for its parts. */
export function useDealPage() {
  const page = useRouteLoaderData<typeof loader>('routes/admin/deal')
  if (!page) throw new Error('this part belongs to the deal page')
  return page
}

/** What the server said against this form, with what was typed; null otherwise. `about` is the touch's id, where there are several. */
export function useRefusal(intent: string, about = '') {
  const refusal = useAnswer<typeof action>()
  return refusal?.intent === intent && refusal.about === about ? refusal : null
}

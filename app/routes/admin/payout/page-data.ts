import { useRouteLoaderData } from '@remix-run/react'
import type { loader } from '../payout.tsx'

/** The payout page's data, for its parts. */
export function usePayoutPage() {
  const page = useRouteLoaderData<typeof loader>('routes/admin/payout')
  if (!page) throw new Error('this part belongs to the payout page')
  return page
}

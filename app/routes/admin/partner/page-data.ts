import { useRouteLoaderData } from '@remix-run/react'
import { useAnswer as useKeptAnswer } from '#app/components/live.tsx'
import type { PartnerAnswer, PartnerIntent } from './change.server.ts'
import type { PartnerPage } from './read.server.ts'

/** The partner page's data, for its parts. */
export function usePartnerPage(): PartnerPage {
  const page = useRouteLoaderData<PartnerPage>('routes/admin/partner') as PartnerPage | undefined
  if (!page) throw new Error('this part belongs to the partner page')
  return page
}

/** What the last post answered. */
export function useAnswer(): PartnerAnswer | undefined {
  return useKeptAnswer<PartnerAnswer>() as PartnerAnswer | undefined
}

/** What the server said against this form, with what was typed; null otherwise. */
export function useRefusal(intent: PartnerIntent) {
  const answer = useAnswer()
  return answer?.done === null && answer.intent === intent ? answer : null
}

/** What every form of the page carries. `about` keeps the keys of forms of one kind apart. */
export function useHidden(intent: PartnerIntent, about = ''): Record<string, string | number> {
  const { partner, idempotencyKey } = usePartnerPage()
  return { intent, version: partner.version, idempotencyKey: `${idempotencyKey}${about && `-${about}`}`.slice(0, 128) }
}

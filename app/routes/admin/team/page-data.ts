import { useRouteLoaderData } from '@remix-run/react'
import { useAnswer } from '#app/components/live.tsx'
import type { loader } from '../team.tsx'
import type { TeamAnswer } from './change.server.ts'

/** The team page's data, for its parts. */
export function useTeamPage() {
  const page = useRouteLoaderData<typeof loader>('routes/admin/team')
  if (!page) throw new Error('this part belongs to the team page')
  return page
}

/** What the last post answered. */
export function useTeamAnswer(): TeamAnswer | undefined {
  return useAnswer<TeamAnswer>() as TeamAnswer | undefined
}

/** What the server said against this form, with what was typed; null otherwise. */
export function useTeamRefusal(intent: string, membershipId = '') {
  const answer = useTeamAnswer()
  return answer?.done === null && answer.intent === intent && answer.membershipId === membershipId ? answer : null
}

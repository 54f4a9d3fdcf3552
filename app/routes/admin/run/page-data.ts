import { useRouteLoaderData } from '@remix-run/react'
import { useAnswer } from '#app/components/live.tsx'
import type { RunAnswer, RunIntent } from './change.server.ts'
import type { RunPage } from './read.server.ts'

/** The page's data, for its parts. */
export function useRunPage(): RunPage {
  const page = useRouteLoaderData('routes/admin/run') as RunPage | undefined
  if (!page) throw new Error('not on a run’s page')
  return page
}

/** What the server said against this form; null otherwise. */
export function useRefusalOf(...intents: RunIntent[]): RunAnswer['refusal'] | null {
  const answer = useAnswer<RunAnswer>() as RunAnswer | undefined
  return answer && (intents as string[]).includes(answer.intent) ? answer.refusal : null
}

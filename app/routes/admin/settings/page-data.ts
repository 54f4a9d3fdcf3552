import { useActionData, useRouteLoaderData } from '@remix-run/react'
import type { loader } from '../settings.tsx'
import type { SettingsAnswer, SettingsForm } from './change.server.ts'

/** The settings page's data, for its parts. */
export function useSettingsPage() {
  const page = useRouteLoaderData<typeof loader>('routes/admin/settings')
  if (!page) throw new Error('this part belongs to the settings page')
  return page
}

export function useSettingsAnswer(): SettingsAnswer | undefined {
  return useActionData<SettingsAnswer>() as SettingsAnswer | undefined
}

/** What the server said against this form, with what was typed; null otherwise. */
export function useSettingsRefusal(intent: SettingsForm) {
  const answer = useSettingsAnswer()
  return answer?.intent === intent ? answer : null
}

/** What every form of the page carries. */
export function useHidden(intent: SettingsForm): Record<string, string | number> {
  const { settings, idempotencyKey } = useSettingsPage()
  return { intent, version: settings.version, idempotencyKey: `${idempotencyKey}-${intent}` }
}

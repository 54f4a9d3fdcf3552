import { useNavigation } from '@remix-run/react'

let last: [name: string, value: string][] = []

/** Remembers the fields of the form that was sent last by script, for an error page that has to send it on. Called by the frame. */
export function useRememberPosted(): void {
  const { formData } = useNavigation()
  if (formData) last = [...formData].filter((entry): entry is [string, string] => typeof entry[1] === 'string')
}

export function lastPosted(): readonly (readonly [name: string, value: string])[] {
  return last
}

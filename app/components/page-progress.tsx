import { useNavigation } from '@remix-run/react'

/** The thin bar on top while the next page loads. */
export function PageProgress() {
  const { state } = useNavigation()
  return state === 'idle' ? null : <div className="page-progress" aria-hidden="true" />
}

import { useEffect, useState } from 'react'
import type { Toast } from '#server/lib/toast.ts'
import { classNames } from './class-names.ts'
import { useHydrated } from './hydrated.ts'
import { Icon, type IconName } from './icon.tsx'
import { useAnnounce } from './live-region.tsx'

const looks: Record<Toast['kind'], { icon: IconName; ink: string }> = {
  success: { icon: 'check-circle', ink: 'text-success' },
  error: { icon: 'alert', ink: 'text-danger' },
  info: { icon: 'info', ink: 'text-info' },
}

const SHOWN_FOR_MS = 8_000

/**
 * What the last action did, as the root loader says. Errors stay until closed; the rest leaves by itself, unless the
 * pointer or focus is on it. It is on the page without scripts too, and must never be the only place of a result.
 */
export function ToastRegion({ toast }: { toast: Toast | null }) {
  const announce = useAnnounce()
  const hydrated = useHydrated()
  const [shown, setShown] = useState(toast)
  const [held, setHeld] = useState(false)

  // The loader says a message once and `null` at the next revalidation, which must not wipe it at once.
  useEffect(() => {
    if (!toast) return
    setShown(toast)
    announce(toast.message)
  }, [toast, announce])

  useEffect(() => {
    if (!shown || held || shown.kind === 'error') return
    const timer = setTimeout(() => setShown(null), SHOWN_FOR_MS)
    return () => clearTimeout(timer)
  }, [shown, held])

  if (!shown) return null
  const look = looks[shown.kind]
  return (
    <section
      aria-label="Notification"
      data-no-print=""
      data-toast={shown.kind}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="fixed inset-x-4 bottom-20 z-50 mx-auto flex max-w-md items-start gap-2.5 rounded-lg border border-line bg-raised px-3.5 py-3 shadow-pop sm:inset-x-auto sm:end-6 sm:bottom-6"
    >
      <Icon name={look.icon} className={classNames('mt-0.5', look.ink)} />
      <p className="min-w-0 flex-1">{shown.message}</p>
      {hydrated ? (
        <button
          type="button"
          onClick={() => setShown(null)}
          className="-me-1.5 grid size-6 place-items-center rounded-sm text-muted hover:bg-neutral-soft hover:text-ink"
        >
          <Icon name="x" size={14} />
          <span className="sr-only">Close</span>
        </button>
      ) : null}
    </section>
  )
}

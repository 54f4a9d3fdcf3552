import { useEffect, useState } from 'react'
import { useHydrated } from './hydrated.ts'
import { Icon } from './icon.tsx'
import { useAnnounce } from './live-region.tsx'

/** Copies a text; not there without scripts, where the text can be selected. `what` completes 'Copy …'. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const hydrated = useHydrated()
  const announce = useAnnounce()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  if (!hydrated) return null
  return (
    <button
      type="button"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      className="inline-grid size-6 shrink-0 place-items-center rounded-sm text-faint hover:bg-neutral-soft hover:text-ink"
      onClick={async () => {
        try {
          await navigator.clipboard.writeText(text)
          setCopied(true)
          announce('Copied')
        } catch {
          announce('Copying is not allowed here; select the text instead')
        }
      }}
    >
      <Icon name={copied ? 'check' : 'copy'} size={14} className={copied ? 'text-success' : undefined} />
    </button>
  )
}

import { type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react'
import { Checkbox } from '#app/components/checkbox.tsx'
import { Dialog } from '#app/components/dialog.tsx'

/**
 * Single keys for whoever works through the list: they move the focus, check and open what can be reached by Tab as well.
 * Character keys can be turned off (WCAG 2.1.4), in this browser; without scripts neither the keys nor their hint are there.
 */
export function ListKeys({ selects, children }: { selects: boolean; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const on = useKeysOn()
  useEffect(() => {
    if (!on) return
    /** Where J and K go on from, once the focus has been elsewhere. */
    let last: string | undefined
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      if (isTyping(event.target) || document.querySelector('dialog:modal') || !box.current) return
      const rows = [...box.current.querySelectorAll<HTMLElement>('tr[data-row]')]
      const current = rows.findIndex(row => row.contains(document.activeElement))
      if (current >= 0) last = rows[current]?.dataset.row
      const from = current >= 0 ? current : rows.findIndex(row => row.dataset.row === last)
      const go = (to: number) => rows[to]?.querySelector<HTMLElement>('.row-link')?.focus()
      switch (event.key.toLowerCase()) {
        case 'j':
          go(Math.min(from + 1, rows.length - 1))
          break
        case 'k':
          go(Math.max(from - 1, 0))
          break
        case 'x':
          rows[current]?.querySelector<HTMLInputElement>('input[data-select]:enabled')?.click()
          break
        case '/':
          searchBox()?.select()
          searchBox()?.focus()
          break
        case '?':
          box.current.querySelector('summary')?.click()
          break
        default:
          return
      }
      // Some browsers search the page at a slash, or at any letter.
      event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [on])
  const keys = keysOf(selects)
  return (
    <div ref={box}>
      <div className="needs-scripts flex items-center justify-end gap-3 pb-2 text-muted text-sm pointer-coarse:hidden">
        {on ? (
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 max-sm:hidden">
            {keys.map(({ key, short }) => (
              <span key={short} className="inline-flex items-center gap-1">
                {key.map(one => (
                  <Key key={one}>{one}</Key>
                ))}
                {short}
              </span>
            ))}
          </p>
        ) : null}
        <Dialog trigger={<>Keys {on ? <Key>?</Key> : 'are off'}</>} variant="ghost" size="sm" title="Keys on this list">
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-2">
            {[...keys, { key: ['?'], says: 'Show this list' }].map(({ key, says }) => (
              <div key={says} className="contents">
                <dt className="flex gap-1">
                  {key.map(one => (
                    <Key key={one}>{one}</Key>
                  ))}
                </dt>
                <dd>{says}</dd>
              </div>
            ))}
          </dl>
          <div className="mt-4 border-line border-t pt-4">
            <Checkbox
              name="keys"
              label="Use these keys in this browser"
              hint="They never act while you type in a field."
              checked={on}
              onChange={event => turnKeys(event.currentTarget.checked)}
            />
          </div>
        </Dialog>
      </div>
      {children}
    </div>
  )
}

function keysOf(selects: boolean) {
  return [
    { key: ['J', 'K'], short: 'move', says: 'Go to the next or the previous payout' },
    ...(selects ? [{ key: ['X'], short: 'select', says: 'Select it, or take it out of the selection' }] : []),
    { key: ['Enter'], short: 'open', says: 'Open it' },
    { key: ['/'], short: 'search', says: 'Go to the search box' },
  ]
}

function Key({ children }: { children: string }) {
  return (
    <kbd className="num inline-grid min-h-5 min-w-5 place-items-center rounded-sm border border-line-strong/50 bg-surface px-1 font-sans text-muted text-xs">
      {children}
    </kbd>
  )
}

function searchBox(): HTMLInputElement | null {
  return document.querySelector('form[role="search"] input[type="search"]')
}

/** In whatever takes letters; a checkbox or a button does not. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit'].includes(target.type)
  return target.isContentEditable || target.matches('textarea, select')
}

const stored = 'remit.list-keys'
const changed = new Event(stored)

function turnKeys(on: boolean) {
  try {
    if (on) localStorage.removeItem(stored)
    else localStorage.setItem(stored, 'off')
  } catch {
    // A browser that keeps nothing has the keys on.
  }
  window.dispatchEvent(changed)
}

function useKeysOn(): boolean {
  return useSyncExternalStore(
    listener => {
      // The first is for this tab, the second for all others.
      window.addEventListener(stored, listener)
      window.addEventListener('storage', listener)
      return () => {
        window.removeEventListener(stored, listener)
        window.removeEventListener('storage', listener)
      }
    },
    () => {
      try {
        return localStorage.getItem(stored) !== 'off'
      } catch {
        return true
      }
    },
    () => true,
  )
}

import { useLocation } from '@remix-run/react'
import { type ReactNode, useEffect, useRef } from 'react'
import { classNames } from './class-names.ts'

type MenuProps = {
  /** What the summary shows. */
  trigger: ReactNode
  triggerClass?: string
  label: string
  children: ReactNode
  /** Which edge of the trigger the panel keeps to, and where it opens. */
  align?: 'start' | 'end'
  side?: 'down' | 'up'
}

/** A disclosure of links and buttons: native <details>, which scripts close on Escape, outside clicks and navigation. */
export function Menu({ trigger, triggerClass, label, children, align = 'end', side = 'down' }: MenuProps) {
  const details = useDismiss()
  return (
    <details ref={details} className="relative">
      <summary aria-label={label} className={triggerClass}>
        {trigger}
      </summary>
      <div
        className={classNames(
          'absolute z-40 max-h-[70dvh] w-60 max-w-[calc(100vw-2rem)] overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-pop',
          align === 'end' ? 'end-0' : 'start-0',
          side === 'down' ? 'top-full mt-1' : 'bottom-full mb-1',
        )}
      >
        {children}
      </div>
    </details>
  )
}

/** The look of a menu's links and buttons. */
export const menuItemClass =
  'flex w-full items-center gap-2 rounded-md px-2 py-1.5 min-h-8 pointer-coarse:min-h-11 text-start hover:bg-neutral-soft -outline-offset-2!'

/** Closes a <details> on Escape (focus returns to its summary), on a click elsewhere, and when the page changes. */
export function useDismiss() {
  const details = useRef<HTMLDetailsElement>(null)
  const { key } = useLocation()

  // The key is the trigger, not an input
  useEffect(() => {
    if (details.current) details.current.open = false
  }, [key])

  useEffect(() => {
    const element = details.current
    if (!element) return
    const onPointer = (event: PointerEvent) => {
      if (element.open && !element.contains(event.target as Node)) element.open = false
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || !element.open || event.defaultPrevented) return
      event.preventDefault()
      element.open = false
      if (element.contains(document.activeElement)) element.querySelector('summary')?.focus()
    }
    document.addEventListener('pointerdown', onPointer)
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('pointerdown', onPointer)
      document.removeEventListener('keydown', onKey)
    }
  }, [])

  return details
}

import { useNavigation } from '@remix-run/react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { type ButtonSize, type ButtonVariant, buttonClass } from './button.tsx'
import { useHydrated } from './hydrated.ts'
import { Icon, type IconName } from './icon.tsx'

type DialogProps = {
  /** The button that opens it. */
  trigger: ReactNode
  variant?: ButtonVariant
  size?: ButtonSize
  icon?: IconName
  title: string
  description?: ReactNode
  /** Usually a Form. */
  children: ReactNode
  /** The form inside was refused: stay open (and, without scripts, come back open). */
  keepOpen?: boolean
}

/**
 * A button and its modal dialog. The markup is <details> with an open <dialog> inside: without scripts it unfolds in
 * place; with them, opening makes the same element modal, so nothing is swapped at hydration, and the browser keeps
 * focus inside, closes on Escape and gives focus back to the button.
 */
export function Dialog(props: DialogProps) {
  const { trigger, variant, size, icon, title, description, children, keepOpen = false } = props
  const details = useRef<HTMLDetailsElement>(null)
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const hydrated = useHydrated()
  const { state, formMethod } = useNavigation()

  const close = () => dialog.current?.close()

  const open = () => {
    if (!dialog.current || !details.current || dialog.current.matches(':modal')) return
    details.current.open = true
    dialog.current.removeAttribute('open')
    // Unfolded a moment ago, it has no layout yet, and the browser would find nothing in it to focus.
    dialog.current.getBoundingClientRect()
    dialog.current.showModal()
  }

  // The page came back from the server with the refused form: make it modal as if it had just been opened.
  useEffect(() => {
    if (details.current?.open) open()
  }, [])

  // After a post has gone through, the dialog has done its work; after a refusal it shows the errors.
  const posted = useRef(false)
  useEffect(() => {
    if (state !== 'idle') posted.current ||= formMethod === 'POST'
    else if (posted.current) {
      posted.current = false
      if (!keepOpen) dialog.current?.close()
    }
  }, [state, formMethod, keepOpen])

  return (
    <details ref={details} open={keepOpen || undefined}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button */}
      <summary
        className={buttonClass({ variant, size })}
        onClick={event => {
          // Before the browser unfolds it in place, which would be seen for a moment.
          event.preventDefault()
          open()
        }}
      >
        {icon ? <Icon name={icon} /> : null}
        {trigger}
      </summary>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the click is the backdrop's; Escape is the dialog's own key */}
      <dialog
        ref={dialog}
        open
        aria-labelledby={titleId}
        className="dialog"
        onClose={() => {
          if (details.current) details.current.open = false
        }}
        onClick={event => {
          if (event.target === dialog.current) close()
        }}
      >
        <div className="p-5">
          <div className="flex items-start justify-between gap-4">
            <h2 id={titleId} className="font-semibold text-lg">
              {title}
            </h2>
            {hydrated ? (
              <button
                type="button"
                onClick={close}
                className="-me-1 grid size-7 shrink-0 place-items-center rounded-md text-muted hover:bg-neutral-soft hover:text-ink"
              >
                <Icon name="x" />
                <span className="sr-only">Close</span>
              </button>
            ) : null}
          </div>
          {description ? <div className="mt-1 text-muted">{description}</div> : null}
          <div className="mt-4">{children}</div>
        </div>
      </dialog>
    </details>
  )
}

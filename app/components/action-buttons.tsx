import { Form } from '@remix-run/react'
import type { ReactNode } from 'react'
import { type ButtonVariant, SubmitButton } from './button.tsx'
import { HiddenFields } from './form.tsx'
import { Icon } from './icon.tsx'

/** What the viewer may do now, as a procedure says it. With `disabled` reasons it is shown, but can't be pressed. */
export type ActionItem = {
  action: string
  label: string
  tone?: 'primary' | 'neutral' | 'danger' | null
  disabled?: readonly string[] | null
}

type ActionButtonsProps = {
  actions: readonly ActionItem[]
  /** Record id, version and idempotency key, sent with whichever button is pressed. */
  hidden?: Record<string, string | number | undefined>
  /** The submit buttons' name; their value is the action. */
  name?: string
  /** Where to post; this page unless said. */
  to?: string
  size?: 'sm' | 'md' | 'lg'
  /** Actions that need more than a press (a reason, a confirmation): their own element instead of a button. */
  replace?: Partial<Record<string, (item: ActionItem) => ReactNode>>
}

const variants: Record<string, ButtonVariant> = { primary: 'primary', danger: 'danger-quiet', neutral: 'secondary' }

/** One plain form a button, in the order the procedure gave; the page decides nothing. */
export function ActionButtons({ actions, hidden, name = 'intent', to, size, replace }: ActionButtonsProps) {
  const reasons = actions.flatMap(({ action, label, disabled }) =>
    disabled?.length ? [{ action, label, reasons: disabled }] : [],
  )
  return (
    <div className="flex flex-col gap-2" data-no-print="">
      <div className="flex flex-wrap items-start gap-2">
        {actions.map(item => {
          const instead = replace?.[item.action]
          const off = Boolean(item.disabled?.length)
          if (instead && !off) {
            return (
              // Without scripts a dialog unfolds here, and takes a row of its own.
              <div key={item.action} className="has-[details[open]>dialog:not(:modal)]:basis-full">
                {instead(item)}
              </div>
            )
          }
          return (
            <Form key={item.action} method="post" action={to}>
              <HiddenFields values={hidden} />
              <SubmitButton
                name={name}
                value={item.action}
                size={size}
                variant={variants[item.tone ?? 'neutral']}
                disabled={off}
                aria-describedby={off ? `why-${item.action}` : undefined}
              >
                {item.label}
              </SubmitButton>
            </Form>
          )
        })}
      </div>
      {reasons.length > 0 ? (
        <ul className="flex flex-col gap-0.5 text-muted text-sm">
          {reasons.map(({ action, label, reasons }) => (
            <li key={action} id={`why-${action}`} className="flex gap-1.5">
              <Icon name="lock" size={14} className="mt-[0.2em]" />
              <span>
                {label}: {reasons.join(' ')}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

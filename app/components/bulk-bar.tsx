import { Form } from '@remix-run/react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { HiddenFields } from './form.tsx'
import { useHydrated } from './hydrated.ts'
import { type Amount, AmountsInline } from './money.tsx'

/** A selected row that the action would skip, and why. */
export type Ineligible = { id: string; label: string; reason: string }

type BulkBarProps = {
  /** The form's id: the table's checkboxes carry it in their `form` attribute. */
  form: string
  /** Selected rows; 0 without scripts, where the bar shows by CSS and can't count. */
  count: number
  /** Sums of the selected rows, one per currency. */
  totals: readonly Amount[]
  /** What is selected, singular: 'payout'. */
  noun: string
  ineligible?: readonly Ineligible[]
  onRemoveIneligible?: () => void
  onClear: () => void
  hidden?: Record<string, string | number | undefined>
  /** SubmitButtons with a name and value. */
  children: ReactNode
}

/** What happens to the checked rows: how many, how much in each currency, which ones would be skipped, and the buttons. */
export function BulkBar(props: BulkBarProps) {
  const { form, count, totals, noun, ineligible = [], onRemoveIneligible, onClear, hidden, children } = props
  const hydrated = useHydrated()
  const words = `${count} ${count === 1 ? noun : `${noun}s`} selected`
  return (
    <>
      {/* Apart from the bar, which appears and disappears: a status region must be there before its words. */}
      <p role="status" className="sr-only">
        {count > 0 ? words : ''}
      </p>
      <div className="bulk-bar sticky bottom-3 z-20">
        <Form
          method="post"
          id={form}
          className="flex flex-col gap-2 rounded-xl border border-line-strong/60 bg-raised px-3.5 py-2.5 shadow-pop"
        >
          <HiddenFields values={hidden} />
          <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
            <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
              <strong className="num">{count > 0 ? words : 'With the checked rows:'}</strong>
              <AmountsInline amounts={totals} />
              {hydrated ? (
                <button type="button" onClick={onClear} className="link min-h-6 text-sm">
                  Clear
                </button>
              ) : null}
            </div>
            <div className="flex flex-wrap items-center gap-2">{children}</div>
          </div>
          {ineligible.length > 0 ? (
            <details className="border-line border-t pt-2 text-sm">
              <summary className="min-h-6 rounded-sm text-warning hover:underline">
                {ineligible.length} of them will be skipped. Show why
              </summary>
              <ul className="mt-1 max-h-40 overflow-y-auto">
                {ineligible.map(({ id, label, reason }) => (
                  <li key={id} className="py-0.5">
                    <span className="font-medium">{label}</span>: <span className="text-muted">{reason}</span>
                  </li>
                ))}
              </ul>
              {onRemoveIneligible ? (
                <Button size="sm" onClick={onRemoveIneligible} className="mt-1">
                  {`Remove ${ineligible.length} from the selection`}
                </Button>
              ) : null}
            </details>
          ) : null}
        </Form>
      </div>
    </>
  )
}

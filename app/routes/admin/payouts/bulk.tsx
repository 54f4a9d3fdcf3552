import { Link, useLocation, useRouteLoaderData } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import { Money } from '#app/components/money.tsx'
import { payoutLooks } from '#app/components/status-badge.tsx'
import { sumByCurrency } from '#server/lib/money.ts'
import type { PayoutRow } from '#server/payouts/view.ts'
import type { loader } from '../payouts.tsx'
import type { BulkAction, BulkAnswer } from './bulk.server.ts'

/** Why this row would be skipped; null if it wouldn't. Read from what the procedure offers, not decided here. */
export function refusalOf(row: PayoutRow, action: BulkAction): string | null {
  const offer = row.actions.find(one => one.action === action)
  if (offer) return offer.refusal
  const status = payoutLooks[row.status].label.toLowerCase()
  return action === 'approve' ? `It is ${status}, not waiting for approval.` : `It is ${status}, so it can’t be sent.`
}

const words = {
  approve: {
    title: 'Approve',
    tells: 'Each partner gets an email that the payout is approved. Nothing is sent yet.',
    warning: 'An approval can be taken back until the payout is sent.',
    done: 'approved',
  },
  markPaid: {
    title: 'Send through Stripe',
    tells: 'A Stripe transfer is queued for each payout at once, and each partner gets an email when it is on its way.',
    warning: 'Money that has been sent can’t be called back from here.',
    done: 'queued for sending',
  },
} as const

/** The step before many payouts change: how many, how much in each currency, which ones are left out and why. */
export function BulkConfirm({ answer }: { answer: Extract<BulkAnswer, { step: 'confirm' }> }) {
  const list = useRouteLoaderData<typeof loader>('routes/admin/payouts')
  const { pathname, search } = useLocation()
  const box = useRef<HTMLElement>(null)
  useEffect(() => box.current?.focus(), [answer])
  const rows = (list?.page.rows ?? []).filter(row => answer.ids.includes(row.id))
  const ready = rows.filter(row => refusalOf(row, answer.what) === null)
  const skipped = rows.filter(row => !ready.includes(row))
  const gone = answer.ids.length - rows.length
  const { title, tells, warning } = words[answer.what]
  const count = `${ready.length} ${ready.length === 1 ? 'payout' : 'payouts'}`
  return (
    <section
      ref={box}
      tabIndex={-1}
      aria-label="Check before you go on"
      className="rounded-lg border border-accent bg-surface p-4"
      data-card-box=""
    >
      <h2 className="font-semibold text-lg">
        {ready.length > 0 ? `${title}: ${count}?` : 'None of these can be included'}
      </h2>
      <Form className="mt-3" action={pathname + search}>
        <HiddenFields values={{ idempotencyKey: list?.idempotencyKey }} />
        {ready.map(row => (
          <span key={row.id} hidden>
            <input type="hidden" name="ids" value={row.id} />
            <input type="hidden" name="seen" value={`${row.id}|${row.version}|${row.number} · ${row.partner.name}`} />
          </span>
        ))}
        {ready.length > 0 ? (
          <ConfirmBox
            label="I have checked the amounts and the recipients."
            error={answer.problem}
            warning={`${tells} ${warning}`}
          >
            <ul className="flex flex-col gap-0.5" aria-label="Totals by currency">
              {sumByCurrency(ready).map(total => (
                <li key={total.currency} className="font-semibold text-lg">
                  <Money {...total} />{' '}
                  <span className="font-normal text-base text-muted">
                    in {ready.filter(row => row.currency === total.currency).length}
                  </span>
                </li>
              ))}
            </ul>
            <details className="mt-2 text-sm">
              <summary className="min-h-6 w-fit rounded-sm hover:underline">
                Show {ready.length === 1 ? 'it' : 'them'}
              </summary>
              <ul className="mt-1 flex max-h-64 flex-col gap-0.5 overflow-y-auto">
                {ready.map(row => (
                  <li key={row.id} className="flex flex-wrap justify-between gap-x-4">
                    <span>
                      {row.number} · {row.partner.name}
                    </span>
                    <Money amount={row.amount} currency={row.currency} />
                  </li>
                ))}
              </ul>
            </details>
          </ConfirmBox>
        ) : null}
        {skipped.length > 0 ? (
          <div className="text-sm">
            <p className="font-medium">Left out ({skipped.length}):</p>
            <ul className="mt-1 flex max-h-48 flex-col gap-0.5 overflow-y-auto">
              {skipped.map(row => (
                <li key={row.id}>
                  <span className="font-medium">
                    {row.number} · {row.partner.name}
                  </span>{' '}
                  <span className="text-muted">{refusalOf(row, answer.what)}</span>
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        {gone > 0 ? (
          <p className="text-muted text-sm">
            {gone} of the checked payouts {gone === 1 ? 'is' : 'are'} no longer on this page: somebody was faster.
          </p>
        ) : null}
        <FormActions>
          {ready.length > 0 ? (
            <SubmitButton name="intent" value={answer.what}>
              {answer.what === 'approve' ? `Approve ${count}` : `Mark ${count} paid`}
            </SubmitButton>
          ) : null}
          <LinkButton to={pathname + search} preventScrollReset>
            Back
          </LinkButton>
        </FormActions>
      </Form>
    </section>
  )
}

/** What a bulk change did, with every payout it left out and why. It stays until the next step. */
export function BulkResult({ answer }: { answer: Extract<BulkAnswer, { step: 'done' }> }) {
  const { count, skipped, what } = answer
  return (
    <div role="status">
      <Banner
        tone={skipped.length > 0 ? 'warning' : 'success'}
        title={`${count} ${count === 1 ? 'payout' : 'payouts'} ${words[what].done}${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`}
      >
        {skipped.length > 0 ? (
          <ul className="flex max-h-48 flex-col gap-0.5 overflow-y-auto" aria-label="Skipped payouts">
            {skipped.map(({ id, label, reason }) => (
              <li key={id}>
                <Link to={`/admin/payouts/${id}`} className="link">
                  {label}
                </Link>{' '}
                {reason}
              </li>
            ))}
          </ul>
        ) : null}
      </Banner>
    </div>
  )
}

import { useRouteLoaderData } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { AmountsInline } from '#app/components/money.tsx'
import { periodLabel } from '../payouts/period.ts'
import type { loader } from '../periods.tsx'

const warnings = {
  unpaid_commissions: {
    says: (count: number) =>
      `${count === 1 ? '1 line of it is' : `${count.toLocaleString('en-US')} lines of it are`} not paid yet`,
    meanwhile: 'They stay owed, and are paid by a later month’s run.',
  },
  unpaid_payouts: {
    says: (count: number) =>
      `${count === 1 ? '1 payout for it is' : `${count.toLocaleString('en-US')} payouts for it are`} not paid yet`,
    meanwhile: 'They can still be approved and paid.',
  },
} as const

/** The step before a month is closed for good: what is still open in it, and the box to tick. */
export function CloseMonth({ refusal }: { refusal: { message: string; field: string } | null }) {
  const page = useRouteLoaderData<typeof loader>('routes/admin/periods')
  const month = page?.month
  if (!page || !month) return null
  const name = periodLabel(month.period)
  if (month.status === 'closed') return <Banner tone="info" title={`${name} is closed already.`} />
  if (month.refusal !== null)
    return (
      <Banner
        tone="warning"
        icon="lock"
        title={month.refusal ?? 'Your role does not close months: an admin or an owner does.'}
      />
    )
  return (
    <div id="close" className="scroll-mt-4">
      <Card title={`Close ${name}?`}>
        <Form
          hidden={{ period: month.period, idempotencyKey: page.idempotencyKey }}
          errors={refusal && refusal.field !== 'confirmed' ? { message: refusal.message } : null}
        >
          <ConfirmBox
            label={`I am done with ${name}.`}
            error={refusal?.field === 'confirmed' ? refusal.message : null}
            warning="It is closed for good, with every month before it. It is recorded who did."
          >
            {month.warnings.length === 0 ? (
              <p>Everything of it is paid.</p>
            ) : (
              <ul className="flex flex-col gap-2">
                {month.warnings.map(({ what, count, amounts }) => (
                  <li key={what}>
                    <span className="font-medium">{warnings[what].says(count)}:</span>{' '}
                    <AmountsInline amounts={amounts} />
                    <p className="text-muted text-sm">{warnings[what].meanwhile}</p>
                  </li>
                ))}
              </ul>
            )}
          </ConfirmBox>
          <FormActions>
            <SubmitButton icon="lock">{`Close ${name}`}</SubmitButton>
            <LinkButton to="/admin/periods" variant="ghost">
              Cancel
            </LinkButton>
          </FormActions>
        </Form>
      </Card>
    </div>
  )
}

import { SubmitButton } from '#app/components/button.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Money } from '#app/components/money.tsx'
import { useRefusalOf, useRunPage } from './page-data.ts'

/** What may be done with a draft. */
export function RunActions() {
  const { run, idempotencyKey } = useRunPage()
  const hidden = { version: run.version, idempotencyKey }
  return (
    <>
      <Execute />
      <Form hidden={hidden}>
        <SubmitButton name="intent" value="refresh" variant="secondary" icon="refresh">
          Refresh
        </SubmitButton>
      </Form>
      <Dialog
        trigger="Discard…"
        variant="danger-quiet"
        title={`Discard ${run.number}?`}
        description="Nothing was created, and nothing is lost: what it would have paid is in the next plan."
      >
        <Form hidden={hidden}>
          <FormActions>
            <SubmitButton name="intent" value="discard" variant="danger">
              Discard it
            </SubmitButton>
          </FormActions>
        </Form>
      </Dialog>
    </>
  )
}

function Execute() {
  const { run, idempotencyKey } = useRunPage()
  const refusal = useRefusalOf('execute')
  const paid = run.totals.filter(total => total.outcome === 'pay' && total.includedCount > 0)
  const count = paid.reduce((sum, total) => sum + total.includedCount, 0)
  const flagged = run.totals.reduce((sum, total) => sum + (total.outcome === 'pay' ? total.flagged : 0), 0)
  if (count === 0) return null
  const payouts = count === 1 ? '1 payout' : `${count.toLocaleString('en-US')} payouts`
  return (
    <Dialog
      trigger="Execute…"
      variant="primary"
      title={`Make ${payouts}?`}
      keepOpen={refusal !== null}
      description="All of them are made in one step, or none. If anything is owed differently by now, nothing happens and you are told what changed."
    >
      <Form
        hidden={{ version: run.version, digest: run.digest, idempotencyKey }}
        errors={refusal && !refusal.fields.confirmed ? { message: refusal.message } : null}
      >
        <ConfirmBox
          label="I have checked the totals, and what is flagged."
          error={refusal?.fields.confirmed}
          warning="They wait for approval by somebody else than you; approvers get one email. Nothing is sent, and partners are not told yet."
        >
          <ul aria-label="Totals by currency" className="flex flex-col gap-0.5">
            {paid.map(({ currency, includedAmount, includedCount }) => (
              <li key={currency} className="font-semibold text-lg">
                <Money amount={includedAmount} currency={currency} />{' '}
                <span className="font-normal text-base text-muted">in {includedCount.toLocaleString('en-US')}</span>
              </li>
            ))}
          </ul>
          {flagged > 0 ? (
            <p className="mt-1 text-sm text-warning">
              {flagged === 1 ? '1 of the rows is' : `${flagged.toLocaleString('en-US')} of the rows are`} flagged.
            </p>
          ) : null}
        </ConfirmBox>
        <FormActions>
          <SubmitButton name="intent" value="execute">{`Make ${payouts}`}</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

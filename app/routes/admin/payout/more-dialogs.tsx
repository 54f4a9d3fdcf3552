import type { ActionItem } from '#app/components/action-buttons.tsx'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { FieldRow } from '#app/components/form.tsx'
import { Code } from '#app/components/id.tsx'
import { DateInput, Input, Select, Textarea } from '#app/components/input.tsx'
import { Money } from '#app/components/money.tsx'
import { ActionDialog, useRefusal } from './dialogs.tsx'
import { usePayoutPage } from './page-data.ts'

/** A payment made elsewhere, recorded: the honest alternative to a transfer. */
export function ManualPaymentDialog({ item, size }: { item: ActionItem; size?: 'sm' }) {
  const { payout, manualMethods } = usePayoutPage()
  const refusal = useRefusal('markPaidManually')
  return (
    <ActionDialog
      intent="markPaidManually"
      trigger={item.label}
      icon="wallet"
      size={size}
      variant="secondary"
      submitVariant="primary"
      title="Record a payment made elsewhere"
      submit={
        <>
          Record <Money amount={payout.amount} currency={payout.currency} /> as paid
        </>
      }
    >
      <p className="text-muted">
        For money that has left already, by another way. Remit sends nothing; {payout.partner.name} gets an email, and
        the payout says everywhere that it was paid outside Stripe. This can’t be taken back.
      </p>
      <FieldRow>
        <Select
          name="manual.method"
          label="Method"
          required
          placeholder="Choose …"
          options={manualMethods}
          defaultValue={refusal?.values['manual.method']}
          error={refusal?.fields['manual.method']}
        />
        <DateInput
          name="manual.paidOn"
          label="Paid on"
          required
          defaultValue={refusal?.values['manual.paidOn']}
          error={refusal?.fields['manual.paidOn']}
        />
      </FieldRow>
      <Input
        name="manual.reference"
        label="Reference"
        hint="What the partner finds on the bank statement."
        required
        maxLength={120}
        autoComplete="off"
        defaultValue={refusal?.values['manual.reference']}
        error={refusal?.fields['manual.reference']}
      />
    </ActionDialog>
  )
}

/** A transfer whose outcome nobody knows: what a person found at Stripe. */
export function ReleaseDialog({ item }: { item: ActionItem }) {
  const { payout, staff } = usePayoutPage()
  const refusal = useRefusal('release')
  const attempt = staff.attempts.find(one => one.state !== 'failed')
  return (
    <ActionDialog
      intent="release"
      trigger={item.label}
      variant="danger-quiet"
      submitVariant="danger"
      title={`Release ${payout.number}?`}
      submit="Record what I found"
    >
      <p>
        Search Stripe’s transfers for the group <Code>{`payout_${payout.id}`}</Code>
        {attempt ? (
          <>
            {' '}
            (key <Code>{attempt.idempotencyKey}</Code>)
          </>
        ) : null}
        . Only if no transfer is there may it be released; after two people have said so, it becomes failed and can be
        sent again.
      </p>
      <Textarea
        name="evidence"
        label="What you checked, and what you found"
        required
        minLength={10}
        maxLength={2000}
        defaultValue={refusal?.values.evidence}
        error={refusal?.fields.evidence}
      />
    </ActionDialog>
  )
}

/** Money that was taken back belongs to nobody until someone says whose it is. */
export function DecideReversalDialog() {
  const { payout, staff } = usePayoutPage()
  const refusal = useRefusal('decideReversal')
  return (
    <ActionDialog
      intent="decideReversal"
      trigger="Decide"
      variant="primary"
      title="Whose is the money that was taken back?"
      submit="Record the decision"
    >
      <p>
        <Money amount={staff.undecidedReversal} currency={payout.currency} className="font-semibold" /> of{' '}
        {payout.number} came back. This can’t be taken back.
      </p>
      <ChoiceGroup legend="Decision">
        <Checkbox
          type="radio"
          id="decision-owed"
          name="decision"
          value="owed"
          required
          label="The partner is owed it again"
          hint="It goes back to what you owe; create a new payout to send it."
          defaultChecked={refusal?.values.decision === 'owed'}
        />
        <Checkbox
          type="radio"
          id="decision-not-owed"
          name="decision"
          value="not_owed"
          required
          label="The partner is not owed it"
          hint="The expense is taken back."
          defaultChecked={refusal?.values.decision === 'not_owed'}
        />
      </ChoiceGroup>
      <Textarea
        name="note"
        label="Note"
        optional
        maxLength={2000}
        defaultValue={refusal?.values.note}
        error={refusal?.fields.note}
      />
    </ActionDialog>
  )
}

import { type ReactNode, useMemo } from 'react'
import type { ActionItem } from '#app/components/action-buttons.tsx'
import { type ButtonVariant, SubmitButton } from '#app/components/button.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import type { IconName } from '#app/components/icon.tsx'
import { Code } from '#app/components/id.tsx'
import { Textarea } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import type { action } from '../payout.tsx'
import { usePayoutPage } from './page-data.ts'

type ActionDialogProps = {
  intent: string
  trigger: string
  title: string
  submit: ReactNode
  variant?: ButtonVariant
  submitVariant?: ButtonVariant
  size?: 'sm'
  icon?: IconName
  extra?: Record<string, string | undefined>
  children: ReactNode
}

/** A dialog around one action's form: it carries the record's version and the key, and stays open with the errors when refused. */
export function ActionDialog(props: ActionDialogProps) {
  const { intent, trigger, title, submit, variant, submitVariant, size, icon, extra, children } = props
  const { payout, idempotencyKey } = usePayoutPage()
  const refusal = useRefusal(intent)
  // The same object for as long as the answer stands: a new one would take the focus away from whoever is typing.
  const errors = useMemo(() => (refusal ? { message: refusal.message } : null), [refusal])
  return (
    <Dialog trigger={trigger} variant={variant} size={size} icon={icon} title={title} keepOpen={refusal !== null}>
      <Form errors={errors}>
        <HiddenFields values={{ intent, version: payout.version, idempotencyKey, ...extra }} />
        {children}
        <FormActions>
          <SubmitButton variant={submitVariant ?? variant ?? 'primary'}>{submit}</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

/** What the server said against this action's form, with what was typed; null otherwise. */
export function useRefusal(intent: string) {
  const refusal = useAnswer<typeof action>()
  return refusal?.intent === intent ? refusal : null
}

/** Who gets how much, where to: the facts before money. */
export function WhoGetsWhat() {
  const { payout, staff } = usePayoutPage()
  return (
    <Facts
      facts={[
        { label: 'Partner', value: payout.partner.name },
        {
          label: 'Amount',
          value: <Money amount={payout.amount} currency={payout.currency} className="font-semibold" />,
        },
        {
          label: 'To',
          value: staff.destination ? <Code>{staff.destination}</Code> : 'The partner’s Stripe account',
        },
      ]}
    />
  )
}

type Props = { item: ActionItem; size?: 'sm' }

export function ApproveDialog({ item }: Props) {
  const { payout, staff } = usePayoutPage()
  const standing = staff.approvals.filter(approval => approval.voidedAt === null).length
  const last = standing + 1 >= staff.approvalsRequired
  return (
    <ActionDialog
      intent="approve"
      trigger={item.label}
      icon="check"
      variant="primary"
      title={`Approve ${payout.number}?`}
      submit={
        <>
          Approve <Money amount={payout.amount} currency={payout.currency} />
        </>
      }
      extra={{ digest: staff.digest }}
    >
      <WhoGetsWhat />
      <p className="text-muted text-sm">
        {last
          ? `${payout.partner.name} gets an email that it is approved. Nothing is sent yet, and you can send it back until it is.`
          : 'A second person has to approve it, too.'}
      </p>
    </ActionDialog>
  )
}

export function RejectDialog({ item }: Props) {
  const { payout } = usePayoutPage()
  const refusal = useRefusal('reject')
  return (
    <ActionDialog
      intent="reject"
      trigger={item.label}
      variant="danger-quiet"
      submitVariant="danger"
      title={`Reject ${payout.number}?`}
      submit={item.label}
    >
      <p>
        <Money amount={payout.amount} currency={payout.currency} /> to {payout.partner.name}. Rejecting is final: if the
        money is owed after all, create a new payout.
      </p>
      <Textarea
        name="reason"
        label="Reason"
        hint={`${payout.partner.name} reads this, in the email and in the portal.`}
        required
        maxLength={2000}
        defaultValue={refusal?.values.reason}
        error={refusal?.fields.reason}
      />
    </ActionDialog>
  )
}

export function MarkPaidDialog({ item }: Props) {
  const { payout } = usePayoutPage()
  const refusal = useRefusal('markPaid')
  return (
    <ActionDialog
      intent="markPaid"
      trigger={item.label}
      icon="send"
      variant="primary"
      title={`Send ${payout.number} through Stripe?`}
      submit={
        <>
          Send <Money amount={payout.amount} currency={payout.currency} />
        </>
      }
    >
      <ConfirmBox
        error={refusal?.fields.confirmed}
        warning={`The transfer is queued at once, and ${payout.partner.name} gets an email when it is on its way. Money that has been sent can’t be called back from here.`}
      >
        <WhoGetsWhat />
      </ConfirmBox>
    </ActionDialog>
  )
}

export function SendBackDialog({ item, size }: Props) {
  const { payout } = usePayoutPage()
  return (
    <ActionDialog
      intent="unapprove"
      trigger={item.label}
      icon="undo"
      size={size}
      variant="secondary"
      submitVariant="primary"
      title={`Send ${payout.number} back for approval?`}
      submit={item.label}
    >
      <p>Its approval becomes void, and somebody has to approve it again before it can be sent.</p>
    </ActionDialog>
  )
}

export function CancelDialog({ item, size }: Props) {
  const { payout } = usePayoutPage()
  const refusal = useRefusal('cancel')
  return (
    <ActionDialog
      intent="cancel"
      trigger={item.label}
      size={size}
      variant="danger-quiet"
      submitVariant="danger"
      title={`Cancel ${payout.number}?`}
      submit="Cancel this payout"
    >
      <p>
        <Money amount={payout.amount} currency={payout.currency} /> to {payout.partner.name} will not be paid
        {payout.status === 'pending_approval' ? '' : ', and the partner gets an email'}. This is final: if the money is
        owed after all, create a new payout.
      </p>
      <Textarea
        name="reason"
        label="Reason"
        optional
        hint="For the history."
        maxLength={2000}
        defaultValue={refusal?.values.reason}
        error={refusal?.fields.reason}
      />
    </ActionDialog>
  )
}

import { type ReactNode, useMemo } from 'react'
import { type ButtonVariant, SubmitButton } from '#app/components/button.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import type { IconName } from '#app/components/icon.tsx'
import { DateInput, Input, Textarea } from '#app/components/input.tsx'
import { Money } from '#app/components/money.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import { useDealPage, useRefusal } from './page-data.ts'

type ActionDialogProps = {
  intent: string
  /** The touch that it is about. */
  about?: string
  version?: number
  trigger: string
  title: string
  submit: ReactNode
  variant?: ButtonVariant
  submitVariant?: ButtonVariant
  size?: 'sm'
  icon?: IconName
  children: ReactNode
}

/** A dialog around one action's form: it carries the record's version and the key, and stays open with the errors when refused. */
export function ActionDialog(props: ActionDialogProps) {
  const { intent, about = '', version, trigger, title, submit, variant, submitVariant, size, icon, children } = props
  const { deal, idempotencyKey } = useDealPage()
  const refusal = useRefusal(intent, about)
  // The same object for as long as the answer stands: a new one would take the focus away from whoever is typing.
  const errors = useMemo(() => (refusal ? { message: refusal.message } : null), [refusal])
  return (
    <Dialog trigger={trigger} variant={variant} size={size} icon={icon} title={title} keepOpen={refusal !== null}>
      <Form errors={errors}>
        <HiddenFields values={{ intent, about, version: version ?? deal.version, idempotencyKey }} />
        {children}
        <FormActions>
          <SubmitButton variant={submitVariant ?? variant ?? 'primary'}>{submit}</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

type Props = { label: string }

export function WinDialog({ label }: Props) {
  const { deal, today } = useDealPage()
  const refusal = useRefusal('win')
  const { credits, nobody } = deal.preview
  return (
    <ActionDialog
      intent="win"
      trigger={label}
      icon="check"
      variant="primary"
      title={`Mark ${deal.number} won?`}
      submit={label}
    >
      <p>
        <Money amount={deal.amount} currency={deal.currency} className="font-semibold" />, {deal.name}.
      </p>
      <DateInput
        name="closedOn"
        id="win-closedOn"
        label="Close date"
        required
        max={deal.latestClose}
        defaultValue={refusal?.values.closedOn ?? today}
        error={refusal?.fields.closedOn}
        hint="Touches up to it count. The rules in force on that day decide the commissions."
      />
      <p className="text-muted text-sm">
        {credits.length > 0
          ? `With the touches as they are, ${names(credits.map(one => one.partnerName))} ${credits.length === 1 ? 'gets' : 'share'} the credit. Commissions are booked at once and are on hold until their release dates.`
          : `${nobody ?? 'Nobody is credited.'} The deal will be listed under “Won, nobody credited” until a touch is added.`}
      </p>
    </ActionDialog>
  )
}

/** `Acme, Bolt and 2 more`. */
function names(list: readonly string[]): string {
  if (list.length <= 1) return list[0] ?? ''
  if (list.length <= 3) return `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`
  return `${list.slice(0, 2).join(', ')} and ${list.length - 2} more`
}

/** What losing or reopening a won deal does to what was earned. */
function TakesBack() {
  const { deal } = useDealPage()
  if (deal.stage !== 'won') return <p>Nobody has earned anything from it, so no money changes.</p>
  const earned = deal.commissions.sums.filter(({ amount }) => amount !== 0)
  return earned.length === 0 ? (
    <p>Nobody has a commission from it, so no money changes.</p>
  ) : (
    <>
      <p>
        All that was earned from it is taken back,{' '}
        <Money amount={earned.reduce((sum, one) => sum + one.amount, 0)} currency={deal.currency} /> from{' '}
        {earned.length === 1 ? 'one partner' : `${earned.length} partners`}, unless its clawback window is over.
      </p>
      <p className="text-muted text-sm">
        What isn’t paid yet cancels out before the next payout. What was paid already is owed back and taken from later
        payouts. Nothing that is booked is deleted.
      </p>
    </>
  )
}

export function LoseDialog({ label }: Props) {
  const { deal, today } = useDealPage()
  const refusal = useRefusal('lose')
  return (
    <ActionDialog
      intent="lose"
      trigger={label}
      variant="danger-quiet"
      submitVariant="danger"
      title={`Mark ${deal.number} lost?`}
      submit={label}
    >
      <TakesBack />
      <DateInput
        name="closedOn"
        id="lose-closedOn"
        label="Lost on"
        required
        max={deal.latestClose}
        defaultValue={refusal?.values.closedOn ?? today}
        error={refusal?.fields.closedOn}
      />
      <Textarea
        name="reason"
        id="lose-reason"
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

export function ReopenDialog({ label }: Props) {
  const { deal } = useDealPage()
  const refusal = useRefusal('reopen')
  return (
    <ActionDialog
      intent="reopen"
      trigger={label}
      icon="undo"
      variant="secondary"
      submitVariant={deal.stage === 'won' ? 'danger' : 'primary'}
      title={`Reopen ${deal.number}?`}
      submit={label}
    >
      <TakesBack />
      {deal.stage === 'won' ? <p className="text-muted text-sm">Marked won again, it is earned again.</p> : null}
      <Textarea
        name="reason"
        id="reopen-reason"
        label="Reason"
        required
        hint="For the history."
        maxLength={2000}
        defaultValue={refusal?.values.reason}
        error={refusal?.fields.reason}
      />
    </ActionDialog>
  )
}

export function RefundDialog({ label }: Props) {
  const { deal, today } = useDealPage()
  const refusal = useRefusal('refund')
  const earned = deal.commissions.sums.filter(({ amount }) => amount > 0).length
  return (
    <ActionDialog
      intent="refund"
      trigger={label}
      variant="secondary"
      submitVariant="danger"
      title={`Record a refund of ${deal.number}`}
      submit={label}
    >
      <p className="text-muted text-sm">
        This moves no money of the customer’s: it records what they got back.{' '}
        {earned > 0
          ? `The same part of ${earned === 1 ? 'one partner’s commission' : `${earned} partners’ commissions`} is taken back, unless its clawback window is over. A refund can’t be taken back.`
          : 'Nobody has a commission from this deal, so nothing is taken back.'}
      </p>
      <MoneyInput
        name="amount"
        id="refund-amount"
        label="Refunded this time"
        required
        currency={deal.currency}
        defaultValue={refusal?.values.amount}
        error={refusal?.fields.amount}
        hint={
          <>
            At most <Money amount={deal.amount - deal.refunded} currency={deal.currency} />.
          </>
        }
      />
      <DateInput
        name="refundedOn"
        id="refund-refundedOn"
        label="Refunded on"
        required
        max={deal.latestClose}
        defaultValue={refusal?.values.refundedOn ?? today}
        error={refusal?.fields.refundedOn}
      />
      <Textarea
        name="reason"
        id="refund-reason"
        label="Reason"
        required
        maxLength={2000}
        defaultValue={refusal?.values.reason}
        error={refusal?.fields.reason}
      />
      <Input
        name="externalRef"
        id="refund-externalRef"
        label="Reference"
        optional
        hint="The credit note’s or the refund’s number. The same one can’t be recorded twice."
        maxLength={120}
        autoComplete="off"
        defaultValue={refusal?.values.externalRef}
        error={refusal?.fields.externalRef}
      />
    </ActionDialog>
  )
}

export function RecalculateDialog({ label }: Props) {
  const { deal } = useDealPage()
  return (
    <ActionDialog
      intent="recalculate"
      trigger={label}
      icon="refresh"
      variant="secondary"
      submitVariant="primary"
      title={`Recalculate ${deal.number}?`}
      submit={label}
    >
      <p>
        {deal.overridden
          ? 'The shares that were set by hand stand; amounts and commissions are computed anew from them.'
          : `Credit is computed anew with the program’s model and parameters as they are now.`}{' '}
        If that makes a difference, it becomes a new version and the difference is booked. What was paid stays as it is.
      </p>
    </ActionDialog>
  )
}

export function ClearOverrideDialog() {
  const { deal } = useDealPage()
  const refusal = useRefusal('clearOverride')
  return (
    <ActionDialog
      intent="clearOverride"
      trigger="Withdraw"
      size="sm"
      variant="secondary"
      submitVariant="primary"
      title={`Withdraw the shares of ${deal.number}?`}
      submit="Withdraw the shares"
    >
      <p>A split that the partners agreed on decides again, or else the program’s model. The difference is booked.</p>
      <Textarea
        name="reason"
        id="clear-reason"
        label="Reason"
        optional
        maxLength={2000}
        defaultValue={refusal?.values.reason}
      />
    </ActionDialog>
  )
}

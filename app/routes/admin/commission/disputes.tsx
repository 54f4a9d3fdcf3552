import { Link } from '@remix-run/react'
import { type ReactNode, useMemo } from 'react'
import { type ButtonVariant, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import { Textarea } from '#app/components/input.tsx'
import { Money } from '#app/components/money.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import { When } from '#app/components/when.tsx'
import type { DisputeView } from '#server/disputes/view.ts'
import { DisputeBadge } from '../disputes/status-badge.tsx'
import { useCommissionPage, useRefusal } from './page-data.ts'

/** The disputes of this line, the newest first, each with its conversation and what can be done now. */
export function Disputes() {
  const { commission } = useCommissionPage()
  if (commission.disputes.length === 0) return null
  return (
    <div id="disputes" className="flex scroll-mt-16 flex-col gap-4">
      {commission.disputes.map(dispute => (
        <Dispute key={dispute.id} dispute={dispute} />
      ))}
    </div>
  )
}

function Dispute({ dispute }: { dispute: DisputeView }) {
  const may = (action: DisputeView['actions'][number]['action']) => dispute.actions.some(one => one.action === action)
  return (
    <Card
      title="Dispute"
      description={
        dispute.status === 'open'
          ? dispute.holds
            ? 'This line is held until it is decided; everything else is paid as usual.'
            : 'The line was paid, or is being sent, so nothing is held.'
          : undefined
      }
      actions={<DisputeBadge status={dispute.status} />}
    >
      <ol aria-label="Conversation" className="flex flex-col gap-3">
        {dispute.messages.map(({ id, side, who, body, at }) => (
          <li
            key={id}
            className={side === 'staff' ? 'ms-6 rounded-lg bg-accent-soft p-3' : 'me-6 rounded-lg bg-sunken p-3'}
          >
            <p className="flex flex-wrap justify-between gap-x-4 text-muted text-sm">
              <span>
                {who}
                {side === 'partner' ? `, ${dispute.partner.name}` : ''}
              </span>
              <When at={at} />
            </p>
            <p className="whitespace-pre-line break-words">{body}</p>
          </li>
        ))}
      </ol>
      {dispute.resolvedAt ? (
        <p className="mt-3 text-muted text-sm">
          {dispute.resolvedBy}, <When at={dispute.resolvedAt} />
          {dispute.adjustment ? (
            <>
              {': '}
              <Link to={`/admin/commissions/${dispute.adjustment.id}`} className="link">
                <Money amount={dispute.adjustment.amount} currency={dispute.adjustment.currency} sign />
              </Link>
            </>
          ) : null}
        </p>
      ) : null}
      {dispute.actions.length > 0 ? (
        <div className="mt-4 flex flex-wrap gap-2">
          {may('answer') ? <Answer dispute={dispute} /> : null}
          {may('adjust') ? <Adjust dispute={dispute} /> : null}
          {may('release') ? <Release dispute={dispute} /> : null}
        </div>
      ) : null}
      {dispute.status === 'open' && !may('release') ? (
        <p className="mt-2 text-muted text-sm">An admin or an owner decides it.</p>
      ) : null}
    </Card>
  )
}

interface ActionProps {
  dispute: DisputeView
  intent: 'answer' | 'adjust' | 'release'
  trigger: string
  title: string
  submit: ReactNode
  variant?: ButtonVariant
  children: ReactNode
}

function ActionDialog({ dispute, intent, trigger, title, submit, variant, children }: ActionProps) {
  const { idempotencyKey } = useCommissionPage()
  const refusal = useRefusal(intent)
  // The same object for as long as the answer stands: a new one would take the focus away from whoever is typing.
  const errors = useMemo(() => (refusal ? { message: refusal.message } : null), [refusal])
  return (
    <Dialog trigger={trigger} variant={variant} title={title} keepOpen={refusal !== null}>
      <Form errors={errors}>
        <HiddenFields
          values={{
            intent,
            disputeId: dispute.id,
            version: intent === 'answer' ? undefined : dispute.version,
            idempotencyKey,
          }}
        />
        {children}
        <FormActions>
          <SubmitButton>{submit}</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

type Props = { dispute: DisputeView }

function Answer({ dispute }: Props) {
  const refusal = useRefusal('answer')
  return (
    <ActionDialog
      dispute={dispute}
      intent="answer"
      trigger="Answer"
      variant="primary"
      title="Answer"
      submit="Send the answer"
    >
      <Textarea
        name="body"
        label="Answer"
        required
        rows={5}
        maxLength={4_000}
        hint={`${dispute.partner.name} reads this in the portal and gets an email.`}
        defaultValue={refusal?.values.body}
        error={refusal?.fields.body}
      />
    </ActionDialog>
  )
}

function Reason({ dispute, intent }: Props & { intent: 'adjust' | 'release' }) {
  const refusal = useRefusal(intent)
  return (
    <Textarea
      name="reason"
      id={`${intent}-reason`}
      label="Reason"
      required
      maxLength={4_000}
      hint={`${dispute.partner.name} reads this, in the email and in the portal.`}
      defaultValue={refusal?.values.reason}
      error={refusal?.fields.reason}
    />
  )
}

function Adjust({ dispute }: Props) {
  const refusal = useRefusal('adjust')
  const { amount, currency } = dispute.commission
  return (
    <ActionDialog
      dispute={dispute}
      intent="adjust"
      trigger="Adjust the amount"
      title="Adjust the amount?"
      submit="Book the difference and close"
    >
      <p>
        The line of <Money amount={amount} currency={currency} /> stays as it is. The difference is booked as a line of
        its own, and both go into the next run.
      </p>
      <ChoiceGroup legend="The difference is">
        <Checkbox
          type="radio"
          name="direction"
          id="direction-add"
          value="add"
          label="added"
          defaultChecked={refusal?.values.direction !== 'take'}
        />
        <Checkbox
          type="radio"
          name="direction"
          id="direction-take"
          value="take"
          label="taken away"
          defaultChecked={refusal?.values.direction === 'take'}
        />
      </ChoiceGroup>
      <MoneyInput
        name="amount"
        label="Difference"
        required
        currency={currency}
        defaultValue={refusal?.values.amount}
        error={refusal?.fields.amount}
      />
      <Reason dispute={dispute} intent="adjust" />
    </ActionDialog>
  )
}

function Release({ dispute }: Props) {
  return (
    <ActionDialog
      dispute={dispute}
      intent="release"
      trigger="Keep the amount"
      title="Keep the amount?"
      submit="Keep it and close"
    >
      <p>
        The line of <Money amount={dispute.commission.amount} currency={dispute.commission.currency} /> stays as it is
        {dispute.holds ? ' and is free for the next run' : ''}.
      </p>
      <Reason dispute={dispute} intent="release" />
    </ActionDialog>
  )
}

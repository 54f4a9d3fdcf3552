import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions, type FormErrors } from '#app/components/form.tsx'
import { Input, Select, Textarea } from '#app/components/input.tsx'
import { When } from '#app/components/when.tsx'
import { formatMoney } from '#server/lib/money.ts'
import type { getRegistration } from '#server/registrations/view.ts'

type Detail = Awaited<ReturnType<typeof getRegistration>>

type Props = {
  registration: Detail
  staff: NonNullable<Detail['staff']>
  idempotencyKey: string
  refusal: {
    intent: string
    summary: FormErrors
    fields: Record<string, string>
    values: Record<string, string>
  } | null
}

/** Yes, with or without a deal that is there already; or no, with a reason for the partner. */
export function Decide({ registration: one, staff, idempotencyKey, refusal }: Props) {
  const may = (action: string) => one.actions.some(offer => offer.action === action)
  const refusedAt = (intent: string) => (refusal?.intent === intent ? refusal : null)
  const standing = one.conflicts.filter(conflict => !conflict.onlyAsked)
  const approve = refusedAt('approve')
  const decline = refusedAt('decline')
  return (
    <>
      {may('approve') ? (
        <Card title="Approve">
          <Form
            hidden={{ intent: 'approve', version: one.version, idempotencyKey: `${idempotencyKey}-approve` }}
            errors={approve?.summary}
          >
            {standing.map(conflict => (
              <input key={conflict.id} type="hidden" name="seen" value={conflict.id} />
            ))}
            <p>
              {one.partner?.name} is told. The company is protected until{' '}
              <When at={staff.wouldProtectUntil} mode="date" /> ({staff.protectionDays} days). The registration becomes
              the deal’s touch, dated when it was sent in. Nothing is paid by it.
            </p>
            {staff.linkable.length > 0 ? (
              <Select
                name="deal"
                label="Deal"
                defaultValue={approve?.values.deal ?? ''}
                options={[
                  { value: '', label: 'Open a new deal' },
                  ...staff.linkable.map(deal => ({
                    value: deal.id,
                    label: `${deal.number} ${deal.name}, ${formatMoney(deal.amount, deal.currency)}`,
                  })),
                ]}
              />
            ) : null}
            <Input
              name="otherDeal"
              label={
                staff.linkable.length > 0 ? 'Or another open deal, by its number' : 'Link an open deal, by its number'
              }
              optional
              placeholder="D-000042"
              maxLength={20}
              defaultValue={approve?.values.otherDeal ?? ''}
              hint={staff.linkable.length > 0 ? undefined : 'Left empty, a new deal is opened.'}
            />
            <FormActions>
              <SubmitButton name="send" value="approve">
                {standing.length > 0 ? 'Approve all the same' : 'Approve'}
              </SubmitButton>
            </FormActions>
          </Form>
        </Card>
      ) : null}
      {may('decline') ? (
        <Card title="Decline">
          <Form
            hidden={{ intent: 'decline', version: one.version, idempotencyKey: `${idempotencyKey}-decline` }}
            errors={decline?.summary}
          >
            <Textarea
              name="reason"
              label="Reason"
              required
              maxLength={2000}
              defaultValue={decline?.values.reason ?? ''}
              error={decline?.fields.reason}
              hint={`${one.partner?.name} reads it. Name no other partner.`}
            />
            <FormActions>
              <SubmitButton name="send" value="decline" variant="danger-quiet">
                Decline
              </SubmitButton>
            </FormActions>
          </Form>
        </Card>
      ) : null}
    </>
  )
}

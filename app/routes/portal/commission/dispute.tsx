import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Textarea } from '#app/components/input.tsx'
import { Money } from '#app/components/money.tsx'
import { When } from '#app/components/when.tsx'
import type { DisputeView } from '#server/disputes/view.ts'

type Refused = { intent: string; message: string; fields: Record<string, string>; values: Record<string, string> }

type Props = {
  disputes: readonly (DisputeView & { label: string })[]
  may: boolean
  orgName: string
  paid: boolean
  idempotencyKey: string
  refusal: Refused | null
}

/** Something is wrong with this line: said, answered and settled right here. */
export function Dispute({ disputes, may, orgName, paid, idempotencyKey, refusal }: Props) {
  const refusedAt = (intent: string) => (refusal?.intent === intent ? refusal : null)
  return (
    <>
      {disputes.map(dispute => (
        <Card
          key={dispute.id}
          title={`Your dispute: ${dispute.label.toLowerCase()}`}
          description={dispute.holds ? `This line waits until ${orgName} has decided.` : null}
        >
          <ol className="flex flex-col gap-3" aria-label="What was said">
            {dispute.messages.map(message => (
              <li
                key={message.id}
                className={message.side === 'staff' ? 'border-accent border-s-2 ps-3' : 'border-line border-s-2 ps-3'}
              >
                <p className="text-muted text-sm">
                  {message.side === 'partner' ? message.who : orgName}, <When at={message.at} />
                </p>
                <p className="whitespace-pre-line break-words">{message.body}</p>
              </li>
            ))}
          </ol>
          {dispute.adjustment ? (
            <p className="mt-3">
              Decided: <Money amount={dispute.adjustment.amount} currency={dispute.adjustment.currency} sign /> is
              booked as {dispute.adjustment.number}.
            </p>
          ) : null}
          {dispute.actions.some(({ action }) => action === 'reply') ? (
            <Form
              className="mt-4"
              hidden={{ intent: 'reply', disputeId: dispute.id, idempotencyKey: `${idempotencyKey}-reply` }}
              errors={refusedAt('reply')}
            >
              <Textarea
                name="body"
                label="Add to it"
                required
                maxLength={4000}
                defaultValue={refusedAt('reply')?.values.body ?? ''}
                error={refusedAt('reply')?.fields.body}
              />
              <FormActions>
                <SubmitButton name="send" value={`reply ${dispute.id}`} size="lg">
                  Send
                </SubmitButton>
              </FormActions>
            </Form>
          ) : null}
          {dispute.actions.some(({ action }) => action === 'withdraw') ? (
            <details className="mt-4">
              <summary className="link inline-flex min-h-11 w-fit cursor-pointer items-center">
                Withdraw the dispute
              </summary>
              <Form
                className="mt-2"
                hidden={{
                  intent: 'withdraw',
                  disputeId: dispute.id,
                  version: dispute.version,
                  idempotencyKey: `${idempotencyKey}-withdraw`,
                }}
                errors={refusedAt('withdraw')}
              >
                <p>The amount then stays as it is, and the line goes on to the next payout.</p>
                <FormActions>
                  <SubmitButton name="send" value={`withdraw ${dispute.id}`} variant="danger-quiet" size="lg">
                    Withdraw it
                  </SubmitButton>
                </FormActions>
              </Form>
            </details>
          ) : null}
        </Card>
      ))}
      {may ? (
        <Card title="Is something wrong?">
          <details open={refusedAt('open') !== null || undefined}>
            <summary className="link inline-flex min-h-11 w-fit cursor-pointer items-center">Dispute this line</summary>
            <Form
              className="mt-2"
              hidden={{ intent: 'open', idempotencyKey: `${idempotencyKey}-open` }}
              errors={refusedAt('open')}
            >
              <Textarea
                name="reason"
                label="What is wrong, and what would be right?"
                required
                rows={4}
                maxLength={4000}
                defaultValue={refusedAt('open')?.values.reason ?? ''}
                error={refusedAt('open')?.fields.reason}
                hint={`${orgName} reads it and answers here.`}
              />
              <Banner
                title={
                  paid
                    ? 'It is paid already and stays paid; a decision is settled with a later payout.'
                    : 'Only this line waits until it is decided. Everything else goes on.'
                }
              />
              <FormActions>
                <SubmitButton name="send" value="open" size="lg">
                  Send the dispute
                </SubmitButton>
              </FormActions>
            </Form>
          </details>
        </Card>
      ) : null}
    </>
  )
}

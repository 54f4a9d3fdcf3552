import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { Form, FormActions, type FormErrors } from '#app/components/form.tsx'
import { DateInput, Textarea } from '#app/components/input.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { ShareList } from '#app/routes/portal/split/share-list.tsx'
import type { SplitsOfDeal, SplitView } from '#server/splits/view.ts'

export type SplitRefusal = {
  intent: string
  summary: FormErrors
  fields: Record<string, string>
  values: Record<string, string>
}

type Props = {
  split: SplitsOfDeal
  idempotencyKey: string
  refusal?: SplitRefusal | null
}

const tones = {
  open: 'warning',
  accepted: 'accent',
  confirmed: 'success',
  expired: 'neutral',
  withdrawn: 'neutral',
} as const

/**
 * What the partners on a deal agree on: open a negotiation, confirm what they agreed on, or take it back. Its forms post to
 * `/admin/deals/:dealId/split`, which leads back to the deal or shows why not.
 */
export function SplitSection({ split, idempotencyKey, refusal = null }: Props) {
  const { live, earlier, open, candidates } = split
  // Of one partner alone nothing is to be shared, and nothing need be said of it.
  if (!live && earlier.length === 0 && candidates.length < 2) return null
  return (
    <Card
      title="Shares by agreement"
      description="Partners on the deal can agree on shares, which then decide instead of the program’s model."
      actions={live ? <Badge tone={tones[live.status]}>{live.label}</Badge> : null}
    >
      <div className="flex flex-col gap-4">
        {live ? <Live split={live} idempotencyKey={idempotencyKey} refusal={refusal} /> : null}
        {!live && open ? <Open split={split} idempotencyKey={idempotencyKey} refusal={refusal} /> : null}
        {!live && !open ? <p className="text-muted">No negotiation is open. An owner or admin opens one.</p> : null}
        {earlier.length > 0 ? (
          <details>
            <summary className="min-h-6 w-fit cursor-pointer text-muted text-sm hover:text-ink hover:underline">
              {earlier.length === 1 ? 'One earlier negotiation' : `${earlier.length} earlier negotiations`}
            </summary>
            <ul className="mt-2 flex flex-col gap-3">
              {earlier.map(one => (
                <li key={one.id} className="border-line border-t pt-3">
                  <p className="mb-2 text-muted text-sm">
                    {one.label}, opened <When at={one.createdAt} mode="date" /> by {one.staff?.openedBy}
                  </p>
                  <ShareList partners={one.partners} />
                </li>
              ))}
            </ul>
          </details>
        ) : null}
      </div>
    </Card>
  )
}

type PartProps<Split> = { split: Split; idempotencyKey: string; refusal: SplitRefusal | null }

function Live({ split, idempotencyKey, refusal }: PartProps<SplitView>) {
  const may = (action: string) => split.actions.some(one => one.action === action)
  const to = `/admin/deals/${split.deal.id}/split`
  const hidden = { splitId: split.id, version: split.version }
  const refused = (intent: string) => (refusal?.intent === intent ? refusal : null)
  return (
    <>
      <p>
        {split.says}.{' '}
        {split.status === 'confirmed' ? (
          <>
            Confirmed by {split.staff?.confirmedBy}, <When at={split.confirmedAt} />.
          </>
        ) : (
          <>
            Until <When at={split.deadline} />; then the program’s model decides.
          </>
        )}{' '}
        {split.round === 0 ? 'Nobody has proposed shares yet.' : `Proposal ${split.round}, by ${split.proposedBy}.`}
      </p>
      <ShareList partners={split.partners} />
      {split.note ? <p className="whitespace-pre-line text-muted text-sm">“{split.note}”</p> : null}
      {may('confirm') ? (
        <Form
          action={to}
          hidden={{ ...hidden, intent: 'confirm', idempotencyKey: `${idempotencyKey}-confirm` }}
          errors={refused('confirm')?.summary}
        >
          <Banner
            title={
              split.deal.stage === 'won'
                ? 'Confirming makes a new version of the attribution and books the difference. All partners are told.'
                : 'The shares count when the deal is won. All partners are told.'
            }
          />
          <FormActions>
            <SubmitButton name="send" value="confirm">
              Confirm the shares
            </SubmitButton>
          </FormActions>
        </Form>
      ) : null}
      {may('withdraw') ? (
        <details open={refused('withdraw') !== null || undefined}>
          <summary className="link min-h-6 w-fit cursor-pointer">Withdraw it</summary>
          <Form
            className="mt-2"
            action={to}
            hidden={{ ...hidden, intent: 'withdraw', idempotencyKey: `${idempotencyKey}-withdraw` }}
            errors={refused('withdraw')?.summary}
          >
            <Textarea
              name="reason"
              id="split-reason"
              label="Reason"
              required
              maxLength={2000}
              defaultValue={refused('withdraw')?.values.reason ?? ''}
              error={refused('withdraw')?.fields.reason}
              hint={
                split.status === 'confirmed'
                  ? 'The model decides again, and the difference is booked. Kept in the audit log.'
                  : 'Kept in the audit log.'
              }
            />
            <FormActions>
              <SubmitButton name="send" value="withdraw" variant="danger-quiet">
                Withdraw
              </SubmitButton>
            </FormActions>
          </Form>
        </details>
      ) : null}
    </>
  )
}

function Open({ split, idempotencyKey, refusal }: PartProps<SplitsOfDeal>) {
  const refused = refusal?.intent === 'open' ? refusal : null
  if (split.open?.refusal) return <p className="text-muted">{split.open.refusal}</p>
  return (
    <details open={refused !== null || undefined}>
      <summary className="link min-h-6 w-fit cursor-pointer">Let the partners agree on shares</summary>
      <Form
        className="mt-2"
        action={`/admin/deals/${split.deal.id}/split`}
        hidden={{ intent: 'open', idempotencyKey: `${idempotencyKey}-open` }}
        errors={refused?.summary}
      >
        <ChoiceGroup
          legend="Who takes part"
          hint="Each sees the deal’s name, and the others’ names and shares. All must agree."
        >
          {split.candidates.map(({ id, name }) => (
            <Checkbox key={id} id={`split-${id}`} name="partnerId" value={id} label={name} defaultChecked />
          ))}
        </ChoiceGroup>
        <DateInput
          name="deadlineOn"
          label="Last day"
          required
          defaultValue={refused?.values.deadlineOn ?? ''}
          error={refused?.fields.deadlineOn}
          hint="After it the program’s model decides."
        />
        <Textarea
          name="note"
          id="split-note"
          label="A word to the partners"
          optional
          rows={2}
          maxLength={2000}
          defaultValue={refused?.values.note ?? ''}
          error={refused?.fields.note}
        />
        <FormActions>
          <SubmitButton name="send" value="open">
            Ask the partners
          </SubmitButton>
        </FormActions>
      </Form>
    </details>
  )
}

import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { mutate, type Outcome, query, redirectWithToast } from '#app/api.server.ts'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { changeOf, textOf, typedIn } from '#app/routes/admin/read-query.server.ts'
import { readPercent } from '#server/lib/percent.ts'
import type { ChangedSplit } from '#server/splits/service.ts'
import { ProposeForm } from './split/propose-form.tsx'
import { ShareList } from './split/share-list.tsx'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Shares of ${data?.split.deal.name ?? 'a deal'} · Deals · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const split = await query(args, api => api.splits.get({ splitId: args.params.splitId ?? '' }))
  return { split, orgName: args.context.viewer?.orgName ?? '', idempotencyKey: args.context.newKey() }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const splitId = args.params.splitId ?? ''
  const intent = textOf(form, 'intent')
  const outcome = intent === 'propose' ? await propose(args, form, splitId) : await answer(args, form, splitId, intent)
  if (!outcome.ok) return data({ ...outcome, intent, values: typedIn(form) }, { status: outcome.status })
  const message =
    intent === 'propose'
      ? 'Your proposal is sent to the others.'
      : intent === 'decline'
        ? 'You declined. Propose other shares, or wait for another proposal.'
        : outcome.value.status === 'accepted'
          ? 'All partners have accepted. It counts once it is confirmed.'
          : 'You accepted. It counts once all have, and it is confirmed.'
  return redirectWithToast(args.context, `/portal/splits/${splitId}`, { kind: 'success', message })
}

async function propose(args: ActionFunctionArgs, form: FormData, splitId: string): Promise<Outcome<ChangedSplit>> {
  const shares: { partnerId: string; bp: number }[] = []
  const fields: Record<string, string> = {}
  for (const [name, value] of form) {
    if (!name.startsWith('share-') || typeof value !== 'string') continue
    const bp = value.trim() === '' ? 0 : readPercent(value)
    if (bp === null) fields[name] = 'Write a share like 33.33, from 0 to 100 with at most two decimals.'
    else if (bp > 0) shares.push({ partnerId: name.slice('share-'.length), bp })
  }
  const [problem] = Object.values(fields)
  if (problem) return { ok: false, status: 400, message: problem, fields }
  const note = textOf(form, 'note').replace(/\r\n?/g, '\n') || undefined
  return mutate(args, api => api.splits.propose({ splitId, ...changeOf(form), shares, note }))
}

function answer(args: ActionFunctionArgs, form: FormData, splitId: string, intent: string) {
  const { idempotencyKey } = changeOf(form)
  const input = { splitId, round: Number(textOf(form, 'round')), idempotencyKey }
  return mutate(args, api => (intent === 'decline' ? api.splits.decline(input) : api.splits.accept(input)))
}

const tones = {
  open: 'warning',
  accepted: 'info',
  confirmed: 'success',
  expired: 'neutral',
  withdrawn: 'neutral',
} as const

export default function Split() {
  const { split, orgName, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const may = (action: string) => split.actions.some(one => one.action === action)
  const answered = refusal && refusal.intent !== 'propose' ? refusal : null
  return (
    <Page
      title={`Shares of ${split.deal.name}`}
      width="narrow"
      aside={<Badge tone={tones[split.status]}>{split.label}</Badge>}
      breadcrumbs={[{ label: 'Deals', to: '/portal/deals' }]}
      description={
        split.status === 'open' || split.status === 'accepted' ? (
          <>
            {split.says}. Until <When at={split.deadline} />; after that the program’s model decides.
          </>
        ) : (
          `${split.says}.`
        )
      }
    >
      <Card
        title={split.round === 0 ? 'Who takes part' : `Proposed by ${split.proposedBy ?? orgName}`}
        description={split.round > 1 ? `Proposal ${split.round}; answers to earlier ones no longer count.` : null}
      >
        <ShareList partners={split.partners} />
        {split.note ? <p className="mt-3 whitespace-pre-line text-muted">“{split.note}”</p> : null}
        {may('accept') || may('decline') ? (
          <Form
            className="mt-4"
            hidden={{ round: split.round, idempotencyKey: `${idempotencyKey}-answer` }}
            errors={answered}
          >
            <FormActions>
              {may('accept') ? (
                <SubmitButton name="intent" value="accept" size="lg">
                  Accept these shares
                </SubmitButton>
              ) : null}
              {may('decline') ? (
                <SubmitButton name="intent" value="decline" size="lg" variant="danger-quiet">
                  Decline
                </SubmitButton>
              ) : null}
            </FormActions>
          </Form>
        ) : null}
      </Card>
      {may('propose') ? (
        <Card
          title={split.round === 0 ? 'Propose shares' : 'Propose other shares'}
          description={
            split.round === 0
              ? 'The others then accept, or propose other shares.'
              : 'All answers so far are then void; you accept by proposing.'
          }
        >
          <ProposeForm
            key={split.version}
            partners={split.partners}
            hidden={{ intent: 'propose', version: split.version, idempotencyKey: `${idempotencyKey}-propose` }}
            refusal={refusal?.intent === 'propose' ? refusal : null}
          />
        </Card>
      ) : null}
      <p>
        <Link to={`/portal/deals/${split.deal.id}`} className="link inline-flex min-h-11 items-center">
          Your part in {split.deal.name}
        </Link>
      </p>
    </Page>
  )
}

import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Empty } from '#app/components/empty.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { SplitSection } from './deal/split-section.tsx'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Shares of ${data?.split.deal.number ?? 'a deal'} · Deals · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const split = await query(args, api => api.splits.ofDeal({ dealId: args.params.dealId ?? '' }))
  return { split, idempotencyKey: args.context.newKey() }
}

/** Where the deal page's section posts to: back to the deal when it is done, here with the reason when it is refused. */
export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const dealId = args.params.dealId ?? ''
  const intent = textOf(form, 'intent')
  const splitId = textOf(form, 'splitId')
  const change = changeOf(form)
  const outcome = await mutate(args, async api => {
    if (intent === 'confirm') {
      const { booked } = await api.splits.confirm({ splitId, ...change })
      return booked > 0 ? `The shares are confirmed, and ${lines(booked)} booked.` : 'The shares are confirmed.'
    }
    if (intent === 'withdraw') {
      const reason = textOf(form, 'reason').replace(/\r\n?/g, '\n')
      const { booked } = await api.splits.withdraw({ splitId, reason, ...change })
      return booked > 0 ? `It is withdrawn, and ${lines(booked)} booked.` : 'It is withdrawn.'
    }
    await api.splits.open({
      dealId,
      partnerIds: form.getAll('partnerId').map(String),
      deadlineOn: textOf(form, 'deadlineOn'),
      note: textOf(form, 'note').replace(/\r\n?/g, '\n') || undefined,
      idempotencyKey: change.idempotencyKey,
    })
    return 'The partners are asked.'
  })
  if (outcome.ok)
    return redirectWithToast(args.context, `/admin/deals/${dealId}`, { kind: 'success', message: outcome.value })
  return data({ ...outcome, intent, summary: summaryOf(outcome), values: typedIn(form) }, { status: outcome.status })
}

function lines(booked: number): string {
  return booked === 1 ? 'one commission line is' : `${booked} commission lines are`
}

export default function Split() {
  const { split, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const alone = !split.live && split.earlier.length === 0 && split.candidates.length < 2
  return (
    <Page
      title={`Shares of ${split.deal.name}`}
      width="narrow"
      breadcrumbs={[
        { label: 'Deals', to: '/admin/deals' },
        { label: split.deal.number, to: `/admin/deals/${split.deal.id}` },
      ]}
    >
      <SplitSection split={split} idempotencyKey={idempotencyKey} refusal={refusal ?? null} />
      {alone ? (
        <Empty icon="partners" title="Nothing to share">
          At least two partners with a touch on the deal are needed.
        </Empty>
      ) : null}
    </Page>
  )
}

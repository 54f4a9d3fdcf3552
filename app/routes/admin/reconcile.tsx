import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { mutate, query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Select } from '#app/components/input.tsx'
import { Page } from '#app/components/page.tsx'
import { When } from '#app/components/when.tsx'
import { allows } from '#server/auth/rules.ts'
import { textOf } from './read-query.server.ts'
import { Comparison } from './reconcile/comparison.tsx'

export const meta: MetaFunction = () => [{ title: 'Reconcile · Remit' }]

const spans = [
  { value: '30', label: 'The last 30 days' },
  { value: '60', label: 'The last 60 days' },
  { value: '180', label: 'The last 180 days' },
  { value: '365', label: 'The last year' },
  { value: '730', label: 'The last two years' },
]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const { viewer } = await api.auth.me()
    const mayRun = allows(viewer.role, 'payouts.compare')
    const { since } = mayRun ? await api.reconcile.restored() : { since: null }
    return { mayRun, restoredSince: since, simulated: args.context.simulated }
  })
}

/** Asks Stripe page by page, which takes a while: so it is a button, never part of a page's load. */
export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  if (textOf(form, 'intent') === 'afterRestore') {
    const finished = await mutate(args, api => api.reconcile.afterRestore())
    const outcome = finished.ok ? { ...finished, value: finished.value.comparison } : finished
    return data(
      { days: 60, outcome, adopted: finished.ok ? finished.value.adopted : null },
      { status: finished.ok ? 200 : finished.status },
    )
  }
  const days = Number(textOf(form, 'days')) || 60
  const outcome = await mutate(args, api => api.reconcile.run({ days }))
  return data({ days, outcome, adopted: null }, { status: outcome.ok ? 200 : outcome.status })
}

export default function Reconcile() {
  const { mayRun, restoredSince, simulated } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const refusal = answer?.outcome.ok === false ? answer.outcome : null
  return (
    <Page
      title="Reconcile"
      description={`Compares every payout here with every transfer at ${simulated ? 'the simulated Stripe' : 'Stripe'}, in both directions. Nothing is changed.`}
    >
      {restoredSince === null ? null : <AfterRestore since={restoredSince} errors={refusal} />}
      {typeof answer?.adopted === 'number' ? (
        <Banner tone="success" title="The restore is complete">
          {answer.adopted === 1 ? '1 payout was' : `${answer.adopted} payouts were`} paid since the backup, and now
          stand here as paid. Look at what is left below, then resume transfers under Settings.
        </Banner>
      ) : null}
      <Card>
        <Form errors={restoredSince === null ? refusal : undefined}>
          <div className="flex flex-wrap items-end gap-3">
            <Select
              name="days"
              label="Payouts and transfers of"
              options={spans}
              defaultValue={String(answer?.days ?? 60)}
            />
            <SubmitButton name="intent" value="run" icon="refresh" disabled={!mayRun} aria-describedby="who-runs">
              Compare with Stripe now
            </SubmitButton>
          </div>
          {mayRun ? null : (
            <p id="who-runs" className="flex gap-1.5 text-muted text-sm">
              <Icon name="lock" size={14} className="mt-[0.2em]" />
              Your role does not start the comparison; an admin or an owner does.
            </p>
          )}
        </Form>
      </Card>
      {answer?.outcome.ok ? <Comparison comparison={answer.outcome.value} /> : null}
      {answer ? null : (
        <p className="max-w-prose text-muted text-sm">
          Do it before you close a month, and whenever something looks odd. A difference names the payout or the
          transfer, and what each side says. The command <code className="font-mono">npm run reconcile</code> does the
          same for the whole installation.
        </p>
      )}
    </Page>
  )
}

/** The database is older than what Stripe knows: this closes the gap, and lets transfers be resumed. */
function AfterRestore({ since, errors }: { since: number; errors: Parameters<typeof Form>[0]['errors'] }) {
  return (
    <Card title="Finish the restore">
      <Form errors={errors}>
        <p className="max-w-prose">
          The database was restored from the backup of <When at={since} />. Payouts that Stripe has paid since then are
          taken over here; everything that does not fit is listed. Nothing is sent, and transfers stay paused until
          somebody resumes them.
        </p>
        <SubmitButton name="intent" value="afterRestore" icon="refresh">
          Compare, and take over what was paid
        </SubmitButton>
      </Form>
    </Card>
  )
}

import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Select } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import { Page } from '#app/components/page.tsx'
import { Table } from '#app/components/table.tsx'
import { allows } from '#server/auth/rules.ts'
import { DomainError } from '#server/lib/errors.ts'
import { parseMoney } from '#server/lib/money.ts'
import { currencies } from '#server/partners/rules.ts'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'
import { RunPlaces } from './run/places.tsx'

export const meta: MetaFunction = () => [{ title: 'Smallest payouts · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const [minimums, settings, programs] = await Promise.all([
      api.runs.minimums({}),
      api.orgs.settings(),
      api.programs.list({ limit: 100 }),
    ])
    return {
      rows: [
        ...settings.minimums.map(({ currency, amount }) => ({
          ...{ scope: 'organization' as const, scopeId: '', name: settings.name },
          ...{ currency, amount },
        })),
        ...minimums,
      ],
      programs: programs.rows.map(({ id, name }) => ({ value: id, label: name })),
      currencies: currencies.map(({ code }) => code),
      mayManage: allows(args.context.viewer?.role ?? 'partner', 'rates.manage'),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const { idempotencyKey } = changeOf(form)
  const scope = textOf(form, 'scope') === 'partner' ? ('partner' as const) : ('program' as const)
  const currency = textOf(form, 'currency')
  const typed = textOf(form, 'amount')
  const refused = (outcome: Parameters<typeof summaryOf>[0]) =>
    data({ ...outcome, summary: summaryOf(outcome), values: typedIn(form) }, { status: outcome.status })
  let amount: number | null = null
  try {
    // An empty amount removes it.
    if (typed !== '') amount = parseMoney(typed, currency)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return refused({ ok: false, status: 400, message: error.message, fields: { amount: error.message } })
  }
  const outcome = await mutate(args, api =>
    api.runs.setMinimum({ scope, scopeId: textOf(form, 'scopeId'), currency, amount, idempotencyKey }),
  )
  if (!outcome.ok) return refused(outcome)
  return redirectWithToast(args.context, '/admin/runs/minimums', {
    kind: 'success',
    message: amount === null ? 'The minimum is removed.' : 'The minimum is saved.',
  })
}

const whose = { organization: 'Everybody', program: 'Program', partner: 'Partner' } as const
const places = {
  organization: () => '/admin/settings',
  program: (id: string) => `/admin/programs/${id}`,
  partner: (id: string) => `/admin/partners/${id}`,
}

export default function Minimums() {
  const { rows, programs, currencies, mayManage, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const values = refusal?.values ?? {}
  return (
    <Page
      title="Smallest payouts"
      description="A payout below the largest minimum that applies to it is not made: what is owed rolls over to the next run. A partner’s own is set where you edit the partner."
    >
      <RunPlaces current="minimums" />
      <Card padding="none">
        <Table
          caption="Smallest payouts"
          rows={rows}
          rowKey={row => `${row.scope} ${row.scopeId} ${row.currency}`}
          columns={[
            {
              key: 'name',
              header: 'For',
              card: 'title',
              cell: row => (
                <Link to={places[row.scope](row.scopeId)} className="link break-words">
                  {row.scope === 'organization' ? 'All payouts' : row.name}
                </Link>
              ),
            },
            { key: 'scope', header: 'Kind', cell: row => whose[row.scope] },
            {
              key: 'amount',
              header: 'At least',
              align: 'end',
              card: 'aside',
              cell: row => <Money amount={row.amount} currency={row.currency} />,
            },
          ]}
          empty={
            <Empty icon="wallet" title="No minimums">
              Everything that is released is paid, however little it is.
            </Empty>
          }
        />
      </Card>
      {mayManage ? (
        <Card title="Set a program’s minimum" description="An empty amount removes it.">
          <Form hidden={{ scope: 'program', idempotencyKey }} errors={refusal?.summary}>
            <Select
              name="scopeId"
              label="Program"
              options={programs}
              defaultValue={values.scopeId}
              error={refusal?.fields.scopeId}
            />
            <MoneyInput
              name="amount"
              label="Smallest payout"
              defaultValue={values.amount}
              currencies={currencies}
              defaultCurrency={values.currency ?? 'USD'}
              error={refusal?.fields.amount}
              currencyError={refusal?.fields.currency}
            />
            <FormActions>
              <SubmitButton>Save</SubmitButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner icon="lock" title="Your role reads minimums. An admin or an owner sets them." />
      )}
    </Page>
  )
}

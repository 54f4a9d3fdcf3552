import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Page } from '#app/components/page.tsx'
import { changeAccount, readAccount } from '#app/routes/account/account.server.ts'
import { AccountParts } from '#app/routes/account/account-parts.tsx'
import { countryName } from '#server/partners/rules.ts'

export const meta: MetaFunction = () => [{ title: 'Account · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const account = await readAccount(args)
  const { name, email, country, currency, reference } = await query(args, api => api.partners.me())
  return {
    account,
    orgName: args.context.viewer?.orgName ?? '',
    partner: { name, email, country: countryName(country), currency, reference },
  }
}

export function action(args: ActionFunctionArgs) {
  return changeAccount(args, '/portal/account')
}

export default function Account() {
  const { account, orgName, partner } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  return (
    <Page title="Account" width="narrow">
      <AccountParts account={account} answer={answer} page="/portal/account" />
      <Card
        title={`${partner.name} at ${orgName}`}
        description={`Something wrong here? Tell ${orgName}; only they change it.`}
      >
        <Facts
          facts={[
            { label: 'Contact', value: partner.email },
            { label: 'Country', value: partner.country },
            { label: 'Paid in', value: partner.currency },
            { label: `Your reference at ${orgName}`, value: partner.reference },
          ]}
        />
      </Card>
    </Page>
  )
}

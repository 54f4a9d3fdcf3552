import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { Page } from '#app/components/page.tsx'
import { changeAccount, readAccount } from '#app/routes/account/account.server.ts'
import { AccountParts } from '#app/routes/account/account-parts.tsx'

export const meta: MetaFunction = () => [{ title: 'Account · Remit' }]

export function loader(args: LoaderFunctionArgs) {
  return readAccount(args)
}

export function action(args: ActionFunctionArgs) {
  return changeAccount(args, '/admin/account')
}

export default function Account() {
  const account = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  return (
    <Page title="Account" width="narrow" description="The same in all organizations you belong to.">
      <AccountParts account={account} answer={answer} page="/admin/account" />
    </Page>
  )
}

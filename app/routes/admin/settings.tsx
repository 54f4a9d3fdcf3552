import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { ErrorSummary } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Page } from '#app/components/page.tsx'
import { currencyDecimals, decimalText } from '#server/lib/money.ts'
import { currencies } from '#server/partners/rules.ts'
import { ApprovalSettings } from './settings/approvals.tsx'
import { changeSettings } from './settings/change.server.ts'
import { HoldSettings } from './settings/hold.tsx'
import { DownloadSettings, LimitSettings } from './settings/limits.tsx'
import { Minimums } from './settings/minimums.tsx'
import { OrganizationSettings } from './settings/organization.tsx'
import { useSettingsAnswer } from './settings/page-data.ts'
import { PermissionTable } from './settings/permissions.tsx'
import { ReadOnly } from './settings/read-only.tsx'
import { SecondFactorSettings } from './settings/second-factor.tsx'
import { Transfers } from './settings/transfers.tsx'

export const meta: MetaFunction = () => [{ title: 'Settings · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const [settings, table] = await Promise.all([api.orgs.settings(), api.orgs.permissions()])
    return {
      settings: {
        ...settings,
        minimums: settings.minimums.map(withText),
        dailyLimits: settings.dailyLimits.map(withText),
      },
      table,
      timeZones: ['UTC', ...Intl.supportedValuesOf('timeZone').filter(zone => zone !== 'UTC')],
      currencies: currencies.map(({ code, name }) => ({ code, name, decimals: currencyDecimals(code) })),
      idempotencyKey: args.context.newKey(),
    }
  })
}

/** The amount as it stands in a field. */
function withText<Row extends { currency: string; amount: number }>(row: Row) {
  return { ...row, text: decimalText(row.amount, row.currency) }
}

export function action(args: ActionFunctionArgs) {
  return changeSettings(args)
}

export default function Settings() {
  const { settings } = useLoaderData<typeof loader>()
  const answer = useSettingsAnswer()
  const shown = answer && (settings.mayManage || ['pause', 'resume'].includes(answer.intent))
  return (
    <Page title="Settings" width="narrow">
      {answer && !shown ? <ErrorSummary errors={answer.summary} /> : null}
      <Transfers />
      {settings.mayManage ? (
        <>
          <OrganizationSettings />
          <ApprovalSettings />
          <LimitSettings />
          <SecondFactorSettings />
          <HoldSettings />
          <Minimums />
          <DownloadSettings />
        </>
      ) : (
        <>
          <p className="flex gap-1.5 text-muted text-sm">
            <Icon name="lock" size={14} className="mt-[0.2em]" />
            Only an owner changes these settings.
          </p>
          <ReadOnly />
        </>
      )}
      <PermissionTable />
    </Page>
  )
}

import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import type { MigrationReport } from '#server/imports/report.ts'
import { counted } from './imports/status.tsx'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.one.fileName ?? 'Import'} compared · Imports · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const importId = args.params.importId ?? ''
  return query(args, async api => ({
    one: await api.imports.get({ importId }),
    report: await api.imports.report({ importId }),
  }))
}

type Sum = MigrationReport['sums'][number]
const sumColumns: Column<Sum>[] = [
  { key: 'currency', header: 'Currency', card: 'title', cell: row => row.currency },
  {
    key: 'file',
    header: 'In the file',
    align: 'end',
    cell: row => <Money amount={row.file} currency={row.currency} />,
  },
  {
    key: 'database',
    header: 'In Remit',
    align: 'end',
    cell: row => <Money amount={row.database} currency={row.currency} />,
  },
  {
    key: 'difference',
    header: 'Difference',
    align: 'end',
    cell: row => <Money amount={row.database - row.file} currency={row.currency} sign />,
  },
]

const partnerColumns: Column<MigrationReport['partners'][number]>[] = [
  { key: 'partner', header: 'Partner', card: 'title', cell: row => row.partner },
  {
    key: 'file',
    header: 'Payouts in the file',
    align: 'end',
    cell: row => <Money amount={row.file} currency={row.currency} />,
  },
  {
    key: 'database',
    header: 'Paid commissions in Remit',
    align: 'end',
    cell: row => <Money amount={row.database} currency={row.currency} />,
  },
  {
    key: 'difference',
    header: 'Difference',
    align: 'end',
    cell: row => <Money amount={row.database - row.file} currency={row.currency} sign />,
  },
]

const differenceColumns: Column<MigrationReport['differences'][number]>[] = [
  { key: 'line', header: 'Line', card: 'title', cell: row => <span className="num">{row.line}</span> },
  { key: 'why', header: 'Why', cell: row => <span className="break-words">{row.why}</span> },
]

export default function Report() {
  const { one, report } = useLoaderData<typeof loader>()
  const whole = report.matched === report.rows
  return (
    <Page
      title={`${report.matched.toLocaleString('en-US')} of ${counted(report.rows, 'row')} match to the cent`}
      breadcrumbs={[
        { label: 'Imports', to: '/admin/imports' },
        { label: one.fileName, to: `/admin/imports/${one.importId}` },
      ]}
      description="Each row of the file, read anew, against what is in the database now."
    >
      <Banner
        tone={whole ? 'success' : 'warning'}
        title={whole ? 'Nothing was lost' : `${counted(report.rows - report.matched, 'row')} differ or were left out`}
      >
        {report.nothing > 0
          ? `${counted(report.nothing, 'row')} more had nothing owed in the other tool, and make nothing here.`
          : null}
      </Banner>
      <Card title="Sums" description="By currency, never across." padding="none">
        <Table caption="Sums by currency" columns={sumColumns} rows={report.sums} rowKey={row => row.currency} />
      </Card>
      {report.partners.length > 0 ? (
        <Card
          title="What the other tool paid"
          description="Paid payouts make nothing here. They are compared with the paid commissions that were imported, by partner."
          padding="none"
        >
          <Table
            caption="Paid payouts and paid commissions by partner"
            columns={partnerColumns}
            rows={report.partners}
            rowKey={row => `${row.partner} ${row.currency}`}
          />
        </Card>
      ) : null}
      {report.differences.length > 0 ? (
        <Card
          title="Differences"
          description={
            report.differencesInAll > report.differences.length
              ? `The first ${report.differences.length} of ${report.differencesInAll.toLocaleString('en-US')}.`
              : undefined
          }
          padding="none"
        >
          <Table
            caption="Rows that differ"
            columns={differenceColumns}
            rows={report.differences}
            rowKey={row => `${row.line} ${row.why}`}
          />
        </Card>
      ) : null}
    </Page>
  )
}

import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Page } from '#app/components/page.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { kindLabels } from '#server/imports/rules.ts'
import type { ImportLine } from '#server/imports/view.ts'
import { ImportStatus } from './imports/status.tsx'
import { ListEnd } from './list-parts.tsx'
import { cursorOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Imports · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  return query(args, api => api.imports.list({ cursor: cursorOf(params), limit: 50 }))
}

const number = (value: number) => <span className="num">{value.toLocaleString('en-US')}</span>

const columns: Column<ImportLine>[] = [
  { key: 'file', header: 'File', card: 'title', cell: row => <span className="break-words">{row.fileName}</span> },
  { key: 'kind', header: 'What', cell: row => kindLabels[row.kind].label },
  { key: 'status', header: 'Status', card: 'aside', cell: row => <ImportStatus status={row.status} /> },
  { key: 'rows', header: 'Rows', align: 'end', cell: row => number(row.rows) },
  { key: 'done', header: 'Imported', align: 'end', cell: row => number(row.done) },
  { key: 'left', header: 'Left out', align: 'end', cell: row => number(row.errors + row.duplicates) },
  { key: 'by', header: 'By', cell: row => row.createdBy },
  { key: 'at', header: 'Uploaded', align: 'end', cell: row => <When at={row.createdAt} /> },
]

export default function Imports() {
  const { rows, next } = useLoaderData<typeof loader>()
  return (
    <Page
      title="Imports"
      description="Deals, touches, partners, commissions and payouts from files, each with its way back."
      actions={<NewImport />}
    >
      <Card padding="none">
        <Table
          caption="Imports"
          columns={columns}
          rows={rows}
          rowKey={row => row.importId}
          rowTo={row => `/admin/imports/${row.importId}`}
          empty={
            <Empty icon="upload" title="Nothing was imported yet" action={<NewImport />}>
              Bring in what another tool or a spreadsheet knows. You see every row and every problem first.
            </Empty>
          }
        />
      </Card>
      <ListEnd shown={rows.length} next={next} />
    </Page>
  )
}

function NewImport() {
  return (
    <LinkButton to="/admin/imports/new" variant="primary" icon="upload">
      Import a file
    </LinkButton>
  )
}

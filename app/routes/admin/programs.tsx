import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Page } from '#app/components/page.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { Tabs } from '#app/components/tabs.tsx'
import { allows } from '#server/auth/rules.ts'
import { percentWords } from '#server/lib/percent.ts'
import type { ProgramRow } from '#server/programs/view.ts'
import { ListEnd } from './list-parts.tsx'
import { cursorOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Programs · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const archived = params.get('archived') === 'yes'
  const page = await query(args, api => api.programs.list({ archived, cursor: cursorOf(params), limit: 50 }))
  return { page, archived, mayManage: allows(args.context.viewer?.role ?? 'partner', 'programs.manage') }
}

const columns: (Column<ProgramRow> & { key: string })[] = [
  { key: 'name', header: 'Program', card: 'title', cell: row => <span className="break-words">{row.name}</span> },
  {
    key: 'model',
    header: 'Who gets the credit',
    cell: row => (
      <span className="flex max-w-md flex-col max-sm:items-end max-sm:text-end">
        <span className="font-medium">{row.modelLabel}</span>
        <span className="text-muted text-xs">{row.modelSays}</span>
      </span>
    ),
  },
  { key: 'protection', header: 'Protection', align: 'end', cell: row => `${row.protectionDays} days` },
  { key: 'debts', header: 'Debts take at most', align: 'end', cell: row => percentWords(row.debtCapBp) },
  { key: 'zone', header: 'Time zone', cell: row => row.timeZone.replaceAll('_', ' ') },
]

export default function Programs() {
  const { page, archived, mayManage } = useLoaderData<typeof loader>()
  return (
    <Page
      title="Programs"
      description="A deal belongs to a program, and the program decides which partners are credited when it is won."
      actions={
        mayManage ? (
          <LinkButton to="/admin/programs/new" icon="plus" variant="primary">
            New program
          </LinkButton>
        ) : null
      }
    >
      <Tabs
        label="Programs"
        tabs={[
          { label: 'In use', to: '/admin/programs', current: !archived },
          { label: 'Archived', to: '/admin/programs?archived=yes', current: archived },
        ]}
      />
      <Card padding="none">
        <Table
          caption="Programs"
          columns={columns}
          rows={page.rows}
          rowKey={row => row.id}
          rowTo={row => `/admin/programs/${row.id}`}
          empty={
            <Empty icon="link" title={archived ? 'No archived programs' : 'No programs yet'}>
              {archived ? 'Programs that take no more deals are listed here.' : 'Add the first one.'}
            </Empty>
          }
        />
      </Card>
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}

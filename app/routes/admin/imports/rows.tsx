import { Link, useLoaderData } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import type { IconName } from '#app/components/icon.tsx'
import { None } from '#app/components/money.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { type DataImportKind, fields } from '#server/imports/rules.ts'
import type { ShownRow } from '#server/imports/view.ts'
import type { loader } from '../import.tsx'

const results: Record<ShownRow['status'], { tone: Tone; icon: IconName; label: string }> = {
  new: { tone: 'neutral', icon: 'circle-dashed', label: 'Not checked' },
  ok: { tone: 'success', icon: 'check', label: 'Fine' },
  error: { tone: 'danger', icon: 'alert', label: 'Error' },
  duplicate: { tone: 'warning', icon: 'copy', label: 'Duplicate' },
  done: { tone: 'success', icon: 'check-circle', label: 'Imported' },
  undone: { tone: 'neutral', icon: 'undo', label: 'Undone' },
}

/** Read, fine, and not something that becomes a record. */
const noRecord = { tone: 'neutral', icon: 'check', label: 'Read, makes nothing' } as const

/** The fields that tell a row from others, where the file has them. */
const telling: Record<DataImportKind, readonly string[]> = {
  deals: ['name', 'accountName', 'amount', 'currency', 'stage', 'closedAt'],
  touches: ['deal', 'partner', 'type', 'at', 'role'],
  partners: ['name', 'company', 'firstName', 'lastName', 'email', 'country', 'defaultRate'],
  commissions: ['partner', 'amount', 'currency', 'date', 'status', 'deal'],
  payouts: ['partner', 'amount', 'currency', 'status', 'date', 'externalRef'],
}

/** The rows as they stand in the file, in the columns that were chosen, each with everything that is to be said about it. */
export function ImportRows({ rows, problems }: { rows: readonly ShownRow[]; problems: boolean }) {
  const { one } = useLoaderData<typeof loader>()
  const mapped = fields[one.kind].filter(({ key }) => telling[one.kind].includes(key) && one.mapping[key] !== undefined)
  const columns: Column<ShownRow>[] = [
    { key: 'line', header: 'Line', cell: row => <span className="num">{row.line}</span> },
    ...mapped.map((field, index): Column<ShownRow> => {
      const place = one.headers.indexOf(one.mapping[field.key] ?? '')
      return {
        key: field.key,
        header: field.label,
        card: index === 0 ? 'title' : 'row',
        align: field.key === 'amount' ? 'end' : 'start',
        cell: row =>
          row.cells[place] ? (
            <span className="line-clamp-2 break-words">{row.cells[place]}</span>
          ) : (
            <None label="Empty" />
          ),
      }
    }),
    { key: 'result', header: 'Result', cell: row => <Result row={row} kind={one.kind} /> },
  ]
  return (
    <Card padding="none">
      <Table
        caption="Rows of the file"
        columns={columns}
        rows={rows}
        rowKey={row => String(row.line)}
        empty={
          problems ? (
            <Empty icon="check-circle" title="Nothing to be said about any row">
              All of them are fine.
            </Empty>
          ) : (
            <Empty title="No rows on this page" />
          )
        }
      />
    </Card>
  )
}

const pages: Record<string, string> = {
  deals: '/admin/deals/',
  partners: '/admin/partners/',
  commissions: '/admin/commissions/',
  payouts: '/admin/payouts/',
}

function Result({ row, kind }: { row: ShownRow; kind: string }) {
  const { tone, icon, label } = row.status === 'done' && !row.createdId ? noRecord : results[row.status]
  const page = row.status === 'done' && row.createdId ? pages[kind] : undefined
  return (
    <div className="flex max-w-md flex-col items-start gap-1 text-start">
      <Badge tone={tone} icon={icon}>
        {label}
      </Badge>
      {row.problem ? <p className="break-words text-sm">{row.problem}</p> : null}
      {page ? (
        <Link to={`${page}${row.createdId}`} className="link inline-flex min-h-6 items-center text-sm">
          Show it
        </Link>
      ) : null}
    </div>
  )
}

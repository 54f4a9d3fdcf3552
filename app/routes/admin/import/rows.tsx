import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Money, None } from '#app/components/money.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import type { ImportRow } from '#db/schema/index.ts'
import { periodLabel } from '../payouts/period.ts'

const columns: Column<ImportRow>[] = [
  { key: 'line', header: 'Line', cell: row => <span className="num">{row.line}</span> },
  { key: 'partner', header: 'Partner', card: 'title', cell: row => row.partner || <None label="Missing" /> },
  {
    key: 'period',
    header: 'Period',
    cell: row => (row.period ? /^\d{4}-\d{2}$/.test(row.period) ? periodLabel(row.period) : row.period : <None />),
  },
  { key: 'reference', header: 'Reference', cell: row => row.reference ?? <None /> },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    card: 'aside',
    cell: row =>
      row.amount === null ? (
        <span className="text-danger">{row.amountText || 'Missing'}</span>
      ) : (
        <Money amount={row.amount} currency={row.currency} />
      ),
  },
  { key: 'result', header: 'Result', cell: row => <Result row={row} /> },
]

/** The rows as they were read, each with everything that is wrong with it. */
export function ImportRows({ rows }: { rows: readonly ImportRow[] }) {
  return (
    <Card padding="none">
      <Table
        caption="Rows of the file"
        columns={columns}
        rows={rows}
        rowKey={row => String(row.line)}
        empty={
          <Empty icon="check-circle" title="No row has a problem">
            All of them can be imported.
          </Empty>
        }
      />
    </Card>
  )
}

function Result({ row }: { row: ImportRow }) {
  const problems = row.errors.length > 0 ? row.errors : row.duplicate ? [row.duplicate] : row.warnings
  return (
    <div className="flex max-w-md flex-col items-start gap-1 text-start">
      {row.errors.length > 0 ? (
        <Badge tone="danger" icon="alert">
          Error
        </Badge>
      ) : row.duplicate ? (
        <Badge tone="warning" icon="copy">
          Duplicate
        </Badge>
      ) : row.warnings.length > 0 ? (
        <Badge tone="info" icon="eye">
          Worth a look
        </Badge>
      ) : (
        <span className="inline-flex items-center gap-1 text-success">
          <Icon name="check" size={14} />
          Fine
        </span>
      )}
      {problems.map(problem => (
        <p key={problem} className="break-words text-sm">
          {problem.replace(/^Line \d+, /, '')}
        </p>
      ))}
    </div>
  )
}

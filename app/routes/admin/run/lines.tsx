import { Link, useSearchParams } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Table } from '#app/components/table.tsx'
import type { RunLine } from '#server/runs/view.ts'
import { useRunPage } from './page-data.ts'

const sources: Record<string, string> = { ecb: 'European Central Bank', manual: 'entered by hand' }

/** The opened row's lines: what each is, how it was computed, and how it came into the payout's currency. */
export function Lines() {
  const { opened } = useRunPage()
  const [params] = useSearchParams()
  if (!opened) return null
  const { partner, currency, count, lines, next } = opened
  return (
    <div id="lines" className="scroll-mt-4">
      <Card
        title={`What ${partner.name} is owed`}
        description={
          <>
            <Money amount={opened.amount} currency={currency} /> in{' '}
            {count === 1 ? '1 line' : `${count.toLocaleString('en-US')} lines`}
          </>
        }
        actions={
          <>
            <Link to={`/admin/partners/${partner.id}`} className="link text-sm">
              The partner
            </Link>
            <Link to={withParams(params, { row: null, from: null })} preventScrollReset className="link text-sm">
              Close
            </Link>
          </>
        }
        padding="none"
      >
        <Table
          caption={`Lines of ${partner.name}`}
          rows={lines}
          rowKey={row => row.commissionId}
          columns={[
            { key: 'what', header: 'Line', card: 'title', cell: row => <What line={row} /> },
            { key: 'how', header: 'How it was computed', cell: row => <How line={row} /> },
            {
              key: 'amount',
              header: 'Amount',
              align: 'end',
              card: 'aside',
              cell: row => <Money amount={row.amount} currency={currency} />,
            },
          ]}
        />
        {next !== null ? (
          <p className="px-4 py-2.5">
            <Link to={`${withParams(params, { from: String(next) })}#lines`} className="link text-sm">
              Further lines
            </Link>
          </p>
        ) : null}
      </Card>
    </div>
  )
}

function What({ line }: { line: RunLine }) {
  if (!line.commission) return <span className="break-words">{line.description}</span>
  return (
    <Link to={`/admin/commissions/${line.commission.id}`} className="link break-words">
      {line.description}
    </Link>
  )
}

function How({ line }: { line: RunLine }) {
  const { conversion, commission } = line
  return (
    <span className="flex flex-col gap-0.5 text-sm max-sm:text-end">
      {commission ? <span className="break-words">{commission.explanation}</span> : null}
      {commission?.note && !line.description.includes(commission.note) ? (
        <span className="break-words text-muted">{commission.note}</span>
      ) : null}
      {conversion ? (
        <span className="text-muted">
          <Money {...conversion.from} /> × <span className="num">{conversion.rate}</span> = <Money {...conversion.to} />{' '}
          (rate of {conversion.day},{' '}
          {conversion.source
            .split(', ')
            .map(one => sources[one] ?? one)
            .join(' and ')}
          )
        </span>
      ) : null}
    </span>
  )
}

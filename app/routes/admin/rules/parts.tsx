import { Link } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import type { Overlap } from '#server/rules/overlap.ts'
import type { Unmatched } from '#server/rules/unmatched.ts'
import type { RuleRow } from '#server/rules/view.ts'
import { RuleBadge } from './state-badge.tsx'

/** Rules of one kind, in the order in which they are asked. */
export function RuleOrder({ title, says, rules }: { title: string; says: string; rules: readonly RuleRow[] }) {
  if (rules.length === 0) return null
  return (
    <Card title={title} description={says} padding="none">
      <ol className="flex flex-col divide-y divide-line">
        {rules.map(rule => (
          <li key={rule.id} className="flex gap-3 px-4 py-3">
            <span className="num mt-0.5 w-12 shrink-0 text-end text-muted" title="Priority">
              <span className="sr-only">Priority </span>
              {(rule.current ?? rule.draft)?.wording.priority ?? '–'}
            </span>
            <div className="min-w-0 flex-1">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <Link to={`/admin/rules/${rule.id}`} className="link break-words font-medium">
                  {rule.name}
                </Link>
                <RuleBadge state={rule.state} />
                {rule.current ? <span className="text-muted text-xs">v{rule.current.number}</span> : null}
                {rule.draft && rule.current ? <RuleBadge state="draft" /> : null}
              </p>
              <p className="break-words text-muted text-sm">
                {(rule.current ?? rule.draft)?.reads ?? 'Never published.'}
              </p>
              {rule.draft ? (
                <p className="mt-1 text-sm">
                  Draft {rule.draft.number} by {rule.draft.writtenBy} waits for someone else to publish it.{' '}
                  <Link to={`/admin/rules/${rule.id}`} className="link">
                    Look at it
                  </Link>
                </p>
              ) : null}
            </div>
          </li>
        ))}
      </ol>
    </Card>
  )
}

/** What may surprise in the order. */
export function Overlaps({ overlaps }: { overlaps: readonly Overlap[] }) {
  if (overlaps.length === 0) return null
  return (
    <Banner
      tone="warning"
      title={overlaps.length === 1 ? 'Look at the order' : `Look at the order in ${overlaps.length} places`}
    >
      <ul className="flex list-disc flex-col gap-1 ps-4">
        {overlaps.slice(0, 10).map(one => (
          <li key={`${one.rule.id} ${one.other.id}`} className="break-words">
            {one.says}
          </li>
        ))}
        {overlaps.length > 10 ? <li>and {overlaps.length - 10} more</li> : null}
      </ul>
    </Banner>
  )
}

const columns: Column<Unmatched>[] = [
  {
    key: 'deal',
    header: 'Deal',
    card: 'title',
    cell: row => (
      <span className="flex min-h-6 flex-col">
        <span className="break-words">{row.deal.name}</span>
        <span className="num font-normal text-muted text-xs">{row.deal.number}</span>
      </span>
    ),
  },
  {
    key: 'partners',
    header: 'Gets nothing',
    cell: row => (
      <span className="flex flex-col">
        {row.partners.map(partner => (
          <span key={partner.id} className="break-words">
            {partner.name}
          </span>
        ))}
      </span>
    ),
  },
  {
    key: 'why',
    header: 'Why',
    className: 'min-w-56 max-w-md',
    cell: row =>
      row.why.length === 0 ? (
        <span className="text-muted">There is no rule for its program.</span>
      ) : (
        <ul className="flex flex-col gap-0.5 text-sm">
          {row.why.slice(0, 3).map(one => (
            <li key={one.ruleVersionId} className="break-words">
              {one.name}: <span className="text-muted">{one.why}</span>
            </li>
          ))}
          {row.why.length > 3 ? <li className="text-muted">and {row.why.length - 3} more</li> : null}
        </ul>
      ),
  },
  { key: 'closed', header: 'Closed', align: 'end', cell: row => <When at={row.deal.closedAt} mode="date" /> },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    card: 'aside',
    cell: row => <Money amount={row.deal.amount} currency={row.deal.currency} />,
  },
]

export function UnmatchedDeals({ rows }: { rows: readonly Unmatched[] }) {
  return (
    <Table
      caption="Won deals that no rule matched"
      columns={columns}
      rows={rows}
      rowKey={row => row.deal.id}
      rowTo={row => `/admin/deals/${row.deal.id}`}
      empty={<p className="p-4 text-muted">None: each credited partner is paid by a rule or its default rate.</p>}
    />
  )
}

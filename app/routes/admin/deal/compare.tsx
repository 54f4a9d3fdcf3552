import { Card } from '#app/components/card.tsx'
import { Money, None } from '#app/components/money.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import type { ComparedModel, Comparison } from '#server/attribution/view.ts'
import { percentWords } from '#server/lib/percent.ts'
import { useDealPage } from './page-data.ts'

/** As many as fit beside each other; a deal rarely has more. */
const shown = 6

/** What every model would give each partner on these touches. Nothing is stored by looking. */
export function CompareModels() {
  const { comparison } = useDealPage()
  const { partners, models } = comparison
  if (partners.length === 0) return null
  const [only] = partners
  // A dozen rows that say the same are nothing to compare.
  if (partners.length === 1 && only && models.every(({ parts }) => parts[only.id]?.bp === 10_000))
    return (
      <Card title="Compare models">
        <p className="text-muted">{only.name} alone has touches that count, so every model gives it everything.</p>
      </Card>
    )
  const hidden = partners.length - shown
  return (
    <Card
      title="Compare models"
      description={`All with the parameters of the program, on ${comparison.assumed ? 'the touches so far' : 'the touches that count'}. Nothing changes by looking.`}
      padding="none"
    >
      <Table
        caption="Share and amount of each partner by model"
        columns={columnsOf(comparison)}
        rows={models}
        rowKey={row => row.model}
      />
      {hidden > 0 ? (
        <p className="border-line border-t px-4 py-2 text-muted text-sm">
          {hidden} more {hidden === 1 ? 'partner is' : 'partners are'} not shown here.
        </p>
      ) : null}
    </Card>
  )
}

function columnsOf({ partners, currency }: Comparison): Column<ComparedModel>[] {
  return [
    {
      key: 'model',
      header: 'Model',
      card: 'title',
      cell: row => (
        <span className="flex flex-col items-start gap-0.5">
          <span className="inline-flex flex-wrap items-center gap-x-2">
            <span className="font-medium">{row.label}</span>
            {row.chosen ? <Badge tone="accent">The program’s</Badge> : null}
          </span>
          {row.nobody ? <span className="text-warning text-xs">{row.nobody}</span> : null}
        </span>
      ),
    },
    ...partners.slice(0, shown).map(
      ({ id, name }): Column<ComparedModel> => ({
        key: id,
        header: name,
        align: 'end',
        cell: ({ parts }) => {
          const part = parts[id]
          if (!part) return <None label="Nothing" />
          return (
            <span className="inline-flex flex-col items-end" title={part.reason}>
              <span className="font-medium">{percentWords(part.bp)}</span>
              <Money amount={part.amount} currency={currency} className="text-muted text-xs" />
            </span>
          )
        },
      }),
    ),
  ]
}

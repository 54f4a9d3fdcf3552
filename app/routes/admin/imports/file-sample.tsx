import { Card } from '#app/components/card.tsx'
import { None } from '#app/components/money.tsx'
import { Table } from '#app/components/table.tsx'

/** The first rows as they stand in the file: what the columns above are chosen by. */
export function FileSample({ headers, rows }: { headers: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <Card title="The first rows of the file" padding="none">
      <div className="overflow-x-auto">
        <Table
          caption="The first rows of the file"
          columns={headers.map((header, place) => ({
            key: header,
            header,
            cell: (row: { cells: readonly string[]; index: number }) =>
              row.cells[place] ? (
                <span className="line-clamp-2 break-words">{row.cells[place]}</span>
              ) : (
                <None label="Empty" />
              ),
          }))}
          rows={rows.map((cells, index) => ({ cells, index }))}
          rowKey={row => String(row.index)}
        />
      </div>
    </Card>
  )
}

import { Card } from '#app/components/card.tsx'
import { Icon } from '#app/components/icon.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { useSettingsPage } from './page-data.ts'

type Row = ReturnType<typeof useSettingsPage>['table']['permissions'][number]

/** Who may do what: the table that the procedures themselves ask. */
export function PermissionTable() {
  const { table } = useSettingsPage()
  const nameOf = (role: string) => table.roles.find(one => one.role === role)?.name ?? role
  const columns: Column<Row>[] = [
    { key: 'says', header: 'Permission', card: 'title', cell: row => (row.fresh ? `${row.says} *` : row.says) },
    ...table.roles.map(
      ({ role, name }): Column<Row> => ({
        key: role,
        header: name,
        card: 'hide',
        cell: row => <Allowed yes={row.roles.some(one => one === role)} />,
      }),
    ),
    // Five marks a permission are too many for a phone's card.
    { key: 'who', header: 'Who', className: 'sm:hidden', cell: row => row.roles.map(nameOf).join(', ') },
  ]
  return (
    <Card
      title="Who may do what"
      description="This is the table that every page and every call is checked against."
      padding="none"
    >
      <Table caption="Permissions by role" columns={columns} rows={table.permissions} rowKey={row => row.permission} />
      <p className="border-line border-t px-4 py-2.5 text-muted text-sm">
        * takes a fresh proof of who you are, from the last ten minutes.
      </p>
    </Card>
  )
}

function Allowed({ yes }: { yes: boolean }) {
  return yes ? (
    <span className="text-success">
      <Icon name="check" />
      <span className="sr-only">yes</span>
    </span>
  ) : (
    <span className="text-faint">
      <span aria-hidden="true">·</span>
      <span className="sr-only">no</span>
    </span>
  )
}

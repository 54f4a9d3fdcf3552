import { Link, useSearchParams } from '@remix-run/react'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Icon } from './icon.tsx'
import { withParams } from './search-params.ts'

export type Column<Row> = {
  key: string
  header: string
  cell: (row: Row) => ReactNode
  /** Numbers and money end-aligned, in tabular figures. */
  align?: 'start' | 'end'
  /** The value of the sort parameter; makes the header a link. */
  sort?: string
  /** Where it goes on a phone's card: top left, top right, a labelled row, or nowhere. */
  card?: 'title' | 'aside' | 'row' | 'hide'
  /** Hides the header's words (a column of buttons) but not from assistive technology. */
  hideHeader?: boolean
  className?: string
}

export type Sort = { by: string; direction: 'asc' | 'desc' }

/** How a sort is written in the address; the default is `?sort=amount&dir=desc`. Cursors fall away. */
export type SortLink = (search: URLSearchParams, sort: Sort) => string

type TableProps<Row> = {
  /** Says what the table holds; hidden, but read. */
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  /** Turns the title cell into the row's link. */
  rowTo?: (row: Row) => string
  sort?: Sort
  sortLink?: SortLink
  /** Checkboxes that belong to the form of this id (a BulkBar's); see useSelection. */
  select?: {
    form: string
    name?: string
    /** The row's name for 'Select …'. */
    label: (row: Row) => string
    disabled?: (row: Row) => boolean
  }
  /** Totals, one cell a column in the columns' order; a missing key is an empty cell. */
  footer?: Partial<Record<string, ReactNode>>
  /** Shown instead of the table when there are no rows: an Empty or EmptyFiltered. */
  empty?: ReactNode
}

/**
 * A semantic table that becomes a list of cards below 640 px. The explicit ARIA roles keep it a table for assistive
 * technology there, where CSS takes `display: table` away. Without scripts everything works but range and all.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, rowTo, select, footer, empty } = props
  if (rows.length === 0 && empty) return empty
  const focusable = rowTo || select || columns.some(column => column.sort)
  return (
    // A table without links or boxes could be scrolled sideways by no key, were its frame not focusable.
    <section aria-label={caption} tabIndex={focusable ? undefined : 0} className="overflow-x-auto xl:overflow-visible">
      {/* biome-ignore-start lint/a11y/noRedundantRoles: see above */}
      <table className="data-table" role="table">
        <caption className="sr-only">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {select ? <SelectAll form={select.form} /> : null}
            {columns.map(column => (
              <HeaderCell key={column.key} column={column} sort={props.sort} sortLink={props.sortLink} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map(row => (
            <tr key={rowKey(row)} role="row" data-row={rowKey(row)}>
              {select ? (
                <td role="cell" className="select-cell">
                  <label className="grid size-6 place-items-center pointer-coarse:size-7">
                    <input
                      type="checkbox"
                      form={select.form}
                      name={select.name ?? 'ids'}
                      value={rowKey(row)}
                      disabled={select.disabled?.(row)}
                      data-select={select.form}
                      className="size-4"
                    />
                    <span className="sr-only">Select {select.label(row)}</span>
                  </label>
                </td>
              ) : null}
              {columns.map(column => (
                <BodyCell key={column.key} column={column}>
                  {rowTo && column === titleOf(columns) ? (
                    <Link to={rowTo(row)} prefetch="intent" className="row-link font-medium">
                      {column.cell(row)}
                    </Link>
                  ) : (
                    column.cell(row)
                  )}
                </BodyCell>
              ))}
            </tr>
          ))}
        </tbody>
        {footer ? (
          <tfoot role="rowgroup">
            <tr role="row">
              {select ? <td role="cell" data-card="hide" /> : null}
              {columns.map(column => (
                <BodyCell
                  key={column.key}
                  column={footer[column.key] === undefined ? { ...column, card: 'hide' } : column}
                >
                  {footer[column.key]}
                </BodyCell>
              ))}
            </tr>
          </tfoot>
        ) : null}
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
    </section>
  )
}

function titleOf<Row>(columns: readonly Column<Row>[]): Column<Row> | undefined {
  return columns.find(column => column.card === 'title') ?? columns[0]
}

function BodyCell<Row>({ column, children }: { column: Column<Row>; children: ReactNode }) {
  return (
    <td
      // biome-ignore lint/a11y/noRedundantRoles: CSS turns the cell into a flex box on a phone
      role="cell"
      data-align={column.align}
      data-card={column.card ?? 'row'}
      data-label={column.hideHeader ? undefined : column.header}
      className={column.className}
    >
      {children}
    </td>
  )
}

function HeaderCell<Row>({
  column,
  sort,
  sortLink = defaultSortLink,
}: {
  column: Column<Row>
  sort?: Sort
  sortLink?: SortLink
}) {
  const [search] = useSearchParams()
  const active = column.sort !== undefined && sort?.by === column.sort ? sort.direction : undefined
  const label = column.hideHeader ? <span className="sr-only">{column.header}</span> : column.header
  return (
    <th
      scope="col"
      // biome-ignore lint/a11y/noRedundantRoles: CSS turns the header into a flex box on a phone
      role="columnheader"
      data-align={column.align}
      data-sortable={column.sort ? '' : undefined}
      aria-sort={active ? (active === 'asc' ? 'ascending' : 'descending') : undefined}
      className={column.className}
    >
      {column.sort ? (
        <Link
          to={sortLink(search, { by: column.sort, direction: active === 'desc' ? 'asc' : 'desc' })}
          preventScrollReset
          className={classNames('group inline-flex min-h-6 items-center gap-1 hover:text-ink', active && 'text-ink')}
        >
          {label}
          <Icon
            name={active === 'asc' ? 'arrow-up' : active === 'desc' ? 'arrow-down' : 'sort'}
            size={12}
            className={active ? undefined : 'text-faint'}
          />
        </Link>
      ) : (
        label
      )}
    </th>
  )
}

function defaultSortLink(search: URLSearchParams, { by, direction }: Sort): string {
  return withParams(search, { sort: by, dir: direction, after: null, before: null, cursor: null })
}

/** Useless without scripts, so it is hidden there by `scripting: none` (shell.css). */
function SelectAll({ form }: { form: string }) {
  return (
    // biome-ignore lint/a11y/noRedundantRoles: CSS turns the header into a flex box on a phone
    <th scope="col" role="columnheader" className="select-cell">
      <label className="needs-scripts grid size-6 place-items-center pointer-coarse:size-7">
        <input type="checkbox" data-select-all={form} className="size-4" />
        <span className="sr-only">Select all on this page</span>
      </label>
    </th>
  )
}

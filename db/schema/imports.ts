import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const dataImportKinds = ['deals', 'touches', 'partners', 'commissions', 'payouts'] as const
export type DataImportKind = (typeof dataImportKinds)[number]

/**
 * `reading` while rows arrive; `mapping` until the columns are known; `checking`; `ready` shows the dry run; `committing` in chunks;
 * `committed`; `undoing`; `undone`.
 */
export const dataImportStatuses = [
  'reading',
  'mapping',
  'checking',
  'ready',
  'committing',
  'committed',
  'undoing',
  'undone',
] as const
export type DataImportStatus = (typeof dataImportStatuses)[number]

/** What the rows without an error come to, by what they are (won, open, paid, unpaid …) and currency; amounts in minor units. */
export interface ImportFigures {
  totals?: { what: string; currency: string; rows: number; amount: number }[]
  /** Rows that are fine and still raise a question. */
  warnings?: number
  /** Rows that are read and make nothing, such as what was voided in the other tool. */
  nothing?: number
  /** How many deals an import of deals or touches has attributed so far. */
  attributed?: number
  /** How many of the things it made an undo had to leave, because they are in use. */
  kept?: number
}

export const dataImports = sqliteTable('data_imports', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  kind: text({ enum: dataImportKinds }).notNull(),
  /** Whose export file it is; null for one of the own making. */
  preset: text(),
  status: text({ enum: dataImportStatuses }).notNull(),
  fileName: text('file_name').notNull(),
  sha256: text().notNull(),
  headers: text({ mode: 'json' }).$type<string[]>().notNull(),
  headerHash: text('header_hash').notNull(),
  /** Our field → the header it is read from. */
  mapping: text({ mode: 'json' }).$type<Record<string, string>>().notNull(),
  options: text({ mode: 'json' }).$type<Record<string, string>>().notNull(),
  rowCount: integer('row_count').notNull().default(0),
  checked: integer().notNull().default(0),
  errors: integer().notNull().default(0),
  duplicates: integer().notNull().default(0),
  done: integer().notNull().default(0),
  /** What the work at hand goes through, and how far it is: the last line, or the last deal's number, that it is past. */
  step: text({ enum: ['rows', 'deals'] })
    .notNull()
    .default('rows'),
  cursor: integer().notNull().default(0),
  figures: text({ mode: 'json' }).$type<ImportFigures>().notNull().default({}),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  committedAt: integer('committed_at'),
  undoneAt: integer('undone_at'),
  version: integer().notNull().default(1),
})

/** `cells` as they were typed, in the order of the headers; `line` counts as the spreadsheet does: the header is 1. */
export const importRows = sqliteTable(
  'import_rows',
  {
    importId: text('import_id').notNull(),
    line: integer().notNull(),
    orgId: text('org_id').notNull(),
    cells: text({ mode: 'json' }).$type<string[]>().notNull(),
    status: text({ enum: ['new', 'ok', 'error', 'duplicate', 'done', 'undone'] }).notNull(),
    /** What it would make, parsed; null while new or wrong. */
    parsed: text({ mode: 'json' }).$type<unknown>(),
    /** What is wrong, or what it repeats. */
    problem: text(),
    /** What it made. */
    createdId: text('created_id'),
  },
  table => [primaryKey({ columns: [table.importId, table.line] })],
)

/** What makes a row the same as another: a hash of its reference, or of all that it says. The first line with it holds it. */
export const importKeys = sqliteTable(
  'import_keys',
  {
    importId: text('import_id').notNull(),
    key: text().notNull(),
    orgId: text('org_id').notNull(),
    line: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.importId, table.key] })],
)

/** Remembered by the file's headers. */
export const importMappings = sqliteTable(
  'import_mappings',
  {
    orgId: text('org_id').notNull(),
    kind: text({ enum: dataImportKinds }).notNull(),
    headerHash: text('header_hash').notNull(),
    mapping: text({ mode: 'json' }).$type<Record<string, string>>().notNull(),
    usedAt: integer('used_at').notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.kind, table.headerHash] })],
)

import { DomainError } from '../lib/errors.ts'
import { withoutGuard } from '../payouts/csv.ts'
import type { Lookups } from './lookups.ts'
import type { Preset } from './presets.ts'
import { type DataImportKind, fields, type ImportOptions } from './rules.ts'

/** One row, while it is read: what a field's cell says, and what is wrong with it. */
export interface Reader {
  line: number
  options: ImportOptions
  preset: Preset | null
  lookups: Lookups
  /** UTC milliseconds */
  now: number
  /** The cell's text; '' where it is empty or no column is mapped. */
  cell(field: string): string
  /** What a filled cell means; null where it is empty, or wrong, which is then among the row's errors. */
  read<T>(field: string, meaning: (text: string) => T): T | null
  /** The same for a cell that must be filled. */
  need<T>(field: string, meaning: (text: string) => T): T | null
  /** The same for a cell that may be empty and means something all the same. */
  readAlways<T>(field: string, meaning: (text: string) => T): T | null
  wrong(field: string, sentence: string): void
}

export interface Shape {
  kind: DataImportKind
  headers: readonly string[]
  mapping: Record<string, string>
}

/** Finds each field's place among the cells once for all rows. */
export function cellsOf({ kind, headers, mapping }: Shape): (cells: readonly string[], field: string) => string {
  const places = new Map(
    fields[kind].map(({ key }) => [key, mapping[key] === undefined ? -1 : headers.indexOf(mapping[key])]),
  )
  return (cells, field) => {
    const place = places.get(field) ?? -1
    return withoutGuard((cells[place] ?? '').trim())
  }
}

/** Reads one row as far as it goes: everything that is wrong is said at once. */
export function readRow<T>(
  row: { line: number; cells: readonly string[] },
  shape: Shape,
  cell: ReturnType<typeof cellsOf>,
  given: Pick<Reader, 'options' | 'preset' | 'lookups' | 'now'>,
  meaning: (reader: Reader) => T | null,
): { parsed: T | null; errors: string[] } {
  const errors: string[] = []
  const labels = new Map(fields[shape.kind].map(field => [field.key, field.label]))
  const wrong = (field: string, sentence: string) => {
    errors.push(`${labels.get(field) ?? field}: ${sentence}`)
  }
  const attempt = <V>(field: string, read: () => V): V | null => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      wrong(field, error.message)
      return null
    }
  }
  if (row.cells.slice(shape.headers.length).some(extra => extra.trim() !== ''))
    errors.push(
      'The row has more cells than the header has columns. A text with a comma needs quotation marks around it.',
    )
  const reader: Reader = {
    ...given,
    line: row.line,
    cell: field => cell(row.cells, field),
    read: (field, of) => {
      const text = cell(row.cells, field)
      return text === '' ? null : attempt(field, () => of(text))
    },
    need: (field, of) => {
      const text = cell(row.cells, field)
      if (text === '') wrong(field, 'It is missing.')
      return text === '' ? null : attempt(field, () => of(text))
    },
    readAlways: (field, of) => attempt(field, () => of(cell(row.cells, field))),
    wrong,
  }
  const parsed = meaning(reader)
  if (errors.length > 0) return { parsed: null, errors }
  if (parsed === null) throw new Error(`line ${row.line} means nothing, and nothing is wrong with it`)
  return { parsed, errors }
}

/** What a zod schema makes of a cell; its own sentence where it refuses. */
export function by<T>(schema: {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: { message: string }[] } }
}): (value: string | number) => T {
  return value => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw new DomainError('INVALID', parsed.error.issues[0]?.message ?? 'That can’t be read.')
  }
}

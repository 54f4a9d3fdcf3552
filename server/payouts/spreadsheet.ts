import Papa from 'papaparse'
import { DomainError } from '../lib/errors.ts'
import { withoutGuard } from './csv.ts'

export const maxImportBytes = 5 * 1024 * 1024
export const maxImportRows = 10_000

/** What a column is, and the names that people give it; compared without case, spaces and punctuation. */
const columns = {
  email: ['partneremail', 'email', 'emailaddress', 'payeeemail'],
  partnerReference: ['partnerreference', 'partnerref', 'partnerid', 'partnernumber', 'vendorid', 'vendornumber'],
  partner: ['partner', 'partnername', 'payee', 'vendor'],
  amount: ['amount', 'payoutamount', 'commission', 'total'],
  currency: ['currency', 'currencycode', 'ccy'],
  period: ['period', 'month'],
  reference: ['reference', 'ref', 'payoutreference', 'invoice', 'invoicenumber'],
  notes: ['notes', 'note', 'memo', 'comment'],
} as const

export type Column = keyof typeof columns

/** A row as it was typed; an absent column reads as ''. `line` is the spreadsheet's own number: the header is 1. */
export type Cells = Record<Column, string> & { line: number; tooMany: boolean }

export interface Spreadsheet {
  rows: Cells[]
  /** Headers that mean nothing to us. */
  ignored: string[]
}

/**
 * Reads a CSV file, whatever its delimiter. INVALID for what can't be read as a whole, naming what to mend; TOO_LARGE past 5 MB or
 * 10,000 rows. What is wrong with single rows is for later: they are all shown at once.
 */
export function readSpreadsheet(text: string): Spreadsheet {
  if (Buffer.byteLength(text) > maxImportBytes) throw refusal('The file is larger than 5 MB. Split it.', 'TOO_LARGE')
  if (text.startsWith('PK\u0003\u0004'))
    throw refusal('This is an Excel workbook. Save it as “CSV UTF-8 (comma delimited)” and upload that.')
  if (/[\0\ufffd]/.test(text))
    throw refusal('The file is not UTF-8 text. Save it as “CSV UTF-8 (comma delimited)” and upload that.')
  // Excel writes the first line `sep=;` and hides it again when it opens the file.
  const hint = /^\ufeff?sep=(.)\r?\n/i.exec(text)
  const body = text.slice(hint?.[0].length ?? 0).replace(/^\ufeff/, '')
  const delimiter = hint?.[1] ?? bestDelimiter(body)
  const { data, errors } = Papa.parse<string[]>(body, { delimiter })
  const broken = errors.find(error => error.type === 'Quotes')
  if (broken)
    throw refusal(
      `Line ${(broken.row ?? 0) + 1}: a quotation mark is opened and not closed properly, so nothing after it can be read. Mend it and upload again.`,
    )
  const [header = [], ...records] = data
  if (header.every(cell => cell.trim() === ''))
    throw refusal('The file is empty. Its first line should name the columns.')
  const { indexes, ignored } = readHeader(header)
  const rows = records.flatMap((record, index) => {
    if (record.every(cell => cell.trim() === '')) return []
    const cell = (column: Column) => withoutGuard((record[indexes.get(column) ?? -1] ?? '').trim())
    const cells = Object.fromEntries(names.map(name => [name, cell(name)])) as Record<Column, string>
    return [{ ...cells, line: index + 2, tooMany: record.slice(header.length).some(extra => extra.trim() !== '') }]
  })
  if (rows.length === 0) throw refusal('The file has a header, but no rows.')
  if (rows.length > maxImportRows)
    throw refusal(
      `The file has ${rows.length.toLocaleString('en')} rows; at most ${maxImportRows.toLocaleString('en')} can be imported at once. Split it.`,
      'TOO_LARGE',
    )
  return { rows, ignored }
}

const names = Object.keys(columns) as Column[]

/** The one whose first line names most of our columns: counting characters would fall for an address with commas. */
function bestDelimiter(text: string): string {
  const start = text.slice(0, 10_000)
  const score = (delimiter: string) =>
    (Papa.parse<string[]>(start, { delimiter, preview: 1 }).data[0] ?? []).filter(cell => columnOf(cell)).length
  const candidates = [',', ';', '\t', '|'].map(delimiter => ({ delimiter, score: score(delimiter) }))
  return candidates.reduce((best, one) => (one.score > best.score ? one : best)).delimiter
}

function columnOf(header: string): Column | undefined {
  const plain = header.toLowerCase().replace(/[\s_.\-/#:]/g, '')
  return names.find(name => (columns[name] as readonly string[]).includes(plain))
}

function readHeader(header: string[]): { indexes: Map<Column, number>; ignored: string[] } {
  const indexes = new Map<Column, number>()
  const ignored: string[] = []
  header.forEach((text, index) => {
    const column = columnOf(text)
    if (!column) {
      if (text.trim()) ignored.push(text.trim())
      return
    }
    const earlier = indexes.get(column)
    if (earlier !== undefined)
      throw refusal(
        `Two columns could both be the ${labels[column]}: “${header[earlier]?.trim()}” and “${text.trim()}”. Remove or rename one.`,
      )
    indexes.set(column, index)
  })
  const found = `The columns found: ${header.map(cell => cell.trim()).join(', ')}.`
  if (!indexes.has('email') && !indexes.has('partnerReference') && !indexes.has('partner'))
    throw refusal(`No column says who is paid. Name it “partner email”, “partner reference” or “partner”. ${found}`)
  if (!indexes.has('amount')) throw refusal(`No column says how much. Name it “amount”. ${found}`)
  return { indexes, ignored }
}

const labels: Record<Column, string> = {
  email: 'partner email',
  partnerReference: 'partner reference',
  partner: 'partner',
  amount: 'amount',
  currency: 'currency',
  period: 'period',
  reference: 'reference',
  notes: 'note',
}

function refusal(message: string, code: 'INVALID' | 'TOO_LARGE' = 'INVALID'): DomainError {
  return new DomainError(code, message, { fields: { file: message } })
}

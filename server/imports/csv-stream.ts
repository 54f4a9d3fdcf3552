import { DomainError } from '../lib/errors.ts'

export const maxFileBytes = 50 * 1024 * 1024
export const maxFileRows = 100_000
export const maxColumns = 200
/** Longer than any cell that means something to us: past it, a quotation mark is open that nobody closes. */
const maxCell = 10_000
/** The header must end within this many characters. */
const headerWithin = 64 * 1024

/** `line` counts as a spreadsheet does: the header is 1, and blank rows count. */
export interface Row {
  line: number
  cells: string[]
}

/**
 * Reads a CSV file (RFC 4180) as it arrives, holding one row and one piece of it at a time. The first row is the header; blank rows
 * are left out. `bytes` may come in pieces of any size.
 * @param known says whether a header means something to us: by it the delimiter is found out
 * @throws DomainError INVALID for what can't be read as a whole, naming what to mend; TOO_LARGE past 50 MB or 100,000 rows
 */
export async function* readRows(
  bytes: AsyncIterable<Uint8Array>,
  known: (header: string) => boolean,
): AsyncGenerator<Row> {
  const pieces = decode(bytes)
  // Enough text for the whole header, so that the delimiter is known before the first row is cut.
  let start = ''
  let ended = false
  while (!ended && start.length < headerWithin && !/[\r\n][^\r\n]*[\r\n]/.test(start)) {
    const { value, done } = await pieces.next()
    if (done) ended = true
    else start += value
  }
  // Excel writes the first line `sep=;` and hides it again when it opens the file.
  const hint = /^sep=(.)\r?\n/i.exec(start)
  const body = start.slice(hint?.[0].length ?? 0)
  const parser = createParser(hint?.[1] ?? bestDelimiter(body, known))
  let rows = 0
  let headed = false
  function* checked(records: Iterable<Row>): Generator<Row> {
    for (const row of records) {
      if (row.cells.length > maxColumns)
        throw refusal(`Line ${row.line} has more than ${maxColumns} columns. Is it a CSV file?`)
      if (row.cells.every(cell => cell.trim() === '')) {
        if (!headed) throw refusal('The file’s first line is empty. It should name the columns.')
        continue
      }
      if (headed) rows++
      headed = true
      if (rows > maxFileRows)
        throw refusal(`The file has more than ${maxFileRows.toLocaleString('en')} rows. Split it.`, 'TOO_LARGE')
      yield row
    }
  }
  yield* checked(parser.push(body))
  while (!ended) {
    const { value, done } = await pieces.next()
    if (done) ended = true
    else yield* checked(parser.push(value))
  }
  yield* checked(parser.end())
  if (!headed) throw refusal('The file is empty. Its first line should name the columns.')
  if (rows === 0) throw refusal('The file has a header, but no rows.')
}

/** Bytes to text; what is no UTF-8 text is refused with advice. */
async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let size = 0
  for await (const piece of bytes) {
    if (size === 0 && piece.length >= 4 && piece[0] === 0x50 && piece[1] === 0x4b && piece[2] === 3 && piece[3] === 4)
      throw refusal('This is an Excel workbook. Save it as “CSV UTF-8 (comma delimited)” and upload that.')
    size += piece.length
    if (size > maxFileBytes) throw refusal('The file is larger than 50 MB. Split it.', 'TOO_LARGE')
    const text = readable(() => decoder.decode(piece, { stream: true }))
    if (text) yield text
  }
  const rest = readable(() => decoder.decode())
  if (rest) yield rest
}

function readable(read: () => string): string {
  try {
    const text = read()
    if (!text.includes('\0')) return text
  } catch {
    // Not UTF-8: refused below.
  }
  throw refusal('The file is not UTF-8 text. Save it as “CSV UTF-8 (comma delimited)” and upload that.')
}

/** The one whose first line names most of what we know: counting characters would fall for an address with commas. */
function bestDelimiter(text: string, known: (header: string) => boolean): string {
  const candidates = [',', ';', '\t', '|'].map(delimiter => {
    const cells = firstRow(text, delimiter)
    return { delimiter, score: cells.filter(known).length * maxColumns + Math.min(cells.length, maxColumns) }
  })
  return candidates.reduce((best, one) => (one.score > best.score ? one : best)).delimiter
}

function firstRow(text: string, delimiter: string): string[] {
  try {
    const parser = createParser(delimiter)
    for (const row of parser.push(`${text}\n`)) return row.cells
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
  }
  return []
}

/** Cuts text into rows; what is not yet a whole row is kept for the next piece. */
function createParser(delimiter: string): { push(text: string): Generator<Row>; end(): Generator<Row> } {
  const separator = delimiter.charCodeAt(0)
  let line = 1
  let cells: string[] = []
  let cell = ''
  /** Between cells, in a bare cell, in a quoted one, or right behind a quotation mark in a quoted one. */
  let state: 'start' | 'bare' | 'quoted' | 'closing' = 'start'
  let skipLineFeed = false

  function add(text: string): void {
    cell += text
    if (cell.length > maxCell)
      throw refusal(
        `Line ${line}: a cell has more than ${maxCell.toLocaleString('en')} characters. Perhaps a quotation mark is opened there and never closed.`,
      )
  }
  function endCell(): void {
    cells.push(cell)
    cell = ''
    state = 'start'
  }
  function endRow(): Row {
    endCell()
    const row = { line, cells }
    line++
    cells = []
    return row
  }

  return {
    *push(text) {
      let i = 0
      while (i < text.length) {
        const code = text.charCodeAt(i)
        if (skipLineFeed) {
          skipLineFeed = false
          if (code === 10) {
            i++
            continue
          }
        }
        if (state === 'quoted') {
          const quote = text.indexOf('"', i)
          add(text.slice(i, quote === -1 ? text.length : quote))
          if (quote === -1) return
          state = 'closing'
          i = quote + 1
        } else if (state === 'closing' && code === 34) {
          add('"')
          state = 'quoted'
          i++
        } else if (code === separator) {
          endCell()
          i++
        } else if (code === 10 || code === 13) {
          skipLineFeed = code === 13
          i++
          yield endRow()
        } else if (state === 'closing') {
          throw refusal(
            `Line ${line}: a quotation mark is opened and not closed properly, so nothing after it can be read. Mend it and upload again.`,
          )
        } else if (state === 'start' && code === 34) {
          state = 'quoted'
          i++
        } else {
          state = 'bare'
          const end = endOfBare(text, i, separator)
          add(text.slice(i, end))
          i = end
        }
      }
    },
    *end() {
      if (state === 'quoted')
        throw refusal(
          `Line ${line}: a quotation mark is opened and never closed, so nothing after it can be read. Mend it and upload again.`,
        )
      if (cells.length > 0 || cell !== '' || state !== 'start') yield endRow()
    },
  }
}

function endOfBare(text: string, from: number, separator: number): number {
  let i = from
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code === separator || code === 10 || code === 13) break
    i++
  }
  return i
}

function refusal(message: string, code: 'INVALID' | 'TOO_LARGE' = 'INVALID'): DomainError {
  return new DomainError(code, message, { fields: { file: message } })
}

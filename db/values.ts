import type { InArgs, InValue, Row, Value } from '@libsql/client'

/** What the native driver takes: JS numbers stay only where a fraction needs them. */
export type Bound = bigint | number | string | Uint8Array | null

const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 63n - 1n
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/**
 * Converts one argument to what SQLite shall see. Both the native driver and the wire protocol send every JS number as
 * REAL, which would turn money into floating point as soon as SQL calculates with it: integers travel as BigInt.
 * @throws RangeError for NaN, infinities and integers JavaScript cannot hold exactly; TypeError for NUL and foreign types.
 */
export function bindValue(value: InValue | undefined): Bound {
  switch (typeof value) {
    case 'string':
      // The driver reads "a\0b" back as "a", so such a string must not get in.
      if (value.includes('\0')) throw new TypeError('A text with a NUL character cannot be stored')
      return value
    case 'number':
      if (Number.isSafeInteger(value)) return BigInt(value)
      if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be stored`)
      if (Number.isInteger(value)) throw new RangeError(`${value} is beyond 2^53 and not exact: pass a BigInt`)
      return value
    case 'bigint':
      if (value < MIN_INTEGER || value > MAX_INTEGER) throw new RangeError(`${value} does not fit into 64 bits`)
      return value
    case 'boolean':
      return value ? 1n : 0n
    case 'undefined':
      throw new TypeError('undefined cannot be stored: pass null')
  }
  if (value === null) return null
  if (value instanceof Date) return bindValue(value.valueOf())
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new TypeError(`A value of type ${typeof value} cannot be stored`)
}

/** Arguments by position, or by name with or without the leading `:`, `@` or `$`. */
export function bindArgs(args: InArgs | undefined): Bound[] | Record<string, Bound> {
  if (args === undefined) return []
  if (Array.isArray(args)) return args.map(bindValue)
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name.replace(/^[:@$]/, ''), bindValue(value)]))
}

/**
 * A row as `@libsql/client` shapes it: columns by name (own and enumerable) and by index. The indexes and `length`
 * live on the prototype over a private array, because defining them on each row costs more than the query itself.
 */
class ResultRow {
  #cells: Value[]

  constructor(cells: Value[]) {
    this.#cells = cells
  }

  get length(): number {
    return this.#cells.length
  }

  static cell(row: ResultRow, index: number): Value | undefined {
    return row.#cells[index]
  }
}

let indexed = 0
function defineIndexes(count: number): void {
  for (; indexed < count; indexed++) {
    const index = indexed
    Object.defineProperty(ResultRow.prototype, index, {
      get(this: ResultRow) {
        return ResultRow.cell(this, index)
      },
    })
  }
}

/** Returns a function that turns the driver's raw rows (arrays with BigInts) of one statement into {@link Row}s. */
export function rowReader(columns: string[]): (raw: unknown[]) => Row {
  defineIndexes(columns.length)
  // First wins for a repeated name, as in the stock client; a name that is itself an index would shadow that index.
  const names = columns.map((name, index) => {
    const hidden = columns.indexOf(name) !== index || name === 'length' || Number(name) < columns.length
    return hidden && name !== '' ? undefined : name
  })
  return raw => {
    const cells = raw as Value[]
    for (let index = 0; index < cells.length; index++) {
      const cell: unknown = raw[index]
      if (typeof cell === 'bigint') cells[index] = toNumber(cell, columns[index])
      else if (cell instanceof Uint8Array) cells[index] = toArrayBuffer(cell)
    }
    const row = new ResultRow(cells) as unknown as Record<string, Value>
    for (let index = 0; index < names.length; index++) {
      const name = names[index]
      if (name === undefined) continue
      if (name in ResultRow.prototype) Object.defineProperty(row, name, { value: cells[index], enumerable: true })
      else row[name] = cells[index] as Value
    }
    return row as unknown as Row
  }
}

function toNumber(value: bigint, column: string | undefined): number {
  if (value > MAX_SAFE || value < -MAX_SAFE) {
    throw new RangeError(`Column ${column} holds ${value}, which is beyond 2^53: select it as text`)
  }
  return Number(value)
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

import Papa from 'papaparse'
import { expect, test } from 'vitest'
import { maxFileRows, type Row, readRows } from './csv-stream.ts'
import { pieces } from './testing.ts'

const known = (header: string) => ['name', 'email', 'amount'].includes(header.trim().toLowerCase())

async function read(text: string | Uint8Array, size?: number): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of readRows(pieces(text, size), known)) rows.push(row)
  return rows
}

const files = [
  'name,email\nAda,ada@example.com\n',
  'name,email\r\n"Ada, Countess",ada@example.com\r\n',
  'name,email\n"She said ""yes""",a@b.example\n"two\nlines",c@d.example',
  '\ufeffname;email\nMüller;m@ü.example\n',
  'sep=|\nname|email\nA|a@b.example\n',
  'name\temail\r\nA\t"x\ty"\r\n',
  'name,email\rA,a@b.example\rB,b@b.example\r',
  'name,email,note\nA,,""\n,"",\nB,b@b.example,"😀 ok"',
]

test.each(files)('%j is read as Papa Parse reads it, wherever the pieces end', async text => {
  const clean = text.replace(/^\ufeff/, '').replace(/^sep=.\n/, '')
  const { data } = Papa.parse<string[]>(clean, { delimiter: /^[^\n]*?([|;\t,])/.exec(clean)?.[1] ?? ',' })
  const expected = data.filter(cells => cells.some(cell => cell.trim() !== ''))
  for (const size of [1, 2, 3, 7, 64, 100_000]) expect((await read(text, size)).map(row => row.cells)).toEqual(expected)
})

test('lines count as a spreadsheet does, blank ones included', async () => {
  const rows = await read('name,email\n\nA,a@b.example\n,\n"B\nC",b@b.example\n')
  expect(rows.map(row => row.line)).toEqual([1, 3, 5])
})

test('the delimiter is the one that names our columns, however many commas an address has', async () => {
  const rows = await read('name;email;address, street, town, country, planet\nA;a@b.example;1, 2, 3, 4, 5\n')
  expect(rows[1]?.cells).toEqual(['A', 'a@b.example', '1, 2, 3, 4, 5'])
})

const refused: [what: string, file: string | Uint8Array, message: RegExp][] = [
  ['nothing', '', /empty/],
  ['an empty header', ' ,\nA,b\n', /first line is empty/],
  ['only a header', 'name,email\n', /no rows/],
  ['an open quotation mark', 'name,email\nA,"b\nC,d\n', /Line 2: a quotation mark is opened and never closed/],
  ['text behind a quotation mark', 'name,email\nA,b\n"C"d,e\n', /Line 3: .*not closed properly/],
  ['a cell without end', `name,email\nA,"${'x'.repeat(20_000)}`, /Line 2: a cell has more than 10,000 characters/],
  ['a workbook', new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 6, 0]), /Excel workbook/],
  [
    'Latin-1',
    new Uint8Array([...Buffer.from('name,email\nM'), 0xfc, ...Buffer.from('ller,a@b.example\n')]),
    /not UTF-8/,
  ],
  ['UTF-16', Buffer.from('\ufeffname,email\nA,b\n', 'utf16le'), /not UTF-8/],
  ['NUL', 'name,email\nA\0,b\n', /not UTF-8/],
  ['too many columns', `${'name,'.repeat(300)}\nA\n`, /more than 200 columns/],
  ['too many rows', `name\n${'A\n'.repeat(maxFileRows + 1)}`, /more than 100,000 rows/],
]

test.each(refused)('%s is refused in words', async (_, file, message) => {
  await expect(read(file)).rejects.toThrow(message)
})

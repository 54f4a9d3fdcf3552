// npm run reliability: takes what the longer runs left in test-results/, keeps the figures in docs/reliability.json, and writes
// docs/reliability.md from them. A figure whose run did not happen lately stays as it was, with its own date.
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Figures, figuresSchema, pageOf, type Run, readers } from './reliability-page.ts'

const figuresFile = new URL('../../docs/reliability.json', import.meta.url)
const page = new URL('../../docs/reliability.md', import.meta.url)

export function readFigures(): Figures {
  return existsSync(figuresFile) ? figuresSchema.parse(JSON.parse(readFileSync(figuresFile, 'utf8'))) : {}
}

function main(): void {
  const figures = readFigures()
  for (const [name, { file, read }] of Object.entries(readers) as [Run, (typeof readers)[Run]][]) {
    const report = new URL(`../../${file}`, import.meta.url)
    if (!existsSync(report)) {
      console.log(`${name}: no ${file}; its figures stay as they were.`)
      continue
    }
    figures[name] = read(JSON.parse(readFileSync(report, 'utf8')))
    console.log(`${name}: taken from ${file}.`)
  }
  writeFileSync(figuresFile, `${JSON.stringify(figures, null, 2)}\n`)
  writeFileSync(page, pageOf(figures))
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main()

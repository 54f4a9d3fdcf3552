// npm run simulate -- --histories 10000 --seed 1 [--from 0] [--workers 2] [--report file] [--verbose]
// npm run simulate -- --planted [--histories 2000] [--seed 1] [--report file] [--only 'A key for'] [--pin]
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Counts } from '../simulation/counts.ts'
import { historyOf, live } from '../simulation/history.ts'
import { shortfalls } from '../simulation/minimums.ts'
import { childSeed } from '../simulation/random.ts'
import { shrink } from '../simulation/shrink.ts'
import { addReport, hashOfAll, noReport, type Report, repeatCommand, simulate } from '../simulation/simulate.ts'
import { openStage } from '../simulation/world.ts'
import { searchPlanted } from './simulate-planted.ts'

/** From here on a second process is worth its start. */
const worthTwo = 200

const { values } = parseArgs({
  options: {
    histories: { type: 'string' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    workers: { type: 'string' },
    report: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    /** For the processes that this one starts: no words, only the report. */
    silent: { type: 'boolean', default: false },
    /** Looks for bugs that are planted, instead of for those that are not. */
    planted: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    pin: { type: 'boolean', default: false },
  },
})
const wanted = values.histories ?? (values.planted ? '2000' : '1000')
// Some of the planted bugs are no report of them all.
const found = values.only === '' ? 'planted' : 'planted-only'
const file = values.report ?? `test-results/${values.planted ? found : 'simulation'}.json`
const [histories, seed, from] = [wanted, values.seed, values.from].map(wholeNumber) as [number, number, number]
const workers = values.workers === undefined ? (histories < worthTwo ? 1 : 2) : wholeNumber(values.workers)

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`“${text}” is not a whole number.`)
  return number
}

if (values.planted) {
  const { only, pin } = values
  process.exit(await searchPlanted({ seed, most: histories, report: file, only, pin }))
}

const started = Date.now()
const report = workers > 1 ? await inProcesses(workers) : await simulate({ seed, from, histories, onHistory: progress })
write(file)
if (!values.silent) await say()

/** Each process takes an equal part, in order. */
async function inProcesses(count: number): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-simulation-'))
  try {
    const each = Math.ceil(histories / count)
    const parts = Array.from({ length: count }, (_, index) => ({
      from: from + index * each,
      histories: Math.min(each, histories - index * each),
      file: join(folder, `${index}.json`),
    })).filter(part => part.histories > 0)
    await Promise.all(parts.map(part => inProcess(part)))
    const sum = noReport(seed, from)
    for (const part of parts) addReport(sum, JSON.parse(readFileSync(part.file, 'utf8')) as Report)
    return sum
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function inProcess(part: { from: number; histories: number; file: string }): Promise<void> {
  const own = ['--silent', '--workers', '1', '--seed', String(seed), '--from', String(part.from)]
  const args = [
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    ...own,
    '--histories',
    String(part.histories),
    '--report',
    part.file,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', code =>
      code === 0 ? resolve() : reject(new Error(`A process of the simulation ended with ${code}.`)),
    )
  })
}

function progress(index: number): void {
  if (!values.silent && process.stderr.isTTY) process.stderr.write(`\r${index - from + 1} of ${histories}`)
}

function write(to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  const about = { date: new Date(started).toISOString(), durationMs: Date.now() - started, hash: hashOfAll(report) }
  const { hashes, ...rest } = report
  const body = {
    ...rest,
    ...about,
    shortfalls: shortfalls(report.counts, report.histories),
    ...(values.silent ? { hashes } : {}),
  }
  writeFileSync(to, `${JSON.stringify(body, null, 2)}\n`)
}

async function say(): Promise<void> {
  printCounts(report.counts)
  const seconds = (Date.now() - started) / 1000
  console.log(
    `\nSeed ${seed}: ${report.histories} histories from ${from} on, ${report.operations} operations, in ${seconds.toFixed(0)} s. Hash ${hashOfAll(report).slice(0, 16)}.`,
  )
  if (values.verbose && histories === 1) await tellAll()
  const short = shortfalls(report.counts, report.histories)
  for (const sentence of short) console.log(`Too little: ${sentence}.`)
  for (const { index, violations } of report.failures) {
    console.log(`\nHistory ${index} of seed ${seed} breaks what must hold:`)
    for (const violation of violations) console.log(`  ${violation}`)
    console.log(`Repeat it with: ${repeatCommand(seed, index)}`)
    await tellShort(index)
  }
  if (report.failures.length + short.length > 0) process.exitCode = 1
  else console.log('Nothing that must hold was broken.')
}

async function tellAll(): Promise<void> {
  const { story } = await live(historyOf(childSeed(seed, from)), await openStage())
  printStory(story)
}

async function tellShort(index: number): Promise<void> {
  const { history, outcome } = await shrink(historyOf(childSeed(seed, index)), await openStage())
  console.log(`\nThe shortest story found that breaks it, of ${history.operations.length} operations:`)
  printStory(outcome.story)
  for (const violation of outcome.violations) console.log(`  ${violation}`)
  if (values.verbose) console.log(JSON.stringify(history))
}

function printStory(story: string[]): void {
  for (const [index, sentence] of story.entries()) console.log(`${String(index + 1).padStart(4)}. ${sentence}`)
}

function printCounts({ actions, faults }: Counts): void {
  const cells = (first: string, rest: (string | number)[]) =>
    first.padEnd(28) + rest.map(cell => String(cell).padStart(10)).join('')
  console.log(cells('Action', ['tried', 'accepted', 'refused', 'died']))
  for (const [action, { tried, accepted, refused, died }] of Object.entries(actions).sort())
    console.log(cells(action, [tried, accepted, refused, died]))
  console.log(`\n${cells('Fault', ['injected', 'struck'])}`)
  for (const [fault, { injected, struck }] of Object.entries(faults).sort())
    console.log(cells(fault, [injected, struck]))
}

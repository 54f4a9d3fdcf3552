import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { type Database, openDatabase } from '#db/client.ts'
import { migrate, readMigrations } from '#db/migrate.ts'
import { randomIds, systemClock } from '../deps.ts'
import { encodeCursor } from '../lib/page.ts'
import { payoutsRouter } from '../payouts/router.ts'
import { contextFor } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { can, createCallerFactory, router } from '../trpc.ts'
import { addCommissions, pendingCliQuery, runPending } from './commissions.ts'
import { benchAdmin, buildCompany } from './company.ts'
import type { ExportRun } from './export-run.ts'

// `npm run bench -- --rows 100000`. Ratios within one run mean something; absolute times are this machine's, at this moment.
// Nothing is asserted here: a loaded machine is no bug.

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, '.cache/bench')
const benchNow = Date.UTC(2026, 2, 1)

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
  const rows = Number(values.rows)
  if (!Number.isSafeInteger(rows) || rows < 1_000) throw new Error('--rows takes a whole number from 1000 on')
  const { model } = cpus()[0] ?? { model: 'unknown processor' }
  say(
    `${model} ×${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, ${rows.toLocaleString('en')} payouts`,
  )
  const file = await copyOf(await builtCompany(rows))
  try {
    const db = await openDatabase({ url: `file:${file}`, lock: false })
    try {
      await benchPages(db, rows)
      await benchApproval(db)
      await db.checkpoint()
      await benchPending(db, file, rows)
    } finally {
      await db.close()
    }
    benchExport(file, rows)
  } finally {
    remove(file)
  }
}

/** Built once for a schema and a size. */
async function builtCompany(rows: number): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const schema = readMigrations().at(-1)?.sha256.slice(0, 12)
  const file = join(folder, `${rows}-${schema}.db`)
  if (existsSync(file)) return file
  say(`building ${rows.toLocaleString('en')} payouts and as many commissions; the next run finds them in .cache/bench`)
  const unfinished = `${file}.unfinished`
  remove(unfinished)
  const started = performance.now()
  const db = await openDatabase({ url: `file:${unfinished}`, lock: false, synchronous: 'NORMAL' })
  try {
    await migrate(db)
    const partners = Math.min(2_000, Math.ceil(rows / 100))
    await buildCompany(db, { payouts: rows, partners, now: benchNow })
    await addCommissions(db, { commissions: rows, partners, now: benchNow })
    await db.checkpoint()
  } finally {
    await db.close()
  }
  renameSync(unfinished, file)
  remove(unfinished)
  say(`built in ${Math.round((performance.now() - started) / 1000)} s, ${megabytes(statSync(file).size)}`)
  return file
}

async function copyOf(file: string): Promise<string> {
  const copy = `${file}.${process.pid}.copy`
  copyFileSync(file, copy)
  return copy
}

function remove(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
}

const benchRouter = router({ payouts: payoutsRouter, nothing: can('payouts.read').query(() => 'nothing') })

async function callerOf(db: Database) {
  const deps = { ...(await testDeps({ db })), clock: systemClock, ids: randomIds(systemClock) }
  return createCallerFactory(benchRouter)(contextFor(deps, benchAdmin))
}

/** Through the caller that pages use: permission, input, queries, rows with their blockers and actions. */
async function benchPages(db: Database, rows: number): Promise<void> {
  const api = await callerOf(db)
  const [middle] = await db.read.all<{ at: number; id: string }>(
    sql`SELECT created_at AS at, id FROM payouts WHERE number = ${Math.ceil(rows / 2)}`,
  )
  const cursor = middle && encodeCursor([middle.at, middle.id])
  heading('reads, median of 60', 'time', 'against nothing')
  const nothing = await median(() => api.nothing())
  const reads: [string, () => Promise<unknown>][] = [
    ['a procedure that reads nothing', () => api.nothing()],
    ['list, first page of 50', () => api.payouts.list({})],
    ['list, a page in the middle', () => api.payouts.list({ cursor })],
    ['list, by amount', () => api.payouts.list({ sort: 'amount_desc' })],
    ['list, pending approval', () => api.payouts.list({ status: ['pending_approval'] })],
    ['list, one partner', () => api.payouts.list({ partnerId: 'par_000007' })],
    ['list, search for one partner', () => api.payouts.list({ q: 'partner-8@bench' })],
    ['list, search for a common word', () => api.payouts.list({ q: 'Partner' })],
    ['list, search for a number', () => api.payouts.list({ q: 'PO-000042' })],
    ['list, search that finds nothing', () => api.payouts.list({ q: 'zzzz' })],
    ['stats', () => api.payouts.stats({})],
    ['partnerSummary', () => api.payouts.partnerSummary({ partnerId: 'par_000007' })],
  ]
  for (const [name, read] of reads) {
    const time = await median(read)
    line(name, `${time.toFixed(2)} ms`, `${(time / nothing).toFixed(1)}×`)
  }
}

async function median(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 70; round++) {
    const started = performance.now()
    await run()
    // The first ten warm the statements up.
    if (round >= 10) times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)[times.length / 2] ?? 0
}

async function benchApproval(db: Database): Promise<void> {
  const api = await callerOf(db)
  const waiting = await db.read.all<{ id: string }>(
    sql`SELECT id FROM payouts WHERE status = 'pending_approval' ORDER BY created_at LIMIT 10010`,
  )
  const ids = waiting.map(row => row.id)
  const rest = ids.slice(10)
  const time = async (payoutIds: string[]) => {
    const started = performance.now()
    const { approved } = await api.payouts.bulkApprove({ payoutIds })
    if (approved !== payoutIds.length) throw new Error(`${approved} of ${payoutIds.length} were approved`)
    return performance.now() - started
  }
  heading('writes, synchronous=FULL', 'time', 'against one alone')
  const singles: number[] = []
  for (const id of ids.slice(0, 10)) singles.push(await time([id]))
  const single = singles.sort((a, b) => a - b)[5] ?? 0
  line('approve one', `${single.toFixed(1)} ms`, '1×')
  const all = await time(rest)
  line(`bulkApprove ${rest.length.toLocaleString('en')}`, `${all.toFixed(0)} ms`, `${(all / single).toFixed(0)}×`)
}

/** What every partner is owed, per currency, of as many open commissions as there are payouts. */
async function benchPending(db: Database, file: string, rows: number): Promise<void> {
  heading('calculatePending, all partners', 'time', 'against the CLI')
  const cli = cliTime(file, pendingCliQuery(benchNow))
  const runs = []
  for (let round = 0; round < 5; round++) runs.push(await runPending(db, benchNow))
  const run = runs.sort((a, b) => a.ms - b.ms)[2]
  if (!run || run.lines !== rows) throw new Error(`${run?.lines} of ${rows} commissions were counted`)
  line('sqlite3 CLI, the same sums in one statement', cli ? `${cli.toFixed(0)} ms` : '–', '1×')
  line(
    `${run.groups.toLocaleString('en')} groups in ${run.reads} reads`,
    `${run.ms.toFixed(0)} ms`,
    cli ? `${(run.ms / cli).toFixed(2)}×` : '–',
  )
  line('  longest single read, of five rounds', `${Math.max(...runs.map(one => one.longestMs)).toFixed(1)} ms`, '')
}

/** In a process of its own, whose peak memory is then the export's. */
function benchExport(file: string, rows: number): void {
  const target = `${file}.csv`
  heading('export', 'time', 'against the CLI')
  const cli = cliExport(file, target)
  const child = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL('./export-run.ts', import.meta.url)), file, target],
    { encoding: 'utf8', cwd: root },
  )
  rmSync(target, { force: true })
  if (child.status !== 0) throw new Error(`the export failed: ${child.stderr}`)
  const run = JSON.parse(child.stdout.trim().split('\n').at(-1) ?? '') as ExportRun
  if (run.rows !== rows) throw new Error(`${run.rows} of ${rows} rows were exported`)
  line('sqlite3 CLI, the same columns', cli ? `${cli.toFixed(0)} ms` : '–', '1×')
  line(`export, ${megabytes(run.bytes)}`, `${run.ms.toFixed(0)} ms`, cli ? `${(run.ms / cli).toFixed(2)}×` : '–')
  line('  longest wait of the event loop', `${run.longestWaitMs.toFixed(0)} ms`, '')
  line('  memory, before and at its peak', `${megabytes(run.rssBefore)}, ${megabytes(run.rssPeak)}`, '')
}

const cliColumns = `'PO-' || printf('%06d', p.number), r.name, r.email, r.reference, p.status,
  iif(p.currency = 'JPY', p.amount, printf('%d.%02d', p.amount / 100, p.amount % 100)), p.currency,
  iif(p.currency = 'JPY', p.amount_reversed, printf('%d.%02d', p.amount_reversed / 100, p.amount_reversed % 100)), p.period, p.reference, p.notes,
  strftime('%Y-%m-%dT%H:%M:%SZ', p.created_at / 1000, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%SZ', p.approved_at / 1000, 'unixepoch'),
  strftime('%Y-%m-%dT%H:%M:%SZ', p.paid_at / 1000, 'unixepoch'), coalesce(p.manual_method, p.paid_via), p.transfer_id, p.manual_reference,
  p.bank_status, p.id, p.simulated`

/** Milliseconds the `sqlite3` program takes for the same columns in the same order; null where there is none. */
function cliExport(file: string, target: string): number | null {
  const query = `SELECT ${cliColumns} FROM payouts p CROSS JOIN partners r ON r.id = p.partner_id
    WHERE p.org_id = '${benchAdmin.orgId}' ORDER BY p.created_at DESC, p.id DESC;`
  return cliTime(file, query, `.mode csv\n.headers on\n.output '${target}'\n`)
}

/** Milliseconds the `sqlite3` program takes for a query; null where there is none. */
function cliTime(file: string, query: string, before = '.output /dev/null\n'): number | null {
  const input = `${before}${query.replaceAll(/\s+/g, ' ')}\n`
  const started = performance.now()
  const child = spawnSync('sqlite3', [file], { input, encoding: 'utf8' })
  if (child.error || child.status !== 0) {
    say(`  there is no sqlite3 program here to compare with${child.stderr ? `: ${child.stderr.trim()}` : ''}`)
    return null
  }
  return performance.now() - started
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function heading(name: string, ...columns: string[]): void {
  say('')
  line(name, ...columns)
}

function line(name: string, ...columns: string[]): void {
  say(`  ${name.padEnd(40)}${columns.map(column => column.padStart(18)).join('')}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main()

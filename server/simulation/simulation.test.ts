import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { historyOf, live } from './history.ts'
import { shortfalls } from './minimums.ts'
import { childSeed } from './random.ts'
import { type Report, repeatCommand } from './simulate.ts'
import { openStage } from './world.ts'

const seed = Number(process.env.SEED ?? 1)
const histories = Number(process.env.HISTORIES ?? 1_000)

test('the same seed gives the same history, to the byte, whatever happened on the stage before', async () => {
  const [used, fresh] = [await openStage(), await openStage()]
  for (let index = 0; index < 3; index++) await live(historyOf(childSeed(seed, index)), used)
  for (let index = 2; index < 5; index++) {
    const history = historyOf(childSeed(seed, index))
    const [first, second] = [await live(history, used), await live(history, fresh)]
    expect(second.story).toEqual(first.story)
    expect(second.hash).toBe(first.hash)
  }
}, 300_000)

test('a history has thirty operations and more, and neighbours are different ones', () => {
  const all = Array.from({ length: 200 }, (_, index) => historyOf(childSeed(seed, index)))
  const operations = all.reduce((sum, history) => sum + history.operations.length, 0)
  expect(operations / all.length).toBeGreaterThan(30)
  expect(new Set(all.map(history => JSON.stringify(history.operations))).size).toBe(all.length)
})

/** `npm run simulate` itself: on both cores, or a thousand histories would take too long. */
async function simulated(): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-histories-'))
  try {
    const file = join(folder, 'report.json')
    const command = fileURLToPath(new URL('../commands/simulate.ts', import.meta.url))
    const given = ['--histories', String(histories), '--seed', String(seed), '--workers', '2', '--report', file]
    const child = spawn(process.execPath, ['--import', 'tsx', command, '--silent', ...given], { stdio: 'inherit' })
    const code = await new Promise(resolve => child.once('exit', resolve))
    expect(code).toBe(0)
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('whatever people do and whatever fails, nothing that must hold is broken, and enough was tried', async () => {
  const report = await simulated()
  expect(report.failures.map(({ index, violations }) => [repeatCommand(seed, index), ...violations])).toEqual([])
  expect(report.histories).toBe(histories)
  expect(shortfalls(report.counts, report.histories)).toEqual([])
}, 1_800_000)

test('a run that exercised nothing is told so', () => {
  const nothing = { actions: {}, faults: {} }
  expect(shortfalls(nothing, 1_000).join('\n')).toMatch(/markPaid was accepted 0 times, and should be \d+ times/)
  expect(shortfalls(nothing, 1_000).join('\n')).toMatch(/stripe_hang_after struck 0 times/)
})

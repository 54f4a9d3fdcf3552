import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDatabase } from './client.ts'

let folder: string
let file: string
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-lock-'))
  file = join(folder, 'test.db')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const WRITER = `
  import { sql } from 'drizzle-orm'
  import { openDatabase } from '${new URL('./client.ts', import.meta.url)}'
  const db = await openDatabase({ url: process.env.URL })
  await db.script('CREATE TABLE things (id INTEGER PRIMARY KEY) STRICT')
  for (let id = 1; ; id++) {
    await db.write((tx) => tx.run(sql\`INSERT INTO things VALUES (\${id})\`))
    console.log(id)
  }`

/** A process that owns the file, writes on and on, and reports each number it has committed. */
function startWriter(): {
  child: ChildProcess
  acknowledged: (atLeast: number) => Promise<number>
  last: () => number
} {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', WRITER], {
    env: { ...process.env, URL: `file:${file}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout! })
  let latest = 0
  lines.on('line', line => {
    latest = Number(line)
  })
  return {
    child,
    last: () => latest,
    acknowledged: atLeast =>
      new Promise((resolve, reject) => {
        child.once('exit', () => reject(new Error('The writer ended early')))
        lines.on('line', line => Number(line) >= atLeast && resolve(Number(line)))
      }),
  }
}

it('refuses a file that another process owns, naming it, and takes it over once that was killed', async () => {
  const { child, acknowledged, last } = startWriter()
  await acknowledged(20)
  await expect(openDatabase({ url: `file:${file}` })).rejects.toThrow(
    `${file} is open in process ${child.pid}. Only one process at a time may own it: stop that one first.`,
  )
  await acknowledged(last() + 20)
  const gone = new Promise(resolve => child.stdout!.once('close', resolve))
  child.kill('SIGKILL')
  await gone
  const db = await openDatabase({ url: `file:${file}` })
  const row = await db.read.get<{ rows: number; last: number }>(
    sql`SELECT count(*) AS rows, max(id) AS last FROM things`,
  )
  expect(row.last).toBeGreaterThanOrEqual(last())
  expect(row.rows).toBe(row.last)
  expect(readFileSync(`${file}.pid`, 'utf8')).toBe(`${process.pid}\n`)
  await db.close()
  expect(existsSync(`${file}.pid`)).toBe(false)
}, 20_000)

it('refuses a second opening in the same process, also by another path, and keeps the first one guarded', async () => {
  const db = await openDatabase({ url: `file:${file}` })
  for (const url of [`file:${file}`, `file://${file}`, `file:${folder}/../${folder.split('/').at(-1)}/test.db`]) {
    await expect(openDatabase({ url })).rejects.toThrow('open in this process already')
  }
  await db.close()
  const again = await openDatabase({ url: `file:${file}` })
  await again.close()
})

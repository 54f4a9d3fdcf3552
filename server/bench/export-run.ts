import { createWriteStream } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { openDatabase } from '#db/client.ts'
import { exportPayouts } from '../payouts/export.ts'
import { filterSchema } from '../payouts/rules.ts'
import { contextFor } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import type { SignedIn } from '../trpc.ts'
import { benchAdmin } from './company.ts'

/** What one export cost; sizes in bytes. */
export interface ExportRun {
  rows: number
  bytes: number
  ms: number
  rssBefore: number
  rssPeak: number
  /** The longest that anything else would have had to wait. */
  longestWaitMs: number
}

const resolution = 2

/** Exports a bench database to a file, and prints what it cost as one line of JSON: `export-run.ts <database> <target>`. */
async function main(file: string, target: string): Promise<void> {
  const db = await openDatabase({ url: `file:${file}`, lock: false })
  const deps = await testDeps({ db })
  const ctx = contextFor(deps, benchAdmin) as unknown as SignedIn
  const filter = filterSchema.parse({})
  const rssBefore = process.memoryUsage().rss
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  const started = performance.now()
  let bytes = 0
  let lines = 0
  const { chunks } = await exportPayouts(ctx, filter)
  const counted = async function* () {
    for await (const chunk of chunks) {
      const buffer = Buffer.from(chunk)
      bytes += buffer.length
      for (let at = chunk.indexOf('\r\n'); at !== -1; at = chunk.indexOf('\r\n', at + 2)) lines++
      yield buffer
    }
  }
  await pipeline(Readable.from(counted(), { objectMode: false }), createWriteStream(target))
  const ms = performance.now() - started
  delay.disable()
  await db.close()
  const run: ExportRun = {
    rows: lines - 1,
    bytes,
    ms,
    rssBefore,
    rssPeak: process.resourceUsage().maxRSS * 1024,
    longestWaitMs: Math.max(0, delay.max / 1e6 - resolution),
  }
  process.stdout.write(`${JSON.stringify(run)}\n`)
}

const [file, target] = process.argv.slice(2)
if (!file || !target) throw new Error('give a database and a file to write')
await main(file, target)

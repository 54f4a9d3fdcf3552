// `npm run torture`: what `npm test` does to the real process forty times, a thousand times and more. The same tests, longer.
import { spawn } from 'node:child_process'
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runAsProgram } from './control.ts'

const usage = `npm run torture [-- --cycles 1000 --logs 10000 --stops 50 --seed 7 --report file.json]

  --cycles  how often the process is killed under load
  --logs    how many write-ahead logs are damaged
  --stops   how often it is asked to stop with a hundred requests in flight
  --seed    which moments and places are hit; a new one where absent
  --report  where the result of the kills goes: test-results/torture.json`

const options = {
  cycles: { type: 'string', default: '1000' },
  logs: { type: 'string', default: '10000' },
  stops: { type: 'string', default: '50' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  report: { type: 'string', default: 'test-results/torture.json' },
} as const

/** @returns the exit code: 0 where nothing was lost, and nothing was wrong */
async function main(args: string[]): Promise<number> {
  let given: ReturnType<typeof parseArgs<{ options: typeof options }>>['values']
  try {
    given = parseArgs({ args, options }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return 2
  }
  const { cycles, logs, stops, seed, report } = given
  if ([cycles, logs, stops, seed].some(text => !/^\d{1,9}$/.test(text))) {
    console.error(`These are whole numbers.\n\n${usage}`)
    return 2
  }
  console.info(`repeat: npm run torture -- --cycles ${cycles} --logs ${logs} --stops ${stops} --seed ${seed}`)
  const tests = ['torture', 'damaged-log', 'stop'].map(name => `server/process/${name}.test.ts`)
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: 'test',
    SEED: seed,
    TORTURE_CYCLES: cycles,
    TORTURE_LOGS: logs,
    TORTURE_STOPS: stops,
    TORTURE_REPORT: resolve(report),
  }
  // One after the other: each is meant to have the machine for itself.
  const child = spawn('npx', ['vitest', 'run', '--no-file-parallelism', ...tests], { env, stdio: 'inherit' })
  return new Promise((done, reject) => {
    child.once('error', reject)
    child.once('exit', code => done(code ?? 1))
  })
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() => main(process.argv.slice(2)))

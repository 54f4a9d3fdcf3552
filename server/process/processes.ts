import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

/** Ends a process with the test's own, however that one ends. */
const leash = new URL('../commands/leash.mjs', import.meta.url).href
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const root = fileURLToPath(new URL('../..', import.meta.url))
const noPages = new URL('./no-pages.mjs', import.meta.url).href
const mainEntry = fileURLToPath(new URL('../main.ts', import.meta.url))
const simulatorEntry = fileURLToPath(new URL('../simulator/main.ts', import.meta.url))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  /** All that it wrote, to both streams, in the order in which it came. */
  output: string
}

export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
  output(): string
  /** Resolves with the match as soon as the output has it; rejects when the process ends without. */
  said(pattern: RegExp): Promise<RegExpExecArray>
}

/** Starts a file as a process of its own, with nothing of this environment but what is given. It is gone when the test is over. */
export function start(
  file: string,
  given: { args?: string[]; env?: Record<string, string>; imports?: string[] } = {},
): Running {
  const imports = [...(file.endsWith('.ts') ? [tsx] : []), leash, ...(given.imports ?? [])]
  const child = spawn(process.execPath, [...imports.flatMap(url => ['--import', url]), file, ...(given.args ?? [])], {
    // Where npm starts them, and where tsx finds how to compile.
    cwd: root,
    env: { PATH: process.env.PATH, HOME: tmpdir(), NODE_ENV: 'test', ...given.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let output = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      for (const listener of listeners) listener()
    })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, output }))
  })
  return {
    child,
    ended,
    output: () => output,
    said: pattern =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output)
          if (!match) return
          listeners.delete(look)
          resolve(match)
        }
        listeners.add(look)
        look()
        ended.then(() => reject(new Error(`It ended before it said ${pattern}:\n${output}`)), reject)
      }),
  }
}

/** Starts server/main.ts itself, without its pages; or `program`, its bundle, which starts sooner. */
export function startRemit(env: Record<string, string>, program = mainEntry): Running {
  return start(program, { env, imports: [noPages] })
}

export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'remit-process-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A port that is free now: for a process that is started again and again, and must be found by those that call it. */
export async function aPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

export interface SimulatorProcess {
  url: string
  /** Calls a control endpoint such as `POST /_sim/clock`; throws unless the answer is 200. */
  control<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>
}

/** The simulator as a process of its own, with its own state file, which brings its webhooks to `port`. */
export async function startSimulator(env: Record<string, string>, port: number): Promise<SimulatorProcess> {
  const { said } = start(simulatorEntry, { env: { ...env, SIMULATOR_WEBHOOK_BASE: `http://127.0.0.1:${port}` } })
  const [, url = ''] = await said(/listens on (http:\/\/127\.0\.0\.1:\d+)/)
  return {
    url,
    async control<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T
    },
  }
}

/** A complete configuration for a process that owns `file` and talks to the simulator at `stripe`. */
export function settingsFor(given: { folder: string; port: number; stripe: string }): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: String(given.port),
    PUBLIC_URL: `http://127.0.0.1:${given.port}`,
    DATABASE_URL: `file:${given.folder}/remit.db`,
    PAYMENTS: 'simulator',
    STRIPE_API_BASE: given.stripe,
    ...stripeSecrets,
    MAIL_DIR: `${given.folder}/mail`,
    LOG_LEVEL: 'info',
  }
}

export const stripeSecrets = {
  STRIPE_SECRET_KEY: 'sk_test_simulated',
  STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_platform',
  STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_connect',
  STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_events',
}

// The demo's processes: started, listened to, waited for, stopped. Node built-ins only.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'
import { root } from './run.mjs'

const leash = pathToFileURL(path.join(root, 'server', 'commands', 'leash.mjs')).href

/**
 * @typedef {object} Started
 * @property {string} name
 * @property {import('node:child_process').ChildProcess} child
 * @property {string[]} lastLines
 * @property {Promise<string>} ended how it ended, in words: 'exit code 1', 'SIGKILL'
 */

/**
 * Starts a TypeScript file as a process of its own, on a leash (see leash.mjs).
 * @param {string} name
 * @param {string} file relative to the repository's root
 * @param {import('./run.mjs').Environment} env
 * @param {{ log: string, show: (line: string) => void }} output `log` is the file that keeps everything it says
 * @returns {Started}
 */
export function startProcess(name, file, env, { log, show }) {
  // `node --import tsx`, not the tsx command: that would be a second process between us and the one to be signalled.
  // Detached: Ctrl-C signals the whole foreground group, and the order in which these stop is ours to keep.
  const child = spawn(process.execPath, ['--import', 'tsx', '--import', leash, file], {
    cwd: root,
    env: /** @type {NodeJS.ProcessEnv} */ (env),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const keep = fs.createWriteStream(log)
  /** @type {string[]} */
  const lastLines = []
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    readline.createInterface({ input: stream }).on('line', line => {
      keep.write(`${line}\n`)
      lastLines.push(line)
      if (lastLines.length > 20) lastLines.shift()
      show(line)
    })
  }
  const ended = new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    // 'close', not 'exit': its last words arrive between the two.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  void ended.then(() => keep.end())
  return { name, child, lastLines, ended }
}

/**
 * Stops it, by force when it takes longer than the given time, and waits until it is gone.
 * @param {Started} started
 * @param {number} patience milliseconds
 */
export async function stopProcess({ child, ended }, patience) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), patience)
  await ended
  clearTimeout(force)
}

/**
 * Waits until a URL is answered.
 * @param {string} url
 * @param {Started} started who is to answer it
 * @param {(status: number) => boolean} isReady
 * @param {number} patience milliseconds
 * @throws when it ends before, or when the time is over
 */
export async function untilAnswered(url, { name, ended }, isReady, patience) {
  const deadline = Date.now() + patience
  let end = ''
  void ended.then(how => {
    end = how
  })
  while (Date.now() < deadline) {
    if (end) throw new Error(`${name} did not start (${end})`)
    const status = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) }).then(
      response => response.body?.cancel().then(() => response.status),
      () => undefined,
    )
    if (status !== undefined && isReady(status)) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`${name} did not answer ${url} within ${patience / 1000} seconds`)
}

/**
 * The port to use: a given one must be free, otherwise the next free one from the usual one on.
 * @param {string} name the variable it is given by
 * @param {string | undefined} given
 * @param {number} usual
 * @param {number[]} taken ports that are spoken for
 * @throws when the given one is in use or no port
 */
export async function choosePort(name, given, usual, taken = []) {
  if (given) {
    const port = Number(given)
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${name}=${given} is not a port number`)
    if (!(await isFree(port))) throw new Error(`${name}=${given} is in use by another program`)
    return port
  }
  for (let port = usual; port < usual + 100; port++) if (!taken.includes(port) && (await isFree(port))) return port
  throw new Error(`No free port between ${usual} and ${usual + 99}: set ${name}`)
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

const levels = new Map([
  [40, 'warn'],
  [50, 'ERROR'],
  [60, 'FATAL'],
])
const dull = ['level', 'time', 'pid', 'hostname', 'name', 'msg', 'err', 'v']

/** What is said all the time, and is in the full logs: whoever tries the demo looks for the address and the logins. */
const everyday = new Set(['request', 'audit anchor'])

/**
 * One short line for a line of a log: pino's JSON in words, everything else as it is.
 * @param {string} name of the process
 * @param {string} line
 * @returns {string | undefined} undefined for what is only for debugging
 */
export function conciseLine(name, line) {
  const prefix = name.padEnd(9)
  /** @type {Record<string, unknown> | undefined} */
  let entry
  try {
    if (line.startsWith('{')) entry = JSON.parse(line)
  } catch {
    // Not JSON, only a brace.
  }
  if (entry === undefined) return `${prefix} ${line}`
  const level = Number(entry.level)
  if (level < 30 || (level === 30 && everyday.has(String(entry.msg)))) return undefined
  const facts = Object.entries(entry)
    .filter(([key, value]) => !dull.includes(key) && ['string', 'number', 'boolean'].includes(typeof value))
    .map(([key, value]) => `${key}=${value}`)
  const { err } = entry
  if (typeof err === 'object' && err !== null && 'message' in err) facts.push(`– ${err.message}`)
  const text = [prefix, levels.get(level), entry.msg, ...facts].filter(Boolean).join(' ')
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}

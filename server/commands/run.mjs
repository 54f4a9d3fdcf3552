// Running other programs for the commands that must work before anything is installed: Node built-ins only.
import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root; every command works there, wherever it was called from. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** @param {string} name a program that a package of ours brings along */
export const bin = name => path.join(root, 'node_modules', '.bin', name)

/** @param {string} url a module's `import.meta.url`; true when that file is what Node was started with */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url)
}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`)
}

/** @param {number} milliseconds */
export function seconds(milliseconds) {
  return milliseconds < 60_000
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`
}

/** Into a log, as CI keeps it, no colours: some tools send them there whenever CI is set. */
export const plain = !process.stdout.isTTY && !process.env.FORCE_COLOR

/**
 * When the npm that started us is killed, nobody can stop us any more: then we stop ourselves, as for a SIGTERM. (It is
 * our parent, because the scripts in package.json say `exec`; without that, a shell in between would keep npm's own
 * SIGTERM to itself.)
 */
export function stopWithNpm() {
  const npm = process.ppid
  if (!process.env.npm_lifecycle_event) return
  const watch = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 1000)
  watch.unref()
}

/** @typedef {Record<string, string | undefined>} Environment */

/** Configuration of a real installation, which no test and no demo may pick up from the shell it is started in. */
const installation = [
  ...['NODE_ENV', 'HOST', 'PORT', 'PUBLIC_URL', 'DATABASE_URL', 'DATABASE_AUTH_TOKEN', 'PAYMENTS'],
  ...['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET_PLATFORM', 'STRIPE_WEBHOOK_SECRET_CONNECT'],
  ...['STRIPE_WEBHOOK_SECRET_EVENTS', 'SIMULATOR_STATE', 'SMTP_URL', 'MAIL_FROM', 'MAIL_DIR', 'TRUST_PROXY'],
]

/**
 * The environment without any of that. STRIPE_API_BASE and SIMULATOR_PORT stay, so that a recording proxy can stand
 * between the app and the simulator.
 * @param {Environment} env
 * @returns {Environment}
 */
export function withoutInstallation(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !installation.includes(name)))
}

/**
 * Runs a program to its end with its output shown, and returns its exit code (127 when it can't be started, 128 and
 * the signal's number when it was killed). A signal to us reaches it and everything it started, once; then we end too.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Environment }} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, { env = process.env } = {}) {
  return new Promise(resolve => {
    // A group of its own: Ctrl-C in a terminal signals the whole foreground group and npm forwards it once more, and
    // Vitest and Playwright read a second signal as "stop at once", leaving their own children behind.
    const child = spawn(command, args, {
      cwd: root,
      env: /** @type {NodeJS.ProcessEnv} */ (env),
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    /** @type {NodeJS.Signals | undefined} */
    let stopping
    let stoppedAt = 0
    /** @param {NodeJS.Signals} signal */
    const stop = signal => {
      const impatient = stopping !== undefined && Date.now() - stoppedAt > 1000
      if (stopping !== undefined && !impatient) return
      stopping = signal
      stoppedAt = Date.now()
      signalGroup(child.pid, impatient ? 'SIGKILL' : signal)
    }
    for (const signal of signals) process.on(signal, stop)
    let ended = false
    /** @param {number} code */
    const end = code => {
      if (ended) return
      ended = true
      for (const signal of signals) process.off(signal, stop)
      if (stopping !== undefined) process.exit(128 + os.constants.signals[stopping])
      resolve(code)
    }
    child.on('error', error => {
      say(`Could not start ${command}: ${error.message}`)
      end(127)
    })
    child.on('exit', (code, signal) => end(code ?? (signal ? 128 + os.constants.signals[signal] : 1)))
  })
}

/** @type {NodeJS.Signals[]} */
export const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * @param {number | undefined} pid of a process that leads its own group
 * @param {NodeJS.Signals} signal
 */
export function signalGroup(pid, signal) {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Already gone, which is what was wanted.
  }
}

// Makes a fresh clone ready: packages, the production build, a browser for the end-to-end tests. Each does nothing when
// nothing has changed. Node built-ins only. `node server/commands/setup.mjs [packages] [build] [browser]`.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { ensureBrowser } from './browser.mjs'
import { bin, isMain, plain, root, run, say, seconds } from './run.mjs'

const cache = path.join(root, '.cache')
const installStamp = path.join(root, 'node_modules', '.cache', 'remit', 'installed')
const buildStamp = path.join(root, 'build', '.sources')

/**
 * @param {string} version as in `process.versions.node`
 * @returns {string | undefined} what to do about it, when this Node is too old
 */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return undefined
  return `Remit needs Node 20.19 or newer, and this is ${version}. Get one from https://nodejs.org`
}

/**
 * Installs the packages of the lock file, unless they are there. Ends the process when that fails.
 * @param {{ development?: boolean }} [options] `development: false` is content with an installation without the tools
 *   of developers (`npm ci --omit=dev`), as a production image has it
 */
export async function ensureInstalled({ development = true } = {}) {
  const problem = nodeProblem(process.versions.node)
  if (problem) return fail(problem)
  if (isInstalled(development)) return
  await alone('packages', async () => {
    if (isInstalled(development)) return
    say('Installing packages (about a minute the first time) …')
    const started = Date.now()
    // NODE_ENV=production or `omit=dev` in an .npmrc would leave out what builds and tests.
    const options = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
    const progress = process.stdout.isTTY
      ? undefined
      : setInterval(() => say(`  … still installing (${seconds(Date.now() - started)})`), 15_000)
    try {
      if ((await npm(['ci', ...options])) !== 0) {
        say('npm ci failed (see above). Trying npm install, which may change package-lock.json …')
        if ((await npm(['install', ...options])) !== 0)
          return fail('The packages could not be installed. Repeat with: npm install')
      }
    } finally {
      clearInterval(progress)
    }
    writeStamp(installStamp, installFingerprint())
    say(`Packages installed in ${seconds(Date.now() - started)}.`)
  })
}

/** @param {boolean} development */
function isInstalled(development) {
  if (readStamp(installStamp) === installFingerprint()) return true
  // Installed by hand, or by a CI that does so first: npm leaves a record of what it has put there.
  const complete = holdsLock(
    readJson(path.join(root, 'package-lock.json')),
    readJson(path.join(root, 'node_modules', '.package-lock.json')),
    { development },
  )
  if (complete && development) writeStamp(installStamp, installFingerprint())
  return complete
}

function installFingerprint() {
  const hash = createHash('sha256').update(fs.readFileSync(path.join(root, 'package-lock.json')))
  return `${hash.digest('hex')} node${process.versions.node.split('.')[0]} ${process.platform}-${process.arch}`
}

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lock
 */

/**
 * Whether what npm recorded in node_modules is what the lock file asks for. Optional packages may be missing: most are
 * another platform's binaries.
 * @param {Lock | undefined} lock
 * @param {Lock | undefined} installed
 * @param {{ development: boolean }} options
 */
export function holdsLock(lock, installed, { development }) {
  if (!lock?.packages || !installed?.packages) return false
  const found = installed.packages
  return Object.entries(lock.packages).every(([location, wanted]) => {
    if (location === '' || found[location]?.version === wanted.version) return true
    if (found[location]) return false
    return Boolean(wanted.optional || (!development && (wanted.dev || wanted.devOptional)))
  })
}

/** @param {string[]} args */
function npm(args) {
  // The npm that runs us, where one does: it may not be on the PATH.
  const cli = process.env.npm_execpath
  return cli && path.basename(cli) === 'npm-cli.js' ? run(process.execPath, [cli, ...args]) : run('npm', args)
}

/**
 * Builds what the browser and the server need, unless the build is of exactly these sources. Returns the exit code of
 * the build, 0 when there was nothing to do.
 * @param {{ force?: boolean }} [options]
 */
export async function ensureBuild({ force = false } = {}) {
  const isBuilt = () => !force && readStamp(buildStamp) === sourcesFingerprint()
  if (isBuilt()) return 0
  return alone('build', async () => {
    if (isBuilt()) return 0
    say('Building …')
    const started = Date.now()
    // Taken first: a file saved while we build must count as changed. Without a stamp a broken build is never served.
    const fingerprint = sourcesFingerprint()
    fs.rmSync(buildStamp, { force: true })
    // VITEST would switch Remix's plugin off.
    const env = { ...process.env, NODE_ENV: 'production', VITEST: undefined, ...(plain ? { NO_COLOR: '1' } : {}) }
    const code = await run(bin('remix'), ['vite:build'], { env })
    if (code !== 0) return code
    writeStamp(buildStamp, fingerprint)
    say(`Built in ${seconds(Date.now() - started)}.`)
    return 0
  })
}

const sources = ['app', 'server', 'db', 'emails', 'public', 'vite.config.ts', 'remix.config.js', 'tsconfig.json']

/** By content, not by time: a checkout touches files that it does not change. */
export function sourcesFingerprint(base = root) {
  const hash = createHash('sha256')
  for (const source of [...sources, 'package.json', 'package-lock.json'])
    for (const file of filesUnder(path.join(base, source))) {
      hash
        .update(`${path.relative(base, file)}\0`)
        .update(fs.readFileSync(file))
        .update('\0')
    }
  return hash.digest('hex')
}

/**
 * @param {string} location
 * @returns {string[]} its files in a fixed order, without tests; none when it does not exist
 */
function filesUnder(location) {
  const stat = fs.statSync(location, { throwIfNoEntry: false })
  if (!stat) return []
  if (!stat.isDirectory()) return /\.test\.tsx?$/.test(location) ? [] : [location]
  return fs
    .readdirSync(location)
    .sort()
    .flatMap(name => filesUnder(path.join(location, name)))
}

/**
 * Two commands started at once on a fresh clone must not install into the same folder. The lock is a file that its
 * holder touches; one that is left untouched was left by a killed process.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function alone(name, work) {
  const lock = path.join(cache, `${name}.lock`)
  fs.mkdirSync(cache, { recursive: true })
  for (let waited = 0; ; waited++) {
    try {
      fs.closeSync(fs.openSync(lock, 'wx'))
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const touched = fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (touched !== undefined && Date.now() - touched > 15_000) fs.rmSync(lock, { force: true })
    else if (waited === 0) say(`Another command is at it (${name}); waiting …`)
    await new Promise(resolve => setTimeout(resolve, 250))
  }
  const touch = setInterval(() => fs.utimesSync(lock, new Date(), new Date()), 2000)
  const release = () => fs.rmSync(lock, { force: true })
  process.on('exit', release)
  try {
    return await work()
  } finally {
    clearInterval(touch)
    release()
    process.off('exit', release)
  }
}

/** @param {string} file */
function readStamp(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
}

/**
 * @param {string} file
 * @param {string} stamp
 */
function writeStamp(file, stamp) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, stamp)
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

if (isMain(import.meta.url)) {
  const wanted = process.argv.slice(2)
  const all = wanted.length === 0
  await ensureInstalled({ development: all || wanted.some(name => name !== 'build') })
  // Asked for by name, a build is made even if there is one.
  if (all || wanted.includes('build')) process.exitCode = await ensureBuild({ force: !all })
  if (all || wanted.includes('browser')) say(`Browser: ${(await ensureBrowser()) ?? 'none'}`)
}

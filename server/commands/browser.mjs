// Finds a browser for the end-to-end tests, or gets one. Node built-ins only.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bin, run, say } from './run.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const macApps = ['Google Chrome', 'Chromium']

/** One line for whoever has none of the ways open. */
export const noBrowser =
  'No browser: install Chromium or Chrome, or set CHROMIUM_PATH to one, then repeat: npm test -- e2e'

/**
 * Where a browser may be, best first.
 * @param {{ env: import('./run.mjs').Environment, platform: NodeJS.Platform, home: string, playwright?: string }} facts
 *   `playwright` is where its own download would be
 */
export function candidates({ env, platform, home, playwright }) {
  const folders = (env.PATH ?? '').split(path.delimiter).filter(Boolean)
  const apps =
    platform === 'darwin'
      ? ['/Applications', path.join(home, 'Applications')].flatMap(folder =>
          macApps.map(app => path.join(folder, `${app}.app`, 'Contents', 'MacOS', app)),
        )
      : []
  return [
    ...(env.CHROMIUM_PATH ? [env.CHROMIUM_PATH] : []),
    ...names.flatMap(name => folders.map(folder => path.join(folder, name))),
    ...apps,
    ...(playwright ? [playwright] : []),
  ]
}

/**
 * @typedef {'apt' | 'playwright-with-libraries' | 'playwright'} Way
 * @param {{ platform: NodeJS.Platform, isRoot: boolean, hasApt: boolean }} facts
 * @returns {Way[]} the ways to get a browser, to be tried in this order until one works
 */
export function waysToGet({ platform, isRoot, hasApt }) {
  // Ubuntu's chromium package is only a pointer to a snap: what apt brought is tried out before it counts, and
  // Playwright's own comes with the libraries it needs.
  if (platform === 'linux' && isRoot && hasApt) return ['apt', 'playwright-with-libraries', 'playwright']
  return ['playwright']
}

/**
 * A browser that is installed on this machine.
 * @param {string} [playwright] where Playwright's own download would be
 * @returns {string | undefined} its path
 */
export function findBrowser(playwright) {
  const facts = { env: process.env, platform: process.platform, home: os.homedir(), playwright }
  return candidates(facts).find(works)
}

/**
 * Finds a browser, or installs one.
 * @returns {Promise<string | undefined>} its path; undefined after a line that says what to do
 */
export async function ensureBrowser() {
  const given = process.env.CHROMIUM_PATH
  if (given && !works(given)) say(`CHROMIUM_PATH=${given} is not a browser that starts; looking for another.`)
  const found = findBrowser(await playwrightBrowser())
  if (found) return found
  const facts = { platform: process.platform, isRoot: process.getuid?.() === 0, hasApt: hasCommand('apt-get') }
  for (const way of waysToGet(facts)) {
    await get(way)
    const brought = findBrowser(await playwrightBrowser())
    if (brought) return brought
  }
  say(noBrowser)
  return undefined
}

/** @param {Way} way */
async function get(way) {
  if (way === 'apt') {
    say('Installing a browser (apt-get install chromium, about a minute) …')
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    // Another apt-get may be running (an image's first boot): wait for it. A mirror that is out of reach must not.
    const options = [
      '-q',
      '-o',
      'DPkg::Lock::Timeout=300',
      '-o',
      'Acquire::Retries=1',
      '-o',
      'Acquire::http::Timeout=30',
    ]
    await run('apt-get', ['update', ...options], { env })
    await run('apt-get', ['install', '-y', ...options, 'chromium'], { env })
  } else {
    say("Downloading Playwright's own browser …")
    const libraries = way === 'playwright-with-libraries' ? ['--with-deps'] : []
    await run(bin('playwright'), ['install', ...libraries, 'chromium'])
  }
}

async function playwrightBrowser() {
  try {
    return (await import('playwright')).chromium.executablePath()
  } catch {
    return undefined // Not installed yet, or not for this platform.
  }
}

/** @param {string} file */
function works(file) {
  if (!fs.existsSync(file)) return false
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 && /chrom/i.test(stdout)
}

/** @param {string} name */
function hasCommand(name) {
  return (process.env.PATH ?? '').split(path.delimiter).some(folder => fs.existsSync(path.join(folder, name)))
}

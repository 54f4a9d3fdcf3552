import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { candidates, waysToGet } from './browser.mjs'
import { withoutInstallation } from './run.mjs'
import { holdsLock, nodeProblem, sourcesFingerprint } from './setup.mjs'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
})

test('an old Node is told what to do, a new one is let in', () => {
  expect(nodeProblem('18.20.4')).toContain('Node 20.19 or newer, and this is 18.20.4')
  expect(nodeProblem('20.18.9')).toBeDefined()
  expect(nodeProblem('20.19.0')).toBeUndefined()
  expect(nodeProblem('24.1.0')).toBeUndefined()
})

const lock = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/express': { version: '4.22.3' },
    'node_modules/knip': { version: '6.0.0', dev: true },
    'node_modules/@esbuild/darwin-arm64': { version: '1.0.0', optional: true },
  },
}
const express = { 'node_modules/express': { version: '4.22.3' } }
const knip = { 'node_modules/knip': { version: '6.0.0' } }

test('an installation made by hand counts when it holds all that the lock file asks for', () => {
  expect(holdsLock(lock, { packages: { ...express, ...knip } }, { development: true })).toBe(true)
  expect(holdsLock(lock, undefined, { development: true })).toBe(false)
  expect(holdsLock(lock, { packages: knip }, { development: true })).toBe(false)
  const older = { 'node_modules/express': { version: '4.22.2' } }
  expect(holdsLock(lock, { packages: { ...older, ...knip } }, { development: true })).toBe(false)
})

test('an installation without the development tools is enough for production, and only for that', () => {
  expect(holdsLock(lock, { packages: express }, { development: true })).toBe(false)
  expect(holdsLock(lock, { packages: express }, { development: false })).toBe(true)
})

test('the build is renewed when a source changes, and not when only its time or a test does', () => {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'remit-sources-'))
  folders.push(base)
  fs.mkdirSync(path.join(base, 'app'))
  const source = path.join(base, 'app', 'root.tsx')
  fs.writeFileSync(source, 'one')
  const before = sourcesFingerprint(base)

  fs.utimesSync(source, new Date(0), new Date(0))
  fs.writeFileSync(path.join(base, 'app', 'root.test.ts'), 'a test')
  expect(sourcesFingerprint(base)).toBe(before)

  fs.writeFileSync(source, 'two')
  expect(sourcesFingerprint(base)).not.toBe(before)
  fs.writeFileSync(source, 'one')
  expect(sourcesFingerprint(base)).toBe(before)
  fs.renameSync(source, path.join(base, 'app', 'other.tsx'))
  expect(sourcesFingerprint(base)).not.toBe(before)
})

test('a given browser comes first, then those on the PATH, then the Mac applications, then the download', () => {
  const env = { CHROMIUM_PATH: '/opt/mine', PATH: '/usr/local/bin:/usr/bin' }
  const found = candidates({ env, platform: 'darwin', home: '/Users/ada', playwright: '/cache/chrome' })
  expect(found[0]).toBe('/opt/mine')
  expect(found.slice(1, 3)).toEqual(['/usr/local/bin/chromium', '/usr/bin/chromium'])
  expect(found).toContain('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome')
  expect(found).toContain('/Users/ada/Applications/Chromium.app/Contents/MacOS/Chromium')
  expect(found.at(-1)).toBe('/cache/chrome')
  expect(candidates({ env: {}, platform: 'linux', home: '/root' })).toEqual([])
})

test('apt is asked only by root on a Linux that has it, and Playwright downloads where it is not', () => {
  expect(waysToGet({ platform: 'linux', isRoot: true, hasApt: true })[0]).toBe('apt')
  expect(waysToGet({ platform: 'linux', isRoot: true, hasApt: true })).toContain('playwright')
  expect(waysToGet({ platform: 'linux', isRoot: false, hasApt: true })).toEqual(['playwright'])
  expect(waysToGet({ platform: 'linux', isRoot: true, hasApt: false })).toEqual(['playwright'])
  expect(waysToGet({ platform: 'darwin', isRoot: true, hasApt: true })).toEqual(['playwright'])
})

test("neither tests nor demo see a real installation's settings, but may have a proxy to the simulator", () => {
  const env = { PATH: '/bin', STRIPE_SECRET_KEY: 'sk_live_1', DATABASE_URL: 'libsql://real', SMTP_URL: 'smtp://real' }
  const proxy = { STRIPE_API_BASE: 'http://127.0.0.1:9', SIMULATOR_PORT: '12111' }
  expect(withoutInstallation({ ...env, ...proxy })).toEqual({ PATH: '/bin', ...proxy })
})

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

// What can be read off the source itself, where no run of it could show that something is never done.

const text = /\.(tsx?|m?js|json|md|css|sql|html|csv|yml)$/
const files = [
  ...['app', 'server', 'db', 'emails', 'e2e', 'docs'].flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => `${folder}/${name}`),
  ),
  ...readdirSync('.').filter(name => name !== 'package-lock.json'),
].filter(name => text.test(name) || name === '.env.example')
const sources = new Map(files.map(name => [name, readFileSync(name, 'utf8')]))

/** Code that runs in production: no tests, and nothing that only tests, benches and simulations call. */
const product = [...sources].filter(
  ([name]) =>
    /^(app|server|db|emails)\/.*\.(tsx?|mjs)$/.test(name) &&
    !/\.test\.|(^|\/)(test|testing|attack|bench|simulation|simulator|process)[/.]|samples\.ts/.test(name),
)

const holding = (pattern: RegExp, list = product) =>
  list.flatMap(([name, source]) => (pattern.test(source) ? [name] : [])).sort()

test('raw SQL stands in these files, and nowhere else', () => {
  expect(product.length).toBeGreaterThan(300)
  // Each gets names of columns, of tables or of our own lists, and never what somebody typed.
  expect(holding(/\bsql\.raw\(/)).toEqual([
    'server/deals/list.ts',
    'server/invariants/approvals.ts',
    'server/invariants/history.ts',
    'server/invariants/references.ts',
    'server/invariants/walk.ts',
    'server/payouts/csv.ts',
    'server/payouts/list.ts',
  ])
})

test('chance comes from the machine’s generator, never from Math.random', () => {
  expect(holding(/\bMath\s*\.\s*random\b/)).toEqual([])
  expect(holding(/\brandomBytes\(/)).toEqual(['server/commands/demo.mjs', 'server/deps.ts', 'server/http/headers.ts'])
})

test('the browser’s storage is for whether keys are on, and for nothing else', () => {
  expect(holding(/\b(localStorage|sessionStorage|indexedDB|caches\.open|document\.cookie)\b/)).toEqual([
    'app/routes/admin/payouts/keys.tsx',
  ])
})

test('no file holds a key of anything real', () => {
  expect(sources.size).toBeGreaterThan(600)
  // A key of Stripe's has 24 characters and more after its kind; whatever tests make up is shorter or says what it is.
  const real =
    /\b(?:[sr]k_live_(?!0123)[0-9A-Za-z]{20,}|sk_test_(?!0123)[0-9A-Za-z]{24,}|whsec_[0-9A-Za-z+/]{32,}|gh[pousr]_[0-9A-Za-z]{36}|AKIA[0-9A-Z]{16}|xox[abp]-[0-9A-Za-z-]{20,})|-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{64}/
  expect(holding(real, [...sources])).toEqual([])
})

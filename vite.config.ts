/// <reference types="vitest/config" />
import { vitePlugin as remix } from '@remix-run/dev'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { denyImports } from 'vite-env-only'
import remixConfig from './remix.config.js'

const tests = ['{app,server,db,emails}/**/*.test.{ts,tsx}']
/** Tests that put something else in a module's place: each has its modules to itself. */
const replacing = ['server/auth/{password,service}.test.ts']
/** Tests of what decides about money, permission and state; together they take every branch of it. */
const deciding = [
  'server/{lib,ledger,payouts,commissions,runs,attribution,deals,disputes}/**/*.test.ts',
  'server/auth/{proof,roles}.test.ts',
  'server/http/app.test.ts',
  'server/stripe/{events,references}.test.ts',
  'server/{work,trpc}.test.ts',
]
/** What decides about money, permission and state. */
const decisions = [
  'server/lib/{money,shares,machine,percent,period,must,errors}.ts',
  'server/auth/rules.ts',
  'server/ledger/*.ts',
  'server/payouts/{rules,transition,blockers,refusals,lines,settle,pay,transfer,facts,release-line,limits}.ts',
  'server/commissions/{calculate,match,plan,target,rematch}.ts',
  'server/runs/{plan,ledger,rules}.ts',
  'server/attribution/{attribute,pools,winners,weights,touches,decay}.ts',
  'server/{work,trpc}.ts',
]

export default defineConfig({
  plugins: [
    tailwindcss(),
    // The browser may see what a domain allows (its rules) and the pure library; never its services, tables or secrets.
    denyImports({ client: { files: ['server/*.ts', 'server/!(lib)/**/!(rules).ts', 'db/**', 'emails/**'] } }),
    process.env.VITEST ? null : remix(remixConfig),
  ],
  server: { host: '127.0.0.1' },
  build: { target: 'es2022' },
  test: {
    projects: [
      // What a file imports is loaded once for all of them: nothing here keeps state in a module, and loading took a second for each.
      { extends: true, test: { name: 'deciding', include: deciding, isolate: false } },
      {
        extends: true,
        test: { name: 'together', include: tests, exclude: [...deciding, ...replacing], isolate: false },
      },
      { extends: true, test: { name: 'alone', include: replacing } },
    ],
    // `npm test -- deciding`. One branch that no test takes is red; the report says which.
    coverage: {
      provider: 'v8',
      include: decisions,
      thresholds: { branches: 100 },
      reporter: [['text', { skipFull: true }], 'html'],
      reportsDirectory: 'test-results/coverage',
    },
    setupFiles: ['server/test/setup.ts'],
    // Nothing here waits for time; a busy machine is slow to import, that is all.
    testTimeout: 30_000,
    // All cores: much of what runs here waits for processes and sockets. Left to itself, Vitest keeps one core free.
    maxWorkers: '100%',
    // Killed processes and real sockets on a shared CI machine get a second look; nowhere else.
    retry: process.env.CI ? 1 : 0,
  },
})

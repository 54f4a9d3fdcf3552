/// <reference types="vitest/config" />
import { vitePlugin as remix } from '@remix-run/dev'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { denyImports } from 'vite-env-only'
import remixConfig from './remix.config.js'

/** Tests that put something else in a module's place: each has its modules to itself. */
const replacing = ['server/auth/{password,service}.test.ts']
const tests = ['{app,server,db,emails}/**/*.test.{ts,tsx}']

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
      { extends: true, test: { name: 'together', include: tests, exclude: replacing, isolate: false } },
      { extends: true, test: { name: 'alone', include: replacing } },
    ],
    setupFiles: ['server/test/setup.ts'],
    // Nothing here waits for time; a busy machine is slow to import, that is all.
    testTimeout: 30_000,
    // All cores: much of what runs here waits for processes and sockets. Left to itself, Vitest keeps one core free.
    maxWorkers: '100%',
    // Killed processes and real sockets on a shared CI machine get a second look; nowhere else.
    retry: process.env.CI ? 1 : 0,
  },
})

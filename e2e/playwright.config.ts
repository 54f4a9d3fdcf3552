import { defineConfig } from 'playwright/test'
import { findBrowser } from '#server/commands/browser.mjs'

// Workers read this file too: what was found once is handed on. Without any, Playwright looks for its own download.
process.env.CHROMIUM_PATH ||= findBrowser() ?? ''

export default defineConfig({
  testDir: '.',
  // Not `test-results` itself: Playwright empties this folder, and the unit tests' report lies in that one.
  outputDir: '../test-results/e2e',
  reporter: [['list'], ['json', { outputFile: '../test-results/e2e.json' }]],
  // Each worker has a world of its own: processes, ports, files. Two, since axe keeps one core busy while the other would wait.
  workers: 2,
  // A busy CI machine gets a second look; what passes only then is reported as flaky.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  globalTimeout: 30 * 60_000,
  expect: { timeout: 10_000 },
  use: {
    headless: true,
    locale: 'en-US',
    timezoneId: 'UTC',
    // Recording slows every step. To see what happened, repeat the failed one with it: npm test -- e2e <file> --trace on
    trace: 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH || undefined,
      args: [
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-dev-shm-usage',
        '--disable-gpu',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
})

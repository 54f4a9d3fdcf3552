// `npm test`: installs what is missing, checks everything, and says what failed and how to repeat it. `npm test -- unit`
// runs one stage, and what follows is for its tool: `npm test -- unit server/payouts`. Node built-ins only.
import fs from 'node:fs'
import path from 'node:path'
import { ensureBrowser, noBrowser } from './browser.mjs'
import { bin, isMain, plain, root, run, say, seconds, stopWithNpm, withoutInstallation } from './run.mjs'
import { ensureBuild, ensureInstalled } from './setup.mjs'
import { addCounts, e2eCounts, e2eFailures, stageCounts, summary, unitCounts, unitFailures } from './totals.mjs'

/** @typedef {import('./totals.mjs').Counts} Counts */
/** @typedef {{ name: string, counts: Counts, ms: number, note?: string }} Result */

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} title
 * @property {string} repeat the command that mends or repeats it
 * @property {string} [needs] a stage that must not have failed
 * @property {string} [report] the file its tool counts its tests in
 * @property {(args: string[]) => Promise<number>} start resolves with an exit code
 */

// A clean environment: a developer's shell may hold a real database and a live Stripe key.
const env = { ...withoutInstallation(process.env), VITEST: undefined, ...(plain ? { NO_COLOR: '1' } : {}) }
const config = 'e2e/playwright.config.ts'
const decidingReport = 'test-results/deciding.json'
const unitReport = 'test-results/unit.json'
const e2eReport = 'test-results/e2e.json'

/**
 * @param {string} report
 * @param {string[]} args
 */
function vitest(report, args) {
  // A forgotten .only must not pass as a whole run.
  const options = ['--allowOnly=false', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return run(bin('vitest'), ['run', ...options, ...args], { env: { ...env, NODE_ENV: 'test' } })
}

/** @type {Stage[]} */
export const stages = [
  {
    name: 'lint',
    title: 'Format and lint',
    repeat: 'npx biome check --write',
    start: args =>
      run(bin('biome'), ['ci', '--error-on-warnings', ...(plain ? ['--colors=off'] : []), ...args], { env }),
  },
  {
    name: 'types',
    title: 'Types',
    repeat: 'npm test -- types',
    start: args => run(bin('tsc'), ['--noEmit', ...args], { env }),
  },
  {
    name: 'unused',
    title: 'Unused code and dependencies',
    repeat: 'npm test -- unused',
    start: args => run(bin('knip'), args, { env }),
  },
  {
    name: 'deciding',
    title: 'Money, permission and state, every branch',
    repeat: 'npm test -- deciding',
    report: decidingReport,
    // Of a part of them the coverage says nothing.
    start: args => vitest(decidingReport, ['--project=deciding', ...(args.length > 0 ? args : ['--coverage'])]),
  },
  {
    name: 'unit',
    title: 'All other unit and integration tests',
    repeat: 'npm test -- unit',
    report: unitReport,
    start: args => vitest(unitReport, args.length > 0 ? args : ['--project=together', '--project=alone']),
  },
  { name: 'build', title: 'Production build', repeat: 'npm run build', start: () => ensureBuild() },
  {
    name: 'e2e',
    title: 'End-to-end tests',
    repeat: 'npm test -- e2e',
    needs: 'build',
    report: e2eReport,
    start: args => {
      if (!process.env.CHROMIUM_PATH) return Promise.resolve(1)
      const options = ['-c', config, '--forbid-only', ...args]
      return run(bin('playwright'), ['test', ...options], { env: { ...env, CHROMIUM_PATH: process.env.CHROMIUM_PATH } })
    },
  },
]

/**
 * Which stages to run, and what to hand to their tool.
 * @param {string[]} args
 * @returns {{ chosen: Stage[], rest: string[] } | { problem: string }}
 */
export function choose(args) {
  const names = stages.map(stage => stage.name)
  const firstOther = args.findIndex(arg => !names.includes(arg))
  const wanted = firstOther < 0 ? args : args.slice(0, firstOther)
  const rest = firstOther < 0 ? [] : args.slice(firstOther)
  if (rest.length > 0 && wanted.length !== 1)
    return { problem: `There is no stage "${rest[0]}". Usage: npm test -- [${names.join('|')}] [for its tool …]` }
  // The browser needs the pages of these sources, whoever asks.
  const chosen = stages.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  if (wanted.includes('e2e') && !wanted.includes('build')) chosen.unshift(...stages.filter(s => s.name === 'build'))
  return { chosen, rest }
}

/**
 * @param {Stage} stage
 * @param {string[]} args
 * @returns {Promise<Result>}
 */
async function check(stage, args) {
  say(`\n── ${stage.title} ${'─'.repeat(Math.max(0, 60 - stage.title.length))}`)
  const report = stage.report && path.join(root, stage.report)
  if (report) fs.rmSync(report, { force: true })
  const started = Date.now()
  const code = await stage.start(args)
  const ms = Date.now() - started
  const read = report && fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : undefined
  const counted = read && (stage.name === 'e2e' ? e2eCounts(read) : unitCounts(read))
  const counts = stageCounts(code, counted, { hasTests: report !== undefined })
  if (counts.failed === 0) {
    say(`${stage.title}: passed in ${seconds(ms)}`)
    return { name: stage.name, counts, ms }
  }
  say(`${stage.title}: FAILED in ${seconds(ms)}`)
  if (code === 0) say('No test ran, which counts as a failure.')
  const failures = read ? (stage.name === 'e2e' ? e2eFailures(read, config) : unitFailures(read, root)) : []
  for (const command of [...failures.slice(0, 20), stage.repeat]) say(`  repeat: ${command}`)
  return { name: stage.name, counts, ms, note: stage.repeat }
}

/** @param {string[]} args */
async function main(args) {
  const choice = choose(args)
  if ('problem' in choice) {
    say(choice.problem)
    process.exit(2)
  }
  stopWithNpm()
  const started = Date.now()
  await ensureInstalled()
  fs.mkdirSync(path.join(root, 'test-results'), { recursive: true })
  if (choice.chosen.some(stage => stage.name === 'e2e')) {
    const browser = await ensureBrowser()
    process.env.CHROMIUM_PATH = browser ?? ''
    if (browser) say(`Browser: ${browser}`)
  }
  /** @type {Result[]} */
  const results = []
  for (const stage of choice.chosen) {
    const blocking = results.find(result => result.name === stage.needs && result.counts.failed > 0)
    if (!blocking) results.push(await check(stage, stage.name === 'build' ? [] : choice.rest))
    else {
      const note = `not run: ${blocking.name} failed`
      say(`\n${stage.title}: ${note}`)
      results.push({ name: stage.name, counts: { passed: 0, failed: 1, skipped: 0 }, ms: 0, note })
    }
    if (stage.name === 'e2e' && !process.env.CHROMIUM_PATH) say(noBrowser)
  }
  const total = addCounts(results.map(result => result.counts))
  say(`\n${summary(results)}\n\n${seconds(Date.now() - started)} in all`)
  process.exitCode = total.failed > 0 ? 1 : 0
  say(total.skipped > 0 ? `${passedFailed(total)}, ${total.skipped} skipped` : passedFailed(total))
}

/** @param {Counts} counts */
const passedFailed = ({ passed, failed }) => `${passed} passed, ${failed} failed`

if (isMain(import.meta.url)) await main(process.argv.slice(2))

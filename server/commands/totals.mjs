// Reads what Vitest and Playwright say about their runs, and adds it up. Pure.
import path from 'node:path'
import { seconds } from './run.mjs'

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * @typedef {object} UnitReport Vitest's JSON report, as far as it is read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ name: string, status: string, assertionResults: { status: string }[] }[]} testResults
 */

/**
 * @param {UnitReport} report
 * @returns {Counts}
 */
export function unitCounts(report) {
  // A file that could not even be loaded has no tests to count.
  const broken = report.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/**
 * @param {UnitReport} report
 * @param {string} root
 * @returns {string[]} commands that repeat what failed
 */
export function unitFailures(report, root) {
  return report.testResults
    .filter(file => file.status === 'failed')
    .map(file => `npx vitest run ${path.relative(root, file.name)}`)
}

/**
 * @typedef {{ ok: boolean, file: string, line: number }} E2eSpec
 * @typedef {{ suites?: E2eSuite[], specs?: E2eSpec[] }} E2eSuite
 * @typedef {{ suites: E2eSuite[], stats: { expected: number, unexpected: number, flaky: number, skipped: number } }} E2eReport
 *   Playwright's JSON report, as far as it is read here
 */

/**
 * @param {E2eReport} report
 * @returns {Counts}
 */
export function e2eCounts({ stats }) {
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped }
}

/**
 * @param {E2eReport} report
 * @param {string} config
 * @returns {string[]} commands that repeat what failed
 */
export function e2eFailures(report, config) {
  /** @type {(suite: E2eSuite) => E2eSpec[]} */
  const specsOf = suite => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specsOf)]
  return report.suites
    .flatMap(specsOf)
    .filter(spec => !spec.ok)
    .map(spec => `npx playwright test -c ${config} ${spec.file}:${spec.line}`)
}

/**
 * What a stage counts for: its tests, or itself where it has none. A bad exit code is never without a failure (an
 * unhandled rejection, a broken configuration), and a test stage without a test that ran is one.
 * @param {number} code
 * @param {Counts | undefined} counts
 * @param {{ hasTests: boolean }} stage
 * @returns {Counts}
 */
export function stageCounts(code, counts, { hasTests }) {
  if (!hasTests) return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
  const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: 0 }
  const isSilentFailure = failed === 0 && (code !== 0 || passed === 0)
  return { passed, failed: failed + (isSilentFailure ? 1 : 0), skipped }
}

/**
 * @param {Counts[]} all
 * @returns {Counts}
 */
export function addCounts(all) {
  return all.reduce(
    (sum, counts) => ({
      passed: sum.passed + counts.passed,
      failed: sum.failed + counts.failed,
      skipped: sum.skipped + counts.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

/**
 * One line a stage.
 * @param {{ name: string, counts: Counts, ms: number, note?: string }[]} results
 */
export function summary(results) {
  return results
    .map(({ name, counts, ms, note }) =>
      [
        `  ${name.padEnd(8)}`,
        (counts.failed > 0 ? 'FAILED' : 'ok').padEnd(8),
        `${counts.passed} passed`.padStart(13),
        `${counts.failed} failed`.padStart(11),
        `${counts.skipped} skipped`.padStart(12),
        seconds(ms).padStart(13),
        note ? `   ${note}` : '',
      ]
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

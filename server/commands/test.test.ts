import { expect, test } from 'vitest'
import { choose, stages } from './test.mjs'
import { addCounts, e2eCounts, e2eFailures, stageCounts, summary, unitCounts, unitFailures } from './totals.mjs'

const file = (name: string, status: string, tests: string[]) => ({
  name: `/repo/${name}`,
  status,
  assertionResults: tests.map(result => ({ status: result })),
})
const unit = {
  numPassedTests: 7,
  numFailedTests: 1,
  numPendingTests: 1,
  numTodoTests: 1,
  testResults: [
    file('a.test.ts', 'passed', ['passed']),
    file('b.test.ts', 'failed', ['failed']),
    file('broken.test.ts', 'failed', []),
  ],
}

test('a unit test file that does not load is a failure too, and each failing file says how to repeat it', () => {
  expect(unitCounts(unit)).toEqual({ passed: 7, failed: 2, skipped: 2 })
  expect(unitFailures(unit, '/repo')).toEqual(['npx vitest run b.test.ts', 'npx vitest run broken.test.ts'])
})

test('end-to-end specs are found in nested suites, and one that passed at second sight counts as passed', () => {
  const stats = { expected: 3, unexpected: 1, flaky: 1, skipped: 0 }
  const failing = { ok: false, file: 'journeys/pay.spec.ts', line: 12 }
  const passing = { ok: true, file: 'journeys/pay.spec.ts', line: 30 }
  const report = { stats, suites: [{ specs: [], suites: [{ specs: [passing, failing] }] }] }
  expect(e2eCounts(report)).toEqual({ passed: 4, failed: 1, skipped: 0 })
  expect(e2eFailures(report, 'e2e/playwright.config.ts')).toEqual([
    'npx playwright test -c e2e/playwright.config.ts journeys/pay.spec.ts:12',
  ])
})

test.each([
  ['a check that passes', 0, undefined, false, { passed: 1, failed: 0, skipped: 0 }],
  ['a check that fails', 2, undefined, false, { passed: 0, failed: 1, skipped: 0 }],
  ['tests that pass', 0, { passed: 5, failed: 0, skipped: 1 }, true, { passed: 5, failed: 0, skipped: 1 }],
  ['tests that fail', 1, { passed: 5, failed: 2, skipped: 0 }, true, { passed: 5, failed: 2, skipped: 0 }],
  ['a failure outside any test', 1, { passed: 5, failed: 0, skipped: 0 }, true, { passed: 5, failed: 1, skipped: 0 }],
  ['no test at all', 0, { passed: 0, failed: 0, skipped: 0 }, true, { passed: 0, failed: 1, skipped: 0 }],
  ['only skipped tests', 0, { passed: 0, failed: 0, skipped: 4 }, true, { passed: 0, failed: 1, skipped: 4 }],
  ['no report', 0, undefined, true, { passed: 0, failed: 1, skipped: 0 }],
])('%s', (_name, code, counts, hasTests, expected) => {
  expect(stageCounts(code, counts, { hasTests })).toEqual(expected)
})

test('totals add up, one line a stage', () => {
  const lint = { name: 'lint', counts: { passed: 1, failed: 0, skipped: 0 }, ms: 900 }
  const e2e = { name: 'e2e', counts: { passed: 0, failed: 1, skipped: 0 }, ms: 0, note: 'not run: build failed' }
  expect(addCounts([lint.counts, e2e.counts])).toEqual({ passed: 1, failed: 1, skipped: 0 })
  const lines = summary([lint, e2e]).split('\n')
  expect(lines[0]).toMatch(/^ {2}lint +ok +1 passed +0 failed +0 skipped +0\.9 s$/)
  expect(lines[1]).toMatch(/FAILED .* not run: build failed$/)
})

test('all stages by default, one by name with what follows for its tool, and the build for the browser', () => {
  const names = (args: string[]) => {
    const choice = choose(args)
    return 'problem' in choice ? choice.problem : choice.chosen.map(stage => stage.name)
  }
  expect(names([])).toEqual(stages.map(stage => stage.name))
  expect(names(['unit'])).toEqual(['unit'])
  expect(names(['types', 'lint'])).toEqual(['lint', 'types'])
  expect(names(['e2e'])).toEqual(['build', 'e2e'])
  expect(choose(['unit', 'server/payouts', '-t', 'pays'])).toMatchObject({ rest: ['server/payouts', '-t', 'pays'] })
  expect(names(['units'])).toContain('There is no stage "units"')
  expect(names(['lint', 'types', 'server'])).toContain('There is no stage "server"')
})

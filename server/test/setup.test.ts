import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

// Run by a second Vitest, because what is tested is that tests fail.
const noisy = `
import { expect, test, vi } from 'vitest'
test('error', () => console.error('boom', { a: 1 }))
test('warning', () => console.warn('careful'))
test('log', () => console.log('fine'))
test('expected', () => {
  const spy = vi.spyOn(console, 'error').mockImplementation(() => {})
  console.error('as it should')
  expect(spy).toHaveBeenCalledWith('as it should')
})
test('after a spy that was left behind', () => console.error('heard again'))
`

test('an unexpected console.error or console.warn fails its test, and an expected one does not', () => {
  fs.mkdirSync(path.join(root, '.cache'), { recursive: true })
  const folder = fs.mkdtempSync(path.join(root, '.cache', 'noise-'))
  try {
    fs.writeFileSync(path.join(folder, 'noisy.test.ts'), noisy)
    const config = `export default { test: { setupFiles: ['${root}/server/test/setup.ts'], include: ['*.test.ts'] } }`
    fs.writeFileSync(path.join(folder, 'vitest.config.mjs'), config)
    const args = ['run', '--root', folder, '--reporter=json', '--outputFile=report.json']
    const run = spawnSync(path.join(root, 'node_modules/.bin/vitest'), args, { cwd: folder, encoding: 'utf8' })
    const report = JSON.parse(fs.readFileSync(path.join(folder, 'report.json'), 'utf8'))
    const results: { title: string; status: string; failureMessages: string[] }[] =
      report.testResults[0].assertionResults
    expect(results.map(({ title, status }) => `${title}: ${status}`)).toEqual([
      'error: failed',
      'warning: failed',
      'log: passed',
      'expected: passed',
      'after a spy that was left behind: failed',
    ])
    expect(results[0]?.failureMessages[0]).toContain('console.error: boom { a: 1 }')
    expect(run.status).toBe(1)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

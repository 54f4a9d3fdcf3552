import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Item, readItems, standing, testsIn, wrongIn } from './page.ts'

const items = readItems(readFileSync('docs/security.md', 'utf8'))
const numbers = Array.from({ length: 70 }, (_, at) => at + 1)

/** Which files the two runners take: as their configurations say, which the last test holds. */
const taken = /^((app|server|db|emails)\/.*\.test\.tsx?|e2e\/.*\.spec\.ts)$/

const read = new Map<string, ReturnType<typeof testsIn>>()
function testsOf(file: string) {
  const tests = read.get(file) ?? testsIn(readFileSync(file, 'utf8'), file)
  read.set(file, tests)
  return tests
}

function brokenProofs(list: Item[]): string[] {
  return list.flatMap(({ number, proofs }) =>
    proofs.flatMap(({ file, title }) => {
      const why = !existsSync(file)
        ? 'there is no such file'
        : !taken.test(file)
          ? 'no runner takes this file'
          : { runs: null, skipped: 'it is skipped', missing: 'there is no such test' }[standing(testsOf(file), title)]
      return why ? [`${number}: ${file} › ${title}: ${why}`] : []
    }),
  )
}

test('docs/security.md has each item once, in order, with a test, a review or a reason', () => {
  expect(items.map(({ number }) => number)).toEqual(numbers)
  expect(items.flatMap(item => (wrongIn(item) ? [`${item.number}: ${wrongIn(item)}`] : []))).toEqual([])
})

test('every test that docs/security.md names is there under exactly that name, and runs', () => {
  expect(brokenProofs(items)).toEqual([])
})

test('at least 65 items are proved by tests', () => {
  expect(items.filter(({ proofs }) => proofs.length > 0).length).toBeGreaterThanOrEqual(65)
})

test.each([
  ["test('a', () => {})", 'runs'],
  ['test("a", async ({ page }) => {})', 'runs'],
  ["it('a', { timeout: 1 }, () => {})", 'runs'],
  ["test.each([1])('a', n => {})", 'runs'],
  ["test.each<[number]>([[1]])(\n  'a',\n  async () => {},\n)", 'runs'],
  ["describe('of', () => { it('a', () => {}); it.skip('b', () => {}) })", 'runs'],
  ["test('a', () => { expect(machine.skip()).toBe(1) })", 'runs'],
  ["test('A', () => {})", 'missing'],
  ["test('a ', () => {})", 'missing'],
  ["// test('a', () => {})", 'missing'],
  ["const text = `test('a', () => {})`", 'missing'],
  ["check('a', () => {})", 'missing'],
  ["describe('a', () => { test('b', () => {}) })", 'missing'],
  ["test.skip('a', () => {})", 'skipped'],
  ["test.todo('a')", 'skipped'],
  ["test.fixme('a', async () => {})", 'skipped'],
  ["test.fails('a', () => {})", 'skipped'],
  ["test.skipIf(!process.env.CI)('a', () => {})", 'skipped'],
  ["test.runIf(slow)('a', () => {})", 'skipped'],
  ["test.skip.each([1])('a', () => {})", 'skipped'],
  ["test('a', { skip: true }, () => {})", 'skipped'],
  ["test('a', async () => { test.skip(!browser, 'no browser'); expect(1).toBe(1) })", 'skipped'],
  ["test('a', context => { context.skip() })", 'skipped'],
  ["test('a', ({ skip }) => { skip() })", 'skipped'],
  ["describe.skip('of', () => { test('a', () => {}) })", 'skipped'],
  ["test.describe.skip('of', () => { test('a', () => {}) })", 'skipped'],
  ["test('a', () => {}); test.only('b', () => {})", 'skipped'],
  ["test('a', () => {}); test.skip('a', () => {})", 'skipped'],
] as const)('%s: the test a is known to be %s', (source, expected) => {
  expect(standing(testsIn(source), 'a')).toBe(expected)
})

test('a title is compared as it is written, placeholders and all', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the title is a template in the source that is read
  expect(standing(testsIn('test(`${who}: it isn’t`, () => {})'), '${who}: it isn’t')).toBe('runs')
  expect(standing(testsIn("test('%s is refused', () => {})"), '%s is refused')).toBe('runs')
  expect(standing(testsIn("test('it isn\\'t', () => {})"), "it isn't")).toBe('runs')
})

test('a row that names nothing, or a test that was renamed, is found', () => {
  const row = (proof: string) => readItems(`| 7 | 1.2.3 | It does so. | ${proof} |`)
  expect(row('`a.test.ts` › one<br>`b.test.ts` › two \\| three')[0]?.proofs).toEqual([
    { file: 'a.test.ts', title: 'one' },
    { file: 'b.test.ts', title: 'two | three' },
  ])
  for (const proof of ['', 'trust us', 'review: lately, Ann looked', 'not here:', '`a.test.ts`'])
    expect(row(proof).map(wrongIn), proof).toEqual(['it names no test, no review with its day, and no reason why not'])
  for (const proof of ['review: 2026-12-01, read by two people', 'not here: there is no registry'])
    expect(row(proof).map(wrongIn), proof).toEqual([null])
  const own = 'server/security/page.test.ts'
  expect(brokenProofs(row(`\`${own}\` › at least 65 items are proved by tests`))).toEqual([])
  expect(brokenProofs(row(`\`${own}\` › at least 64 items are proved by tests`))).toHaveLength(1)
  expect(brokenProofs(row('`server/security/page.ts` › readItems'))).toHaveLength(1)
  expect(brokenProofs(row('`server/nowhere.test.ts` › it'))).toHaveLength(1)
})

test('the runners take all files of these names, and leave none out', () => {
  const unit = readFileSync('vite.config.ts', 'utf8')
  expect(unit).toContain("const tests = ['{app,server,db,emails}/**/*.test.{ts,tsx}']")
  // What one project leaves out is exactly what the two others take.
  expect(unit.match(/\b(include|exclude): ([\w.]+|\[.*?\])/g)).toEqual([
    'include: deciding',
    'include: tests',
    'exclude: [...deciding, ...replacing]',
    'include: replacing',
    'include: decisions',
  ])
  expect(unit).not.toMatch(/testNamePattern|shard/)
  const browser = readFileSync('e2e/playwright.config.ts', 'utf8')
  expect(browser).toContain("testDir: '.'")
  expect(browser).not.toMatch(/testMatch|testIgnore|grep|shard/)
})

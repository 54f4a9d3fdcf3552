import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readFigures } from './reliability.ts'
import { pageOf, readers } from './reliability-page.ts'

const root = new URL('../../', import.meta.url)

test('docs/reliability.md says what docs/reliability.json holds; npm run reliability writes both anew', async () => {
  await expect(pageOf(readFigures())).toMatchFileSnapshot('../../docs/reliability.md')
})

test('every file and folder that the page names is there', () => {
  const named = [...pageOf({}).matchAll(/`((?:server|db)\/[^`]*)`/g)].map(match => match[1]!)
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter(file => !existsSync(new URL(file, root)))).toEqual([])
})

test('a figure is told with its seed, its day and its command, and what went wrong stands out', () => {
  const figure = readers.torture.read({
    ...{ date: '2026-12-01T07:30:00.000Z', seed: 7, cycles: 1000, killedAtStart: 120, acknowledged: 9000 },
    ...{ transfers: 700, lost: ['key_1 was answered and is forgotten'], violations: [], byProcedure: {}, refused: {} },
  })
  const page = pageOf({ torture: figure })
  expect(page).toContain('| kills | 1,000 |')
  expect(page).toContain('| **answered writes that were lost** | **1** |')
  expect(page).toContain('2026-12-01, seed 7: `npm run torture -- --cycles 1000 --logs 10000 --stops 50 --seed 7`')
  expect(page).toContain('Not run yet: `npm run simulate -- --histories 10000 --seed 1`.')
})

test('planted bugs stand in a table with what they cost and what caught them, and one that was missed stands out', () => {
  const bug = { name: 'A key for each try', costs: 'The company pays twice.', history: 1, caughtBy: ['one_transfer'] }
  const figure = readers.planted.read({
    ...{ date: '2026-12-01T07:30:00.000Z', seed: 7, most: 2000, unmutated: { histories: 1, violations: [] } },
    bugs: [bug, { ...bug, name: 'No approval', history: null, caughtBy: [] }],
  })
  const page = pageOf({ planted: figure })
  expect(page).toContain('| A key for each try | The company pays twice. | 1 | `one_transfer` |')
  expect(page).toContain('| No approval | The company pays twice. | **none** |  |')
  expect(page).toContain('| **not caught within 2,000 histories** | **1** |')
  expect(page).toContain('2026-12-01, seed 7: `npm run simulate -- --planted --seed 7`')
})

test('a report of another shape is refused, not guessed at', () => {
  expect(() => readers.simulation.read({ seed: 1 })).toThrow()
})

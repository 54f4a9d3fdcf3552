import { expect, test } from 'vitest'
import { instantOf, localText } from './moment.ts'

test.each([
  ['2026-03-02T09:30', 'UTC', Date.UTC(2026, 2, 2, 9, 30)],
  ['2026-03-02T09:30', 'America/New_York', Date.UTC(2026, 2, 2, 14, 30)],
  ['2026-07-02T00:00', 'Asia/Kolkata', Date.UTC(2026, 6, 1, 18, 30)],
  // The morning after the clocks went forward, and after they went back.
  ['2026-03-29T09:30', 'Europe/Berlin', Date.UTC(2026, 2, 29, 7, 30)],
  ['2026-10-25T09:30', 'Europe/Berlin', Date.UTC(2026, 9, 25, 8, 30)],
])('%s in %s is the instant that a clock there shows it, and back', (text, zone, at) => {
  expect(instantOf(text, zone)).toBe(at)
  expect(localText(at, zone)).toBe(text)
})

test('an hour that the clocks skip becomes one that there is', () => {
  const at = instantOf('2026-03-29T02:30', 'Europe/Berlin')
  expect([Date.UTC(2026, 2, 29, 0, 30), Date.UTC(2026, 2, 29, 1, 30)]).toContain(at)
})

test.each(['', '2026-03-02', '2026-13-40T09:30', '2026-03-02T24:00', 'yesterday'])('%j is no moment', text => {
  expect(instantOf(text, 'UTC')).toBe(null)
})

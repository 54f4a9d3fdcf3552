import { expect, test } from 'vitest'
import { formatPeriod, periodOf, periodSchema, shiftPeriod, startOfDay } from './period.ts'

test('a period is a calendar month, wherever the reader sits', () => {
  expect(formatPeriod('2026-02')).toBe('Feb 2026')
  expect(periodSchema.safeParse('2026-02').success).toBe(true)
  for (const bad of ['2026-2', '2026-13', '2026-00', '26-02', '2026-02-01', '1999-12', 'Feb 2026'])
    expect(periodSchema.safeParse(bad).success).toBe(false)
})

test('an instant belongs to the month of the organization’s zone', () => {
  const newYear = Date.UTC(2026, 2, 1, 2)
  expect(periodOf(newYear, 'UTC')).toBe('2026-03')
  expect(periodOf(newYear, 'America/New_York')).toBe('2026-02')
})

test('a day starts at midnight of its zone, also where the clocks change', () => {
  expect(startOfDay('2026-01-15', 'UTC')).toBe(Date.UTC(2026, 0, 15))
  expect(startOfDay('2026-01-15', 'America/New_York')).toBe(Date.UTC(2026, 0, 15, 5))
  expect(startOfDay('2026-03-08', 'America/New_York')).toBe(Date.UTC(2026, 2, 8, 5))
  expect(startOfDay('2026-03-09', 'America/New_York')).toBe(Date.UTC(2026, 2, 9, 4))
  expect(startOfDay('2026-03-29', 'Europe/Berlin')).toBe(Date.UTC(2026, 2, 28, 23))
  expect(startOfDay('2026-07-01', 'Asia/Kolkata')).toBe(Date.UTC(2026, 5, 30, 18, 30))
})

test('months are counted over the year’s end', () => {
  expect(shiftPeriod('2026-01', -1)).toBe('2025-12')
  expect(shiftPeriod('2025-11', 3)).toBe('2026-02')
})

import { expect, test } from 'vitest'
import { formatMoment } from './when.tsx'

test('a moment is shown in the zone asked for, over the date line too', () => {
  const at = Date.UTC(2026, 8, 1, 3, 5)
  expect(formatMoment(at, 'UTC')).toBe('1 Sep 2026, 03:05')
  expect(formatMoment(at, 'America/New_York')).toBe('31 Aug 2026, 23:05')
  expect(formatMoment(at, 'Asia/Tokyo', 'date')).toBe('1 Sep 2026')
})

test('midnight is 00:00, not 24:00', () => {
  expect(formatMoment(Date.UTC(2026, 0, 1), 'UTC')).toBe('1 Jan 2026, 00:00')
})

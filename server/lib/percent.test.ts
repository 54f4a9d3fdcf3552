import { expect, test } from 'vitest'
import { percentDigits, readPercent } from './percent.ts'

test.each([
  [0, '0 %'],
  [5, '0.05 %'],
  [50, '0.5 %'],
  [5_000, '50 %'],
  [6_154, '61.54 %'],
  [10_000, '100 %'],
])('%i basis points read %s, and back', (bp, text) => {
  expect(`${percentDigits(bp)} %`).toBe(text)
  expect(readPercent(text)).toBe(bp)
})

test.each(['', 'half', '100.01', '33.333', '-1', '1e1'])('%j is no percentage', text => {
  expect(readPercent(text)).toBe(null)
})

import { expect, test } from 'vitest'
import { rowFilter } from './rules.ts'

test('an address asks for flagged rows in two ways, and in no other', () => {
  for (const flagged of ['yes', 'true', true]) expect(rowFilter.parse({ flagged })).toEqual({ flagged: true })
  expect(rowFilter.safeParse({ flagged: 'no' }).success).toBe(false)
})

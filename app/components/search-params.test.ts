import { expect, test } from 'vitest'
import { withoutValue, withParams } from './search-params.ts'

test('a changed parameter leaves the others alone, null removes, a list repeats', () => {
  expect(withParams('status=paid&q=ana&after=x', { after: null, sort: 'amount' })).toBe(
    '?status=paid&q=ana&sort=amount',
  )
  expect(withParams('status=paid', { status: ['approved', 'failed'] })).toBe('?status=approved&status=failed')
  expect(withParams('status=paid', { status: null })).toBe('?')
})

test('one of several values of a parameter goes', () => {
  expect(withoutValue('status=paid&status=failed&q=a', 'status', 'paid')).toBe('?q=a&status=failed')
})

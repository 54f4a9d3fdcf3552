import { expect, test } from 'vitest'
import { statusLabels } from '#server/payouts/rules.ts'
import { inWords, payoutLooks } from './status-badge.tsx'

test('a badge says the same word as the rules, for every payout status', () => {
  const words = Object.fromEntries(Object.entries(payoutLooks).map(([status, { label }]) => [status, label]))
  expect(words).toEqual(Object.fromEntries(Object.entries(statusLabels).map(([status, { label }]) => [status, label])))
})

test('an unknown status is shown in words', () => {
  expect(inWords('pending_approval')).toBe('Pending approval')
  expect(inWords('amountReversed')).toBe('Amount reversed')
})

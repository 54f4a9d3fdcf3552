import { expect, test } from 'vitest'
import { describeEntry } from './describe.server.ts'

const entry = {
  seq: 7,
  at: 0,
  actor: { kind: 'user' as const, id: 'usr_1', name: 'Ana' },
  action: 'payouts.create',
  target: { type: 'payout', id: 'po_1', name: 'PO-000042' as string | null },
  hash: 'h',
}
const changed = (changes: { field: string; before: unknown; after: unknown }[]) =>
  describeEntry({ ...entry, changes }, 'America/New_York').changes.map(({ before, after }) => [before, after])

test('money is written in its own currency, and never guessed without one', () => {
  expect(
    changed([
      { field: 'amount', before: null, after: 124_000 },
      { field: 'currency', before: null, after: 'JPY' },
    ]),
  ).toEqual([
    [null, 'JPY\u00a0124,000'],
    [null, 'JPY'],
  ])
  expect(changed([{ field: 'amount', before: 500, after: 600 }])).toEqual([
    ['500 in minor units', '600 in minor units'],
  ])
})

test('moments are in the organization’s zone; counts stay numbers', () => {
  const at = Date.UTC(2026, 1, 28, 3)
  expect(changed([{ field: 'holdUntil', before: null, after: at }])).toEqual([[null, '27 Feb 2026, 22:00']])
  expect(changed([{ field: 'sessionsEnded', before: null, after: 3 }])).toEqual([[null, '3']])
})

test('lists are read item by item', () => {
  expect(
    changed([
      { field: 'minimums', before: [], after: [{ currency: 'USD', amount: 2_500 }] },
      { field: 'requirements', before: [{ code: 'x', text: 'your address', deadline: null }], after: [] },
    ]),
  ).toEqual([
    ['none', 'USD\u00a025.00'],
    ['your address', 'none'],
  ])
})

test('an action and a target that we have no words for are spelled out, without a link', () => {
  const { label, target } = describeEntry(
    { ...entry, action: 'things.doOver_again', target: { type: 'thing', id: 'th_1', name: null }, changes: [] },
    'UTC',
  )
  expect(label).toBe('Do over again')
  expect(target).toEqual({ type: 'thing', id: 'th_1', name: 'th_1', word: 'thing', to: null })
})

test('a payout is called by its number, and leads to its page', () => {
  expect(describeEntry({ ...entry, changes: [] }, 'UTC').target).toEqual({
    type: 'payout',
    id: 'po_1',
    name: 'PO-000042',
    word: 'Payout',
    to: '/admin/payouts/po_1',
  })
})

import { expect, test } from 'vitest'
import { idIn } from './references.ts'

test.each([
  ['tr_1', 'tr_1'],
  [{ id: 'tr_2' }, 'tr_2'],
  [null, null],
  [undefined, null],
])('the id in %j is %j', (reference, id) => {
  expect(idIn(reference)).toBe(id)
})

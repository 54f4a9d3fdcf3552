import { expect, test } from 'vitest'
import { must } from './must.ts'

test('what is there is handed on, nothing and zero alike', () => {
  expect(must(0, 'no number')).toBe(0)
  expect(must('', 'no text')).toBe('')
})

test.each([null, undefined])('%s stops with the words of whoever needed it', missing => {
  expect(() => must(missing, 'the payout has no partner')).toThrow('the payout has no partner')
})

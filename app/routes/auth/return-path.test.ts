import { expect, test } from 'vitest'
import { ownPath } from './return-path.ts'

test.each(['/', '/admin/payouts?status=failed#row', '/portal/payouts/pay_1'])('keeps our own path %s', path => {
  expect(ownPath(path)).toBe(path)
})

test.each([
  null,
  undefined,
  7,
  '',
  'admin',
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '\u0000//evil.example',
  'javascript:alert(1)',
  '//[',
])('refuses %j, which leads elsewhere', value => {
  expect(ownPath(value)).toBeNull()
})

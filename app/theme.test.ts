import { expect, test } from 'vitest'
import { readTheme, themeCookie } from './theme.ts'

test('a theme survives its cookie; anything else is the device’s', () => {
  expect(readTheme(`a=1; ${themeCookie('dark', false).split(';')[0]}`)).toBe('dark')
  expect(readTheme('theme=purple')).toBe('system')
  expect(readTheme('my_theme=dark')).toBe('system')
  expect(readTheme(null)).toBe('system')
})

test('choosing the device’s theme drops the cookie; https makes it Secure', () => {
  expect(themeCookie('system', true)).toMatch(/Max-Age=0;.*Secure/)
  expect(themeCookie('dark', false)).not.toContain('Secure')
})

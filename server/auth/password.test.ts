import { parseOptions } from '@node-rs/argon2'
import { expect, test, vi } from 'vitest'
import { DomainError } from '#server/lib/errors.ts'
import { checkNewPassword, hashPassword, isOutdated, verifyPassword, weaknessOf } from './password.ts'
import { newPassword } from './rules.ts'

const counted = vi.hoisted(() => ({ verify: [] as string[], atOnce: 0, most: 0 }))
vi.mock('@node-rs/argon2', async original => {
  const real = await original<typeof import('@node-rs/argon2')>()
  return {
    ...real,
    verify: async (stored: string, password: string) => {
      counted.verify.push(stored)
      counted.most = Math.max(counted.most, ++counted.atOnce)
      try {
        return await real.verify(stored, password)
      } finally {
        counted.atOnce--
      }
    },
  }
})

const dana = { email: 'dana.whitfield@acme.example', name: 'Dana Whitfield', orgName: 'Acme Robotics' }

test('a password is hashed with argon2id at 19 MiB, two passes, one lane, and a salt of its own', async () => {
  const [one, two] = await Promise.all([hashPassword('violet tractor sings'), hashPassword('violet tractor sings')])
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(one).not.toBe(two)
  expect(await verifyPassword(one, 'violet tractor sings')).toBe(true)
  expect(await verifyPassword(one, 'Violet tractor sings')).toBe(false)
})

test('all 256 characters count: nothing is cut off', async () => {
  const long = 'x'.repeat(255)
  const stored = await hashPassword(`${long}a`)
  expect(await verifyPassword(stored, `${long}a`)).toBe(true)
  expect(await verifyPassword(stored, `${long}b`)).toBe(false)
})

test('without an account one hash of the same cost is computed, and nothing matches it', async () => {
  const stored = await hashPassword('violet tractor sings')
  counted.verify = []
  expect(await verifyPassword(null, 'violet tractor sings')).toBe(false)
  expect(counted.verify).toHaveLength(1)
  const [dummy = ''] = counted.verify
  const { memoryCost, timeCost, parallelism, algorithm, outputLen, saltLen } = parseOptions(stored)
  expect(parseOptions(dummy)).toMatchObject({ memoryCost, timeCost, parallelism, algorithm, outputLen, saltLen })
  expect(isOutdated(dummy)).toBe(false)
})

test('a flood waits in line, and its end is turned away', async () => {
  const stored = await hashPassword('violet tractor sings')
  counted.most = 0
  const results = await Promise.allSettled(Array.from({ length: 130 }, () => verifyPassword(stored, 'no')))
  const refused = results.filter(result => result.status === 'rejected')
  expect(counted.most).toBeLessThanOrEqual(3)
  expect(refused.length).toBeGreaterThanOrEqual(130 - 103)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 3_000 })
  expect(await verifyPassword(stored, 'violet tractor sings')).toBe(true)
})

test('a hash of older parameters is outdated', () => {
  expect(
    isOutdated('$argon2id$v=19$m=12288,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b8ufzr2DDWQt6wCm0ZsbYcGFYI'),
  ).toBe(true)
})

test.each([
  'password12',
  'P@ssw0rd2024!',
  'Password 123',
  'iloveyou2023',
  'sunshine2024!!',
  '!!letmein1234',
  'qwertyuiop',
  'qwerty123456',
  '1q2w3e4r5t6y',
  '1qaz2wsx3edc',
  '1234567890',
  '0987654321',
  'abcdefghijklm',
  'aaaaaaaaaaaa',
  'abcabcabcabc',
  'xyzwxyzwxyzw',
  'changeme-now',
  'dana.whitfield@acme.example',
  'DanaWhitfield1',
  'whitfield2024',
  'AcmeRobotics!',
  'acme-robotics-24',
])('%s is refused', password => {
  expect(weaknessOf(password, dana)).not.toBeNull()
})

test.each([
  'correct tractor violet',
  'michael8492716503',
  'gT7#kq2!vLz9',
  'überraschung am dienstag',
  'whitfields uncle plays oboe',
  '密码密码很长的一句话呀好',
  '    spaces all around    x9',
])('%s is accepted', password => {
  expect(weaknessOf(password, dana)).toBeNull()
})

test('the refusal is a sentence on the field', () => {
  const refusal = (() => {
    try {
      checkNewPassword('password12', dana)
    } catch (error) {
      return error
    }
  })()
  expect(refusal).toBeInstanceOf(DomainError)
  expect(refusal).toMatchObject({ code: 'INVALID', fields: { password: expect.stringContaining('everybody uses') } })
})

test('nine characters are too few, ten are enough, and so are 256', () => {
  const letters = (count: number) => 'violet tractor sings '.repeat(13).slice(0, count)
  for (const [count, taken] of [
    [0, false],
    [9, false],
    [10, true],
    [64, true],
    [256, true],
    [257, false],
  ] as const)
    expect({ count, taken: newPassword.safeParse(letters(count)).success }).toEqual({ count, taken })
})

import { expect, test } from 'vitest'
import { testConfig, testDeps } from '#server/test/deps.ts'
import { isSealedWithOldKey, seal, unseal } from './seal.ts'

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
const withKeys = (...keys: string[]) => testConfig({ SECRETS_KEY: keys.join(',') })

test('what is sealed opens again, for its own purpose only, and never looks the same twice', async () => {
  const deps = await testDeps({ config: withKeys(key(1)) })
  const sealed = seal(deps, 'totp of usr_a', 'JBSWY3DPEHPK3PXP')
  expect(unseal(deps.config, 'totp of usr_a', sealed)).toBe('JBSWY3DPEHPK3PXP')
  expect(unseal(deps.config, 'totp of usr_b', sealed)).toBeNull()
  expect(sealed).not.toContain('JBSWY3DPEHPK3PXP')
  expect(seal(deps, 'totp of usr_a', 'JBSWY3DPEHPK3PXP')).not.toBe(sealed)
})

test('what was changed by a single letter, cut off, or made up opens nothing', async () => {
  const deps = await testDeps({ config: withKeys(key(1)) })
  const sealed = seal(deps, 'p', 'a secret')
  for (let at = 0; at < sealed.length; at++) {
    const letter = sealed[at] === 'A' ? 'B' : 'A'
    const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1)
    // The last letter of base64url holds bits that mean nothing.
    if (unseal(deps.config, 'p', changed) !== null) expect(at).toBe(sealed.length - 1)
    expect(unseal(deps.config, 'p', sealed.slice(0, at))).toBeNull()
  }
  for (const made of ['', '.', '..', 'x.y.z', sealed.replaceAll('.', ''), `${sealed}.${sealed}x`.slice(1)])
    expect(unseal(deps.config, 'p', made)).toBeNull()
})

test('a new key in front seals, old ones behind it still open, and what they sealed is known as old', async () => {
  const before = await testDeps({ config: withKeys(key(1)) })
  const old = seal(before, 'p', 'a secret')
  const after = await testDeps({ config: withKeys(key(2), key(1)) })
  expect(unseal(after.config, 'p', old)).toBe('a secret')
  expect(isSealedWithOldKey(after.config, old)).toBe(true)
  const anew = seal(after, 'p', 'a secret')
  expect(isSealedWithOldKey(after.config, anew)).toBe(false)
  expect(unseal(before.config, 'p', anew)).toBeNull()
  expect(unseal(withKeys(key(2)), 'p', old)).toBeNull()
})

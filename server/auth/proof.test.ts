import { expect, test } from 'vitest'
import { roles } from '#db/schema/index.ts'
import { createCaller } from '#server/router.ts'
import { aProof, contextFor } from '#server/test/callers.ts'
import { testDeps } from '#server/test/deps.ts'
import { aMember } from '#server/test/factories.ts'
import { freshMs, homeOf, type Permission, permissions, proofMissing, takesFreshProof } from './rules.ts'

const now = 1_000_000_000

test('partners start in the portal, and everybody else in the admin', () => {
  expect(roles.map(homeOf)).toEqual(roles.map(role => (role === 'partner' ? '/portal' : '/admin')))
})

test('a proof is fresh for ten minutes, and not at the tenth', () => {
  const at = (age: number) => proofMissing(aProof({ at: now - age }), now, 'secondFactor')
  expect(freshMs).toBe(600_000)
  expect(at(0)).toBeNull()
  expect(at(freshMs - 1)).toBeNull()
  expect(at(freshMs)).toEqual(['totp'])
  expect(at(freshMs + 1)).toEqual(['totp'])
})

test.each([
  // What they have, how they last proved it, whether the organization asks for a second factor: what is asked for now.
  [{ totp: true }, 'totp', true, null],
  [{ totp: true }, 'passkey', true, null],
  [{ totp: true }, 'recovery', true, null],
  [{ totp: true }, 'password', true, ['totp']],
  [{ totp: true }, 'password', false, ['totp']],
  [{ passkeys: true }, 'password', true, ['passkey']],
  [{ totp: true, passkeys: true }, 'password', true, ['totp', 'passkey']],
  [{}, 'password', true, []],
  [{}, 'password', false, null],
  [{}, 'totp', true, null],
] as const)('who has %j and proved it by %s, required %s, is asked for %j', (has, by, required, asked) => {
  const proof = aProof({ at: now, by, required, totp: false, passkeys: false, ...has })
  expect(proofMissing(proof, now, 'secondFactor')).toEqual(asked)
})

test('a stale or missing proof asks for the strongest that there is', () => {
  const none = { totp: false, passkeys: false }
  for (const at of [null, now - freshMs]) {
    expect(proofMissing(aProof({ at, by: 'password', ...none, required: false }), now, 'secondFactor')).toBeNull()
    expect(proofMissing(aProof({ at, by: 'password', ...none, required: true }), now, 'secondFactor')).toEqual([])
    expect(proofMissing(aProof({ at, by: 'password', ...none, required: true }), now, 'strongest')).toEqual([
      'password',
    ])
    expect(proofMissing(aProof({ at, by: 'totp', totp: true }), now, 'strongest')).toEqual(['totp'])
  }
  expect(proofMissing(aProof({ at: null, by: null, ...none }), now, 'strongest')).toEqual(['password'])
})

test('whatever moves money, says where it goes, or decides who may, takes a fresh proof', () => {
  const fresh = (Object.keys(permissions) as Permission[]).filter(takesFreshProof)
  expect(fresh.sort()).toEqual([
    'audit.export',
    'partners.connect',
    'payouts.approve',
    'payouts.export',
    'payouts.pay',
    'rules.publish',
    'runs.execute',
    'settings.manage',
    'team.manage',
    'transfers.resume',
  ])
})

test('the refusal says what is asked for, for machines too', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const ask = (proof: Parameters<typeof aProof>[0]) =>
    createCaller(contextFor(deps, owner.viewer, { proof: aProof(proof) })).orgs.resumeTransfers({})
  await expect(ask({})).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: /Confirm that it is you/,
    cause: { code: 'FRESH_AUTH', confirm: ['totp'] },
  })
  await expect(ask({ totp: false })).rejects.toMatchObject({
    message: /Set up a second factor first/,
    cause: { code: 'FRESH_AUTH', confirm: [] },
  })
  // The stop button waits for nobody.
  const api = createCaller(contextFor(deps, owner.viewer, { proof: aProof() }))
  expect(await api.orgs.pauseTransfers({ reason: 'month end' })).toMatchObject({ pausedAt: deps.clock.now() })
})

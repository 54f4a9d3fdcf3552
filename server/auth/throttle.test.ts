import { expect, test } from 'vitest'
import { throttles } from '#db/schema/index.ts'
import { DomainError } from '#server/lib/errors.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { type Attempt, admit, forgive, limits, networkOf, trust } from './throttle.ts'

const second = 1_000
const minute = 60 * second

const from = (address: string, account = 'dana@acme.example'): Attempt => ({ purpose: 'password', account, address })

/** Milliseconds to wait, or 0 when the attempt was admitted. */
async function wait(deps: TestDeps, attempt: Attempt): Promise<number> {
  try {
    await admit(deps, attempt)
    return 0
  } catch (error) {
    if (error instanceof DomainError && error.code === 'TOO_MANY') return error.retryAfterMs ?? Number.NaN
    throw error
  }
}

const succeed = (deps: TestDeps, attempt: Attempt) =>
  deps.db.write(async tx => {
    await forgive(tx, attempt)
    await trust(tx, attempt, deps.clock.now())
  })

test('five failures of an account from one network begin a block of a minute, and each further one doubles it', async () => {
  const deps = await testDeps()
  for (let i = 0; i < 5; i++) expect(await wait(deps, from('203.0.113.1'))).toBe(0)
  const blocks: number[] = []
  for (let i = 0; i < 8; i++) {
    const ms = await wait(deps, from('203.0.113.1'))
    blocks.push(ms / minute)
    deps.clock.advance(ms - 1)
    expect(await wait(deps, from('203.0.113.1'))).toBe(1)
    deps.clock.advance(1)
    expect(await wait(deps, from('203.0.113.1'))).toBe(0)
  }
  expect(blocks).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
})

test('the refusal says how long, in the sentence and in milliseconds', async () => {
  const deps = await testDeps()
  for (let i = 0; i < 6; i++) await wait(deps, from('203.0.113.1'))
  await expect(admit(deps, from('203.0.113.1'))).rejects.toMatchObject({
    message: 'Too many attempts. Try again in 60 seconds.',
    retryAfterMs: minute,
  })
})

test('failures are forgotten a window later, and a success clears them at once', async () => {
  const deps = await testDeps()
  for (let i = 0; i < 4; i++) await wait(deps, from('203.0.113.1'))
  deps.clock.advance(15 * minute)
  for (let i = 0; i < 4; i++) expect(await wait(deps, from('203.0.113.1'))).toBe(0)
  await succeed(deps, from('203.0.113.1'))
  for (let i = 0; i < 5; i++) expect(await wait(deps, from('203.0.113.1'))).toBe(0)
  expect(await wait(deps, from('203.0.113.1'))).toBe(minute)
})

test('of a hundred attempts at once five get through', async () => {
  const deps = await testDeps()
  const waits = await Promise.all(Array.from({ length: 100 }, () => wait(deps, from('203.0.113.1'))))
  expect(waits.filter(ms => ms === 0)).toHaveLength(5)
})

test('ten thousand guesses in a row, one a second, come to a dozen', async () => {
  const deps = await testDeps()
  let admitted = 0
  for (let i = 0; i < 10_000; i++) {
    if ((await wait(deps, from('203.0.113.1'))) === 0) admitted++
    deps.clock.advance(second)
  }
  expect(admitted).toBeLessThanOrEqual(13)
  // What is blocked never takes the write lock.
  expect(deps.db.stats().writes).toBeLessThanOrEqual(13)
}, 60_000)

test('guesses from everywhere slow an account down to one in two minutes', async () => {
  const deps = await testDeps()
  let admitted = 0
  for (let i = 0; i < 6 * 60 * 4; i++) {
    if ((await wait(deps, from(`203.0.${i >> 8}.${i & 255}`))) === 0) admitted++
    deps.clock.advance(15 * second)
  }
  expect(admitted).toBeLessThanOrEqual(20 + 6 * 30 + 5)
  expect(admitted).toBeGreaterThan(6 * 25)
}, 60_000)

test('who signed in from somewhere lately still gets in from there, whatever others try elsewhere', async () => {
  const deps = await testDeps()
  const home = from('198.51.100.7')
  await wait(deps, home)
  await succeed(deps, home)
  for (let i = 0; i < 200; i++) await wait(deps, from(`203.0.113.${i}`))
  expect(await wait(deps, from('203.0.113.250'))).toBeGreaterThan(0)
  expect(await wait(deps, home)).toBe(0)
  await succeed(deps, home)
  deps.clock.advance(31 * 24 * 60 * minute)
  for (let i = 0; i < 25; i++) await wait(deps, from(`203.0.113.${i}`))
  expect(await wait(deps, home)).toBeGreaterThan(0)
})

test('one network that tries many accounts is blocked after fifty', async () => {
  const deps = await testDeps()
  const waits: number[] = []
  for (let i = 0; i < 60; i++) waits.push(await wait(deps, from('203.0.113.1', `person-${i}@acme.example`)))
  expect(waits.filter(ms => ms === 0)).toHaveLength(50)
  expect(await wait(deps, from('203.0.113.2', 'person-1@acme.example'))).toBe(0)
})

test('an office where many sign in at nine is no attack', async () => {
  const deps = await testDeps()
  for (let i = 0; i < 200; i++) {
    const attempt = from('198.51.100.7', `person-${i}@acme.example`)
    expect(await wait(deps, attempt)).toBe(0)
    await succeed(deps, attempt)
  }
})

test('a neighbour in the same IPv6 /64 is the same network', () => {
  expect(networkOf('2001:db8:1:2::1')).toBe(networkOf('2001:0db8:0001:0002:ffff:ffff:ffff:ffff'))
  expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'))
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
  expect(networkOf('::ffff:203.0.113.1')).toBe('203.0.113.1')
  expect(networkOf('203.0.113.1')).toBe('203.0.113.1')
  expect(networkOf('')).toBe('')
})

test('the table names nobody', async () => {
  const deps = await testDeps()
  await wait(deps, from('203.0.113.1'))
  await succeed(deps, from('203.0.113.1'))
  const rows = JSON.stringify(await deps.db.read.select().from(throttles))
  expect(rows).not.toContain('dana')
  expect(rows).not.toContain('203.0.113')
  expect(JSON.parse(rows)).toHaveLength(Object.keys(limits.password).length + 1)
})

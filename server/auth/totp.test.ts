import { eq } from 'drizzle-orm'
import { generateSync } from 'otplib'
import { expect, test } from 'vitest'
import { totpFactors } from '#db/schema/index.ts'
import { type TestDeps, testConfig, testDeps } from '#server/test/deps.ts'
import { aUser } from '#server/test/factories.ts'
import { anApp } from '#server/test/second-factors.ts'
import { system, work } from '#server/work.ts'
import { base32, offerMs, offerTotp, saveTotp, stepSeconds, takeCode } from './totp.ts'

const step = stepSeconds * 1000

const take = (deps: TestDeps, userId: string, code: string) =>
  work(deps, { orgId: 'system', actor: system }, unit => takeCode(unit, userId, code))

const save = (deps: TestDeps, userId: string, sealed: string, code: string) =>
  work(deps, { orgId: 'system', actor: system }, unit => saveTotp(unit, userId, sealed, code))

test('a code works once', async () => {
  const deps = await testDeps()
  const user = await aUser(deps)
  const app = await anApp(deps, user)
  expect(await take(deps, user.id, app.code())).toBe(true)
  expect(await take(deps, user.id, app.code())).toBe(false)
  deps.clock.advance(step)
  expect(await take(deps, user.id, app.code())).toBe(true)
})

test('after a code none of an earlier step works, though it was never used', async () => {
  const deps = await testDeps()
  const user = await aUser(deps)
  const app = await anApp(deps, user)
  const earlier = app.code(deps.clock.now() - step)
  expect(await take(deps, user.id, app.code())).toBe(true)
  expect(await take(deps, user.id, earlier)).toBe(false)
})

test.each([
  [-2, false],
  [-1, true],
  [0, true],
  [1, true],
  [2, false],
])('the code of a clock that is off by %i steps works: %s', async (steps, works) => {
  const deps = await testDeps()
  const user = await aUser(deps)
  const app = await anApp(deps, user)
  expect(await take(deps, user.id, app.code(deps.clock.now() + steps * step))).toBe(works)
})

test('of twenty requests at once with one code, one gets through', async () => {
  const deps = await testDeps()
  const user = await aUser(deps)
  const app = await anApp(deps, user)
  const taken = await Promise.all(Array.from({ length: 20 }, () => take(deps, user.id, app.code())))
  expect(taken.filter(Boolean)).toHaveLength(1)
})

test.each(['', '1', '12345', '1234567', 'abcdef', '１２３４５６', '000000\n', '-12345'])(
  '%j is no code',
  async code => {
    const deps = await testDeps()
    const user = await aUser(deps)
    await anApp(deps, user)
    expect(await take(deps, user.id, code)).toBe(false)
  },
)

test('a code is good for its own person, and for nobody without an app', async () => {
  const deps = await testDeps()
  const [one, other, none] = [await aUser(deps), await aUser(deps), await aUser(deps)]
  await anApp(deps, one)
  const app = await anApp(deps, other, base32(Buffer.alloc(20, 3)))
  expect(await take(deps, one.id, app.code())).toBe(false)
  expect(await take(deps, none.id, app.code())).toBe(false)
})

test('an offered secret becomes a factor by a code that fits it, and that code works no second time', async () => {
  const deps = await testDeps()
  const user = await aUser(deps)
  const offer = offerTotp(deps, { userId: user.id, email: user.email })
  const secret = offer.secret.replaceAll(' ', '')
  const code = generateSync({ secret, epoch: deps.clock.now() / 1000 })
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0')
  await expect(save(deps, user.id, offer.sealed, wrong)).rejects.toMatchObject({
    code: 'INVALID',
    fields: { code: /fit/ },
  })
  expect(await save(deps, user.id, offer.sealed, code)).toEqual({ replaced: false })
  expect(await take(deps, user.id, code)).toBe(false)
  deps.clock.advance(step)
  expect(await take(deps, user.id, generateSync({ secret, epoch: deps.clock.now() / 1000 }))).toBe(true)
})

test('an offer shows the same secret again after a slip, says where and whose it is, and is nobody else’s', async () => {
  const deps = await testDeps({ config: testConfig({ PUBLIC_URL: 'https://partners.acme.example' }) })
  const [user, other] = [await aUser(deps), await aUser(deps)]
  const offer = offerTotp(deps, { userId: user.id, email: user.email })
  expect(offerTotp(deps, { userId: user.id, email: user.email }, offer.sealed)).toEqual(offer)
  const uri = new URL(offer.uri)
  expect(decodeURIComponent(uri.pathname)).toContain(`Remit (partners.acme.example):${user.email}`)
  expect(uri.searchParams.get('secret')).toBe(offer.secret.replaceAll(' ', ''))
  expect(Buffer.byteLength(offer.secret.replaceAll(' ', ''))).toBe(32)
  expect(offerTotp(deps, { userId: other.id, email: other.email }, offer.sealed).secret).not.toBe(offer.secret)
  await expect(save(deps, other.id, offer.sealed, '123456')).rejects.toMatchObject({ code: 'INVALID' })
})

test('an offer is good for an hour', async () => {
  const deps = await testDeps()
  const user = await aUser(deps)
  const offer = offerTotp(deps, { userId: user.id, email: user.email })
  const code = () => generateSync({ secret: offer.secret.replaceAll(' ', ''), epoch: deps.clock.now() / 1000 })
  deps.clock.advance(offerMs)
  await expect(save(deps, user.id, offer.sealed, code())).rejects.toMatchObject({ message: /too long ago/ })
  deps.clock.advance(-1)
  expect(
    await save(
      deps,
      user.id,
      offer.sealed,
      generateSync({ secret: offer.secret.replaceAll(' ', ''), epoch: Math.floor(deps.clock.now() / 1000) }),
    ),
  ).toEqual({ replaced: false })
})

test('the database holds the secret sealed, and a key of an earlier time is replaced when a code is taken', async () => {
  const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')
  const deps = await testDeps({ config: testConfig({ SECRETS_KEY: key(1) }) })
  const user = await aUser(deps)
  const app = await anApp(deps, user)
  const stored = async () => (await deps.db.read.select().from(totpFactors).where(eq(totpFactors.userId, user.id)))[0]
  const before = await stored()
  expect(JSON.stringify(before)).not.toContain(app.secret)
  const rotated: TestDeps = { ...deps, config: testConfig({ SECRETS_KEY: `${key(2)},${key(1)}` }) }
  expect(await take(rotated, user.id, app.code())).toBe(true)
  const onlyNew: TestDeps = { ...deps, config: testConfig({ SECRETS_KEY: key(2) }) }
  deps.clock.advance(step)
  expect(await take(onlyNew, user.id, app.code())).toBe(true)
  await expect(take(deps, user.id, app.code())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(deps.log.lines.at(-1)).toMatchObject({ level: 'error', fields: { userId: user.id } })
})

/** RFC 4648, section 10. */
test.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('base32 of %j is %s', (text, encoded) => {
  expect(base32(Buffer.from(text))).toBe(encoded)
})

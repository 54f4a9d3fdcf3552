import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, outbox, partners } from '#db/schema/index.ts'
import type { Role } from '#server/auth/rules.ts'
import { contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, anOrg, aPartner, aPayout, type Org } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { cadence, remindUnfinished } from './reminders.ts'
import { fromV1, requirementWords } from './requirements.ts'
import { partnersRouter } from './router.ts'
import { countries, createPartnerInput, currencies, currencyOf } from './rules.ts'

const day = 24 * 60 * 60_000

async function as(deps: TestDeps, role: Role, org: Org) {
  const { viewer, user } = await aMember(deps, { role, org })
  return { api: createCallerFactory(partnersRouter)(contextFor(deps, viewer)), user }
}

async function anOffice(role: Role = 'manager') {
  const deps = await testDeps()
  const org = await anOrg(deps)
  return { deps, org, ...(await as(deps, role, org)) }
}

const bolt = { name: 'Bolt', email: 'Bolt@Example.org ', country: 'DE' }
const mails = async (deps: TestDeps) =>
  (await deps.db.read.select({ key: outbox.key }).from(outbox).where(eq(outbox.topic, 'email.send'))).map(
    row => row.key,
  )

test('a partner is added once however often the form is sent, with the currency of its country', async () => {
  const { deps, api, org, user } = await anOffice()
  const input = { ...bolt, idempotencyKey: 'form-12345' }
  const created = await api.create(input)
  expect(await api.create(input)).toEqual(created)
  expect(await deps.db.read.select().from(partners)).toMatchObject([
    {
      id: created.id,
      orgId: org.id,
      name: 'Bolt',
      email: 'bolt@example.org',
      country: 'DE',
      currency: 'EUR',
      type: 'referrer',
      version: 1,
      stripeAccountId: null,
    },
  ])
  expect(await deps.db.read.select().from(audit)).toMatchObject([
    { action: 'partners.create', targetId: created.id, actorId: user.id },
  ])
  await expect(api.create({ ...input, name: 'Nut' })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('what another partner has is refused at its field, and nothing is written', async () => {
  const { deps, api } = await anOffice()
  await api.create({ ...bolt, reference: 'B-1' })
  await expect(api.create({ ...bolt, reference: 'B-2' })).rejects.toThrow('Bolt has this email address already.')
  await expect(api.create({ ...bolt, email: 'nut@example.org', reference: 'B-1' })).rejects.toThrow(
    'Bolt has this reference already.',
  )
  expect(await deps.db.read.select().from(partners)).toHaveLength(1)
})

test.each([
  [{ name: '  ' }, 'The name is missing.'],
  [{ name: 'x'.repeat(121) }, 'The name can have at most 120 characters.'],
  [{ name: 'a\u202eb' }, "The name has characters that can't be used here."],
  [{ email: 'nobody' }, 'That is not an email address.'],
  [{ country: 'XX' }, 'Choose a country.'],
  [{ country: 'EU' }, 'Choose a country.'],
  [{ currency: 'ABC' }, 'That is not a currency we know.'],
  [{ type: 'friend' as never }, 'Choose a kind of partner.'],
])('%j is refused with a sentence', async (change, sentence) => {
  const { deps, api } = await anOffice()
  await expect(api.create({ ...bolt, ...change })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  const parsed = createPartnerInput.safeParse({ ...bolt, ...change })
  expect(parsed.error?.issues[0]?.message).toBe(sentence)
  expect(await deps.db.read.select().from(partners)).toEqual([])
})

test('of two people who edit at once, the slower is told by whom and nothing of theirs is saved', async () => {
  const { deps, api, org, user } = await anOffice()
  const { id } = await api.create(bolt)
  const other = await as(deps, 'admin', org)
  expect(await api.update({ partnerId: id, version: 1, name: 'Bolt & Co' })).toMatchObject({
    name: 'Bolt & Co',
    version: 2,
  })
  await expect(other.api.update({ partnerId: id, version: 1, reference: 'B-9' })).rejects.toThrow(
    `${user.name} edited this partner`,
  )
  expect((await deps.db.read.select().from(partners))[0]).toMatchObject({
    name: 'Bolt & Co',
    reference: null,
    version: 2,
  })
  // Nothing new is no change.
  expect(await api.update({ partnerId: id, version: 2, name: 'Bolt & Co' })).toMatchObject({ version: 2 })
})

test('a new address is told to the old and the new one, and finance', async () => {
  const { deps, api } = await anOffice()
  const { id } = await api.create(bolt)
  await api.update({ partnerId: id, email: 'nut@example.org' })
  expect((await mails(deps)).map(key => key.split('destinationChanged:')[1]).sort()).toEqual([
    'bolt@example.org:Bolt',
    'nut@example.org:Bolt',
    id,
    'payouts.pay',
  ])
})

test('the country of a connected account stays', async () => {
  const { deps, api, org } = await anOffice()
  const payee = await aPartner(deps, { orgId: org.id })
  await expect(api.update({ partnerId: payee.id, country: 'FR' })).rejects.toMatchObject({
    code: 'PRECONDITION_FAILED',
  })
})

test('archived partners leave the list and come back', async () => {
  const { api } = await anOffice()
  const { id } = await api.create(bolt)
  await api.archive({ partnerId: id, version: 1 })
  expect((await api.list({})).rows).toEqual([])
  expect((await api.list({ status: 'archived' })).rows).toMatchObject([{ id, state: 'archived' }])
  expect(await api.options()).toEqual([])
  await expect(api.archive({ partnerId: id })).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(api.invite({ partnerId: id })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect((await api.get({ partnerId: id })).blockers.map(blocker => blocker.code)).toEqual([
    'no_account',
    'partner_archived',
  ])
  expect(await api.restore({ partnerId: id, version: 2 })).toMatchObject({ version: 3 })
  expect((await api.list({})).rows).toHaveLength(1)
})

test('the list runs by name whatever its case, in pages that miss and repeat nobody, with each one’s money', async () => {
  const { deps, api, org } = await anOffice()
  for (const name of ['zeta', 'Alpha', 'beta', 'Gamma', 'alpha', 'Émile']) await aPartner(deps, { orgId: org.id, name })
  const elsewhere = await anOrg(deps)
  const rival = await aPartner(deps, { orgId: elsewhere.id, name: 'Beth' })
  await aPayout(deps, { partner: rival, status: 'paid', amount: 999 })
  const [beta] = await deps.db.read.select().from(partners).where(eq(partners.name, 'beta'))
  await aPayout(deps, { partner: beta!, status: 'paid', amount: 500, amountReversed: 100 })
  await aPayout(deps, { partner: beta!, status: 'approved', amount: 70 })
  await aPayout(deps, { partner: beta!, amount: 7 })
  await aPayout(deps, { partner: beta!, status: 'rejected', amount: 4_000 })

  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await api.list({ limit: 2, cursor })
    names.push(...page.rows.map(row => row.name))
    cursor = page.next ?? undefined
  } while (cursor)
  expect(names.map(name => name.toLowerCase())).toEqual(['alpha', 'alpha', 'beta', 'gamma', 'zeta', 'émile'])
  expect(new Set(names).size).toBe(6)
  const [row] = (await api.list({ q: 'BET' })).rows
  expect(row).toMatchObject({
    name: 'beta',
    state: 'payable',
    paid: [{ amount: 400, currency: 'USD' }],
    pending: [{ amount: 77, currency: 'USD' }],
    payoutCount: 4,
  })
  expect((await api.list({ q: '%' })).rows).toEqual([])
  expect(await api.options({ q: 'gam', limit: 5 })).toMatchObject([{ name: 'Gamma', currency: 'USD' }])
})

test('each status has its tab, and the counts agree with the rows', async () => {
  const { deps, api, org } = await anOffice('viewer')
  for (const transfersStatus of [
    'none',
    'pending',
    'active',
    'restricted',
    'rejected',
    'unsupported',
    'closed',
    'disconnected',
  ] as const)
    await aPartner(deps, { orgId: org.id, transfersStatus })
  await aPartner(deps, { orgId: org.id, archivedAt: 1 })
  const { counts } = await api.list({})
  expect(counts).toEqual({ all: 8, payable: 1, needs_setup: 3, restricted: 4, archived: 1 })
  for (const status of ['payable', 'needs_setup', 'restricted', 'archived'] as const)
    expect((await api.list({ status })).rows).toHaveLength(counts[status])
})

test('a partner’s page has its people, its open invitations and what stands in the way', async () => {
  const { deps, api, org } = await anOffice()
  const partner = await aPartner(deps, {
    orgId: org.id,
    holdUntil: deps.clock.now() + day,
    transfersStatus: 'restricted',
    requirements: [{ code: 'x', text: 'your phone number', deadline: null }],
  })
  const member = await aMember(deps, { role: 'partner', org, partner })
  const invited = await api.invite({ partnerId: partner.id, email: 'second@example.org', idempotencyKey: 'invite-123' })
  expect(invited.url).toMatch(/^http:\/\/127\.0\.0\.1:3000\/invitations\//)
  const page = await api.get({ partnerId: partner.id })
  expect(page.users).toMatchObject([{ email: member.user.email }])
  expect(page.invitations).toMatchObject([{ id: invited.invitationId, email: 'second@example.org' }])
  expect(page.blockers.map(blocker => blocker.code)).toEqual(['account_restricted', 'on_hold'])
  expect(page.blockers[0]?.message).toContain('your phone number')
})

test('another organization’s partner is not there, and nothing is written', async () => {
  const { deps, org } = await anOffice()
  const { api } = await as(deps, 'owner', await anOrg(deps))
  const partner = await aPartner(deps, { orgId: org.id })
  const partnerId = partner.id
  for (const call of [
    api.get({ partnerId }),
    api.update({ partnerId, name: 'x' }),
    api.archive({ partnerId }),
    api.restore({ partnerId }),
    api.invite({ partnerId }),
    api.remind({ partnerId }),
    api.sync({ partnerId }),
  ])
    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await deps.db.read.select().from(partners)).toEqual([partner])
  expect(await deps.db.read.select().from(audit)).toEqual([])
})

test('a reminder goes out once a day, and to nobody who has nothing to do', async () => {
  const { deps, api, org } = await anOffice()
  const { id } = await api.create(bolt)
  await api.remind({ partnerId: id })
  await expect(api.remind({ partnerId: id })).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  deps.clock.advance(day)
  await api.remind({ partnerId: id })
  expect((await mails(deps)).filter(key => key.includes('onboardingReminder'))).toHaveLength(2)
  const payee = await aPartner(deps, { orgId: org.id })
  await expect(api.remind({ partnerId: payee.id })).rejects.toThrow('has finished the set-up already.')
})

test('who has money waiting is reminded on day 3, 6, 13, 20 and 27, and never again', async () => {
  const { deps, org } = await anOffice()
  const lazy = await aPartner(deps, { orgId: org.id, transfersStatus: 'pending' })
  await aPayout(deps, { partner: lazy })
  const ready = await aPartner(deps, { orgId: org.id })
  await aPayout(deps, { partner: ready })
  const poor = await aPartner(deps, { orgId: org.id, transfersStatus: 'none' })
  await aPayout(deps, { partner: poor, status: 'rejected' })
  const days: number[] = []
  for (let at = 0; at <= 60; at++) {
    if ((await remindUnfinished(deps)) > 0) days.push(at)
    expect(await remindUnfinished(deps)).toBe(0)
    deps.clock.advance(day)
  }
  expect(days).toEqual([3, 6, 13, 20, 27])
  expect(days).toHaveLength(cadence.length)
  expect(
    (await mails(deps)).filter(key => key.includes('onboardingReminder')).every(key => key.startsWith(lazy.id)),
  ).toBe(true)
})

test('a reminder by hand puts off the next by the clock', async () => {
  const { deps, org, api } = await anOffice()
  const lazy = await aPartner(deps, { orgId: org.id, transfersStatus: 'none' })
  await aPayout(deps, { partner: lazy })
  deps.clock.advance(2 * day)
  await api.remind({ partnerId: lazy.id })
  deps.clock.advance(2 * day)
  expect(await remindUnfinished(deps)).toBe(0)
  deps.clock.advance(day)
  expect(await remindUnfinished(deps)).toBe(1)
})

test('countries and currencies come from Intl, and every proposal is one that may be chosen', () => {
  const codes = countries.map(country => country.code)
  expect(codes).toEqual(expect.arrayContaining(['US', 'GB', 'DE', 'JP', 'XK']))
  expect(codes.filter(code => ['EU', 'UN', 'DD', 'SU', 'AC', 'ZZ', 'UK'].includes(code))).toEqual([])
  const offered = new Set(currencies.map(currency => currency.code))
  for (const code of codes) expect(offered.has(currencyOf(code)), code).toBe(true)
  expect([currencyOf('FR'), currencyOf('CA'), currencyOf('AU'), currencyOf('GB'), currencyOf('KP')]).toEqual([
    'EUR',
    'CAD',
    'AUD',
    'GBP',
    'USD',
  ])
})

test('requirement codes of both API versions become words, and unknown ones stay readable', () => {
  const said = (code: string) => requirementWords(code)
  expect(said('external_account')).toBe('a bank account in your name')
  expect(said('individual.dob.day')).toBe('your date of birth')
  expect(said('identity.individual.date_of_birth.day')).toBe('your date of birth')
  expect(said('company.address.city')).toBe('the address of your business')
  expect(said('identity.attestations.terms_of_service.account.date')).toBe("your agreement to Stripe's terms")
  expect(said('person_1Abc.verification.document')).toBe('a photo of an identity document, such as a passport')
  expect(said('individual.shoe_size')).toBe('individual shoe size')
  const found = fromV1({
    ...{
      alternatives: [],
      current_deadline: 1_800_000_000,
      disabled_reason: null,
      eventually_due: ['individual.phone'],
      pending_verification: [],
    },
    currently_due: ['individual.dob.day', 'individual.dob.month'],
    past_due: ['individual.verification.document'],
    errors: [
      {
        code: 'verification_document_expired',
        requirement: 'individual.verification.document',
        reason: 'The document has expired.',
      },
    ],
  })
  expect(found).toEqual([
    {
      code: 'individual.verification.document',
      text: 'a photo of an identity document, such as a passport (The document has expired)',
      deadline: 1_800_000_000_000,
    },
    { code: 'individual.dob.day', text: 'your date of birth', deadline: 1_800_000_000_000 },
  ])
})

import { expect, test } from 'vitest'
import { rejection, startForTest } from './testing.ts'

const MINUTE = 60 * 1000

async function startPartner() {
  const running = await startForTest()
  const { stripe } = running
  const { id } = await stripe.v2.core.accounts.create({
    contact_email: 'ada@example.test',
    display_name: 'Ada & Co <b>',
    dashboard: 'express',
    identity: { country: 'DE', entity_type: 'individual' },
    configuration: { recipient: { capabilities: { stripe_balance: { stripe_transfers: { requested: true } } } } },
  })
  const link = () =>
    stripe.v2.core.accountLinks.create({
      account: id,
      use_case: {
        type: 'account_onboarding',
        account_onboarding: { refresh_url: 'http://portal.test/again', return_url: 'http://portal.test/back' },
      },
    })
  const state = () => stripe.v2.core.accounts.retrieve(id, { include: ['configuration.recipient', 'requirements'] })
  const status = async () =>
    (await state()).configuration?.recipient?.capabilities?.stripe_balance?.stripe_transfers?.status
  return { running, stripe, id, link, state, status }
}

/** A browser that does not follow redirects. */
async function open(url: string, form?: Record<string, string>) {
  const response = await fetch(url, {
    redirect: 'manual',
    ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
  })
  return { status: response.status, location: response.headers.get('location') ?? '', text: await response.text() }
}

/** Opens a fresh link, presses one button, and returns where that leads. */
async function press(link: () => Promise<{ url: string }>, form: Record<string, string>): Promise<string> {
  const { location: session } = await open((await link()).url)
  return (await open(session, form)).location
}

async function typesOf(running: Awaited<ReturnType<typeof startForTest>>, account: string) {
  const thin = (await running.stripe.v2.core.events.list({ object_id: account })).data
    .map(event => event.type)
    .reverse()
  const snapshot = (await running.stripe.events.list({}, { stripeContext: account })).data
    .map(event => event.type)
    .reverse()
  return { thin, snapshot }
}

test('a new recipient is restricted until the hosted page is completed', async () => {
  const { running, stripe, id, link, state, status } = await startPartner()
  expect(await status()).toBe('restricted')
  expect((await state()).requirements?.entries?.length).toBeGreaterThan(3)
  expect(await stripe.accounts.retrieve(id)).toMatchObject({
    capabilities: { transfers: 'inactive' },
    requirements: { disabled_reason: 'requirements.past_due' },
  })

  const { location: session } = await open((await link()).url)
  const page = await open(session)
  expect(page.text).toContain('SIMULATED')
  expect(page.text).toContain('Ada &amp; Co &lt;b&gt;')
  expect(page.text).toContain('external_account')
  expect(await open(session, { outcome: 'complete' })).toMatchObject({
    status: 303,
    location: 'http://portal.test/back',
  })

  expect(await status()).toBe('active')
  expect((await state()).requirements?.entries).toEqual([])
  expect(await stripe.accounts.retrieve(id)).toMatchObject({
    capabilities: { transfers: 'active' },
    payouts_enabled: true,
  })
  expect(await typesOf(running, id)).toEqual({
    thin: [
      'v2.core.account.created',
      'v2.core.account[configuration.recipient].capability_status_updated',
      'v2.core.account[configuration.recipient].capability_status_updated',
      'v2.core.account[requirements].updated',
    ],
    snapshot: ['account.updated', 'capability.updated', 'account.external_account.created'],
  })
})

test('missing information, rejection and leaving end where they should', async () => {
  const { link, state, status } = await startPartner()
  expect(await press(link, { outcome: 'leave' })).toBe('http://portal.test/back')
  expect(await status()).toBe('restricted')

  await press(link, { outcome: 'missing' })
  expect(await status()).toBe('restricted')
  expect((await state()).requirements?.entries?.map(entry => entry.description)).toEqual([
    'individual.verification.document',
  ])

  await press(link, { outcome: 'complete', bank_number: '000111111116' })
  expect(await status()).toBe('active')
  await press(link, { outcome: 'reject' })
  expect(await status()).toBe('rejected')
})

test('a link opens once and expires; both lead back to the platform for a new one', async () => {
  const { running, link } = await startPartner()
  const used = await link()
  expect((await open(used.url)).location).toContain('/onboarding/session_')
  expect((await open(used.url)).location).toBe('http://portal.test/again')

  const late = await link()
  expect(Date.parse(late.expires_at) - Date.parse(late.created)).toBe(5 * MINUTE)
  running.control('POST', '/_sim/clock', { advance: 5 * MINUTE })
  expect((await open(late.url)).location).toBe('http://portal.test/again')

  const { location: session } = await open((await link()).url)
  running.control('POST', '/_sim/clock', { advance: 60 * MINUTE })
  expect((await open(session, { outcome: 'complete' })).location).toBe('http://portal.test/again')
  expect((await open(`${running.url}/onboarding/link_1nothing`)).status).toBe(404)
})

test('what was not asked for is absent, not false', async () => {
  const { stripe, id } = await startPartner()
  const account = await stripe.v2.core.accounts.retrieve(id)
  for (const part of ['configuration', 'requirements', 'defaults', 'identity']) expect(account).not.toHaveProperty(part)
})

test('parameters that the pinned version removed are refused', async () => {
  const { stripe, id } = await startPartner()
  const error = await rejection(
    stripe.v2.core.accountLinks.create({
      account: id,
      use_case: {
        type: 'account_onboarding',
        account_onboarding: { refresh_url: 'http://portal.test', configurations: ['recipient'] } as {
          refresh_url: string
        },
      },
    }),
  )
  expect(error).toMatchObject({
    statusCode: 400,
    code: 'parameter_unknown',
    message: 'Received unknown parameter: use_case.account_onboarding.configurations',
  })
})

test('an account that leaves the platform can neither be read nor paid', async () => {
  const { running, stripe, id, link } = await startPartner()
  await press(link, { outcome: 'complete' })
  running.control('POST', `/_sim/accounts/${id}`, { deauthorized: true })

  expect(await rejection(stripe.accounts.retrieve(id))).toMatchObject({
    type: 'StripePermissionError',
    code: 'account_invalid',
    statusCode: 403,
  })
  expect(await rejection(stripe.v2.core.accounts.retrieve(id))).toMatchObject({ statusCode: 403 })
  expect(await rejection(stripe.balance.retrieve({}, { stripeContext: id }))).toMatchObject({ code: 'account_invalid' })
})

test('the express dashboard says what is there', async () => {
  const { running, stripe, id, link } = await startPartner()
  await press(link, { outcome: 'complete' })
  await stripe.transfers.create({ amount: 500, currency: 'eur', destination: id })
  const { url } = await stripe.accounts.createLoginLink(id)
  expect(url.startsWith(running.url)).toBe(true)
  expect((await open(url)).text).toMatch(/SIMULATED[\s\S]*500 EUR/)
})

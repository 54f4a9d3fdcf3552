import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { partners } from '#db/schema/index.ts'
import type { Viewer } from '#server/auth/rules.ts'
import type { Deps } from '#server/deps.ts'
import { aPair, aPayee, type Pair, queuedMails } from '#server/stripe/testing.ts'
import { contextFor } from '#server/test/callers.ts'
import { aMember, anOrg, aPartner, aPayout, type Partner, readPayout } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { system, work } from '#server/work.ts'
import { connectAccount, hostedUrl } from './connect.ts'
import { partnersRouter } from './router.ts'

const api = (deps: Deps, viewer: Viewer) => createCallerFactory(partnersRouter)(contextFor(deps, viewer))

const fresh = { stripeAccountId: null, destinationKey: null, transfersStatus: 'none' as const }

async function aPortal(pair: Pair, values: Partial<Partner> = fresh) {
  const partner = await aPartner(pair.deps, { orgId: pair.org.id, ...values })
  const { viewer } = await aMember(pair.deps, { role: 'partner', org: pair.org, partner })
  const read = async () => (await pair.deps.db.read.select().from(partners).where(eq(partners.id, partner.id)))[0]!
  return { partner, portal: api(pair.deps, viewer), read }
}

/** What the partner's browser does on Stripe's page. */
async function press(url: string, outcome: string): Promise<string | null> {
  const opened = await fetch(url, { redirect: 'manual' })
  const session = opened.headers.get('location') ?? ''
  if (!session.includes('/onboarding/')) return session
  const done = await fetch(session, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' })
  return done.headers.get('location')
}

test('from nothing to payable: the account is made once, the page is Stripe’s, and coming back reads what it led to', async () => {
  const pair = await aPair()
  const { partner, portal, read } = await aPortal(pair)
  expect((await portal.me()).setup).toMatchObject({
    payable: false,
    status: 'none',
    action: 'Set up payouts',
    missing: [],
  })

  const { url } = await portal.startSetup()
  expect(url.startsWith(pair.sim.url)).toBe(true)
  const { stripeAccountId } = await read()
  expect(await pair.deps.stripe.v2.core.accounts.retrieve(stripeAccountId ?? '')).toMatchObject({
    contact_email: partner.email,
    display_name: partner.name,
    dashboard: 'express',
    metadata: { partner_id: partner.id },
  })
  await pair.settle()
  expect((await portal.refreshSetup()).setup).toMatchObject({
    payable: false,
    status: 'pending',
    action: 'Continue the set-up',
  })
  expect((await portal.me()).setup.missing.map(item => item.text)).toContain('a bank account in your name')

  expect(await press(url, 'complete')).toBe('http://127.0.0.1:3000/portal/setup?return=1')
  expect((await portal.refreshSetup()).setup).toMatchObject({
    payable: true,
    status: 'active',
    missing: [],
    holdUntil: null,
    says: 'You are set up, and can be paid.',
  })
  expect(await read()).toMatchObject({ stripeAccountId, destinationKey: `${stripeAccountId}:US6789`, holdUntil: null })
})

test('two clicks at once make one account and two links, each good for one visit', async () => {
  const pair = await aPair()
  const { portal, read } = await aPortal(pair)
  const links = await Promise.all([portal.startSetup(), portal.startSetup()])
  expect(links[0]?.url).not.toBe(links[1]?.url)
  expect((await pair.deps.stripe.v2.core.accounts.list()).data.map(account => account.id)).toEqual([
    (await read()).stripeAccountId,
  ])
  await press(links[0]?.url ?? '', 'leave')
  expect(await press(links[0]?.url ?? '', 'complete')).toBe('http://127.0.0.1:3000/portal/setup?refresh=1')
})

test('a crash between Stripe’s answer and ours leads to the same account, an edited profile to a spare one', async () => {
  const pair = await aPair()
  const { partner, portal, read } = await aPortal(pair)
  pair.sim.control('POST', '/_sim/faults', { kind: 'truncate', method: 'POST', path: '/v2/core/accounts' })
  await expect(portal.startSetup()).rejects.toThrow(
    'Stripe does not answer at the moment. Nothing is lost; try again in a minute.',
  )
  expect((await read()).stripeAccountId).toBeNull()
  const [made] = (await pair.deps.stripe.v2.core.accounts.list()).data
  await pair.deps.db.write(tx => tx.update(partners).set({ name: 'Renamed' }).where(eq(partners.id, partner.id)))
  await portal.startSetup()
  const spare = (await read()).stripeAccountId
  expect(spare).not.toBe(made?.id)

  const other = await aPortal(pair)
  pair.sim.control('POST', '/_sim/faults', { kind: 'truncate', method: 'POST', path: '/v2/core/accounts' })
  await expect(other.portal.startSetup()).rejects.toThrow()
  await other.portal.startSetup()
  expect((await pair.deps.stripe.v2.core.accounts.list()).data).toHaveLength(3)
})

test('what Stripe still wants, and what it refuses, is said in words', async () => {
  const pair = await aPair()
  const missing = await aPortal(pair)
  await press((await missing.portal.startSetup()).url, 'missing')
  expect((await missing.portal.refreshSetup()).setup).toMatchObject({
    status: 'restricted',
    missing: [{ text: 'a photo of an identity document, such as a passport', deadline: null }],
    action: 'Continue the set-up',
  })
  const refused = await aPortal(pair)
  await press((await refused.portal.startSetup()).url, 'reject')
  expect((await refused.portal.refreshSetup()).setup).toMatchObject({ status: 'rejected', action: null })
  await expect(refused.portal.startSetup()).rejects.toThrow('Stripe does not pay out to this account.')
})

test('after a disconnect the set-up makes a new account, and approvals for the former are void and held', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const { viewer } = await aMember(pair.deps, { role: 'partner', org: pair.org, partner: payee })
  const portal = api(pair.deps, viewer)
  const payout = await aPayout(pair.deps, { partner: payee, status: 'approved' })
  pair.sim.control('POST', `/_sim/accounts/${payee.stripeAccountId}`, { deauthorized: true })
  // Nobody told us yet: the first click finds out, the second makes the new one.
  await expect(portal.startSetup()).rejects.toThrow('Start the set-up again.')
  await portal.startSetup()
  const [after] = await pair.deps.db.read.select().from(partners).where(eq(partners.id, payee.id))
  expect(after?.stripeAccountId).not.toBe(payee.stripeAccountId)
  expect(after).toMatchObject({ transfersStatus: 'pending', holdUntil: pair.deps.clock.now() + 72 * 60 * 60_000 })
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'pending_approval', destination: null })
  expect((await queuedMails(pair.deps)).filter(key => key.includes('destinationChanged'))).toHaveLength(2)
})

test('one account for two partners is refused, in whichever organization', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const elsewhere = await anOrg(pair.deps)
  const other = await aPartner(pair.deps, { orgId: elsewhere.id, ...fresh })
  const connecting = work(pair.deps, { orgId: elsewhere.id, actor: system }, unit =>
    connectAccount(unit, other.id, null, payee.stripeAccountId ?? ''),
  )
  await expect(connecting).rejects.toThrow('This Stripe account belongs to another partner already.')
})

test('a partner who is archived sets up nothing; staff have no set-up of their own', async () => {
  const pair = await aPair()
  const { portal } = await aPortal(pair, { ...fresh, archivedAt: 1 })
  await expect(portal.startSetup()).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
  expect((await portal.me()).setup).toMatchObject({ payable: false, action: null })
  const { viewer } = await aMember(pair.deps, { role: 'owner', org: pair.org })
  await expect(api(pair.deps, viewer).startSetup()).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('people are sent only to Stripe, or to what stands in for it', () => {
  const live = { STRIPE_API_BASE: 'https://api.stripe.com' }
  const local = { STRIPE_API_BASE: 'http://127.0.0.1:12111' }
  expect(hostedUrl(live, 'https://connect.stripe.com/setup/s/x')).toBe('https://connect.stripe.com/setup/s/x')
  expect(hostedUrl(local, 'http://127.0.0.1:12999/onboarding/x')).toBe('http://127.0.0.1:12999/onboarding/x')
  for (const url of [
    'http://connect.stripe.com/x',
    'https://stripe.com.evil.example/x',
    'https://evilstripe.com/x',
    'https://connect.stripe.com@evil.example/x',
    'https://a:b@connect.stripe.com/x',
    'javascript:alert(1)',
    'http://127.0.0.1:12111/x',
    '',
  ])
    expect(() => hostedUrl(live, url), url).toThrow("not a page of Stripe's")
  expect(() => hostedUrl(local, 'https://evil.example/x')).toThrow()
})

import { expect, test } from 'vitest'
import { parseForm } from './form.ts'
import { activeAccount, rejection, START, startForTest } from './testing.ts'

/** One raw request; the answer's body is parsed. */
async function send(url: string, init: RequestInit & { key?: string | null } = {}) {
  const { key = 'sk_test_x', ...rest } = init
  const response = await fetch(url, {
    ...rest,
    headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...rest.headers },
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { error?: Record<string, string> },
  }
}

test('keys: test keys as Bearer or Basic, never a live one', async () => {
  const { url } = await startForTest()
  const balance = `${url}/v1/balance`
  const basic = `Basic ${Buffer.from('sk_test_x:').toString('base64')}`
  expect((await send(balance)).status).toBe(200)
  expect((await send(balance, { key: 'rk_test_x' })).status).toBe(200)
  expect((await send(balance, { key: null, headers: { authorization: basic } })).status).toBe(200)
  for (const key of [null, 'sk_live_x', 'sk_test_', 'pk_test_x']) {
    const { status, body } = await send(balance, { key })
    expect({ key, status }).toEqual({ key, status: 401 })
    expect(body.error?.type).toBe('invalid_request_error')
  }
  const { url: strict } = await startForTest({ keys: ['sk_test_this'] })
  expect((await send(`${strict}/v1/balance`)).status).toBe(401)
  expect((await send(`${strict}/v1/balance`, { key: 'sk_test_this' })).status).toBe(200)
})

test('headers: a request id, the version, the echoed key', async () => {
  const { url } = await startForTest()
  const { headers } = await send(`${url}/v1/topups`, {
    method: 'POST',
    body: new URLSearchParams({ amount: '100', currency: 'usd' }),
    headers: { 'stripe-version': '2024-01-01', 'idempotency-key': 'k1' },
  })
  expect(headers.get('request-id')).toMatch(/^req_/)
  expect(headers.get('stripe-version')).toBe('2024-01-01')
  expect(headers.get('idempotency-key')).toBe('k1')
  expect((await send(`${url}/v1/balance`)).headers.get('stripe-version')).toBe('2026-10-28.endive')
})

test('refusals name what is wrong', async () => {
  const { url } = await startForTest()
  const post = async (path: string, body: string) =>
    (await send(url + path, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }))
      .body.error
  expect(await post('/v1/transfers', 'amount=1&destination=acct_x&currency=usd&transfer_data[foo]=1')).toMatchObject({
    code: 'parameter_unknown',
    param: 'transfer_data',
    message: 'Received unknown parameter: transfer_data',
  })
  expect(await post('/v1/transfers', 'amount=1&destination=acct_x')).toMatchObject({
    code: 'parameter_missing',
    param: 'currency',
    message: 'Missing required param: currency.',
  })
  expect(await post('/v1/account_links', 'account=a&type=b&collection_options[x]=1')).toMatchObject({
    param: 'collection_options[x]',
  })
  const missing = await send(`${url}/v1/transfers/tr_x`)
  expect(missing.status).toBe(404)
  expect(missing.body.error).toMatchObject({
    code: 'resource_missing',
    message: "No such transfer: 'tr_x'",
    param: 'id',
  })
  expect(missing.body.error?.doc_url).toContain('resource-missing')
  expect((await send(`${url}/v1/nonsense`)).body.error?.message).toContain(
    'Unrecognized request URL (GET: /v1/nonsense)',
  )
  const v2 = await send(`${url}/v2/core/accounts`, {
    method: 'POST',
    body: '{"a":',
    headers: { 'content-type': 'application/json' },
  })
  expect(v2.body.error?.message).toContain('not valid JSON')
})

test('forms nest as Rack has it', () => {
  expect(
    parseForm('a[b][c]=1&a[d]=2&list[]=x&list[]=y&at[0]=p&at[1][q]=r&twice=1&twice=2&e=%26%3D+%C3%A9&m[]='),
  ).toEqual({
    a: { b: { c: '1' }, d: '2' },
    list: ['x', 'y'],
    at: ['p', { q: 'r' }],
    twice: '2',
    e: '&= é',
    m: [''],
  })
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  parseForm('__proto__[polluted]=1&constructor[prototype][polluted]=1')
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('metadata: merged, single names removed, all cleared, and bounded', async () => {
  const running = await startForTest()
  const { stripe } = running
  const { id } = await stripe.transfers.create({
    amount: 1,
    currency: 'usd',
    destination: activeAccount(running),
    metadata: { a: '1', b: '2', '0': 'x' },
  })
  const update = async (metadata: Record<string, string> | '') =>
    (await stripe.transfers.update(id, { metadata })).metadata
  expect(await update({ b: '3', c: '4' })).toEqual({ a: '1', b: '3', c: '4', '0': 'x' })
  expect(await update({ a: '' })).toEqual({ b: '3', c: '4', '0': 'x' })
  expect(await update('')).toEqual({})
  expect((await rejection(update({ a: 'x'.repeat(501) }))).message).toContain('500')
  expect(
    (await rejection(update(Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v']))))).message,
  ).toContain('50')
})

test('expand replaces ids, deep and in lists, and refuses what is none', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)
  const { id } = await stripe.transfers.create({ amount: 1, currency: 'usd', destination })
  const { data } = await stripe.transfers.list({ expand: ['data.balance_transaction', 'data.destination'] })
  expect(data[0]).toMatchObject({
    balance_transaction: { amount: -1 },
    destination: { id: destination, object: 'account' },
  })
  expect((await rejection(stripe.transfers.retrieve(id, { expand: ['amount_received'] }))).message).toContain(
    'cannot be expanded',
  )
})

test('v2 lists lead on by next_page_url', async () => {
  const { stripe } = await startForTest()
  const ids: string[] = []
  for (let index = 0; index < 5; index++)
    ids.unshift((await stripe.v2.core.accounts.create({ display_name: `${index}` })).id)
  const seen: string[] = []
  for await (const account of stripe.v2.core.accounts.list({ limit: 2, closed: false })) seen.push(account.id)
  expect(seen).toEqual(ids)
})

test('v1 accounts: of the old kind payable at once, the others when their capability is active', async () => {
  const running = await startForTest()
  const { stripe } = running
  const pay = (destination: string) => stripe.transfers.create({ amount: 1, currency: 'usd', destination })
  const old = await stripe.accounts.create({})
  expect(old).toMatchObject({ type: 'standard', capabilities: { legacy_payments: 'active' } })
  await pay(old.id)

  const express = await stripe.accounts.create({ type: 'express', capabilities: { transfers: { requested: true } } })
  expect(express.capabilities).toEqual({ transfers: 'inactive' })
  expect(await rejection(pay(express.id))).toMatchObject({ code: 'insufficient_capabilities_for_transfer' })
  running.control('POST', `/_sim/accounts/${express.id}`, { transfers: 'active', due: [] })
  await pay(express.id)

  await stripe.accounts.del(express.id)
  expect(await rejection(pay(express.id))).toMatchObject({ code: 'resource_missing' })
  expect((await stripe.accounts.list()).data.map(account => account.id)).toEqual([old.id])
})

test('what is the platform’s alone cannot be done on behalf of an account', async () => {
  const running = await startForTest()
  const destination = activeAccount(running)
  const sent = running.stripe.transfers.create(
    { amount: 1, currency: 'usd', destination },
    { stripeContext: destination },
  )
  expect(await rejection(sent)).toMatchObject({ type: 'StripePermissionError', statusCode: 403 })
  expect((await running.stripe.accounts.retrieveCurrent({}, { stripeContext: destination })).id).toBe(destination)
})

test('the control endpoints take JSON only, so that no foreign page can use them', async () => {
  const { url } = await startForTest()
  const refused = await fetch(`${url}/_sim/balance`, { method: 'POST', body: 'amount=1' })
  expect(refused.status).toBe(400)
  expect((await fetch(`${url}/_sim/nothing`)).status).toBe(404)
  expect(await (await fetch(`${url}/_sim`)).json()).toMatchObject({ simulated: true, now: START })
})

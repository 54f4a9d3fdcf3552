import { expect, test } from 'vitest'
import { outbox, stripeEvents } from '#db/schema/index.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { createStripe } from './client.ts'
import { handleEvent } from './events.ts'
import { receiveWebhook } from './webhook.ts'

const snapshot = (change: object = {}) => ({
  id: 'evt_1',
  object: 'event',
  type: 'transfer.created',
  api_version: '2026-10-28.endive',
  created: 1_772_442_000,
  livemode: false,
  pending_webhooks: 1,
  request: null,
  data: { object: { id: 'tr_1', object: 'transfer' } },
  ...change,
})

const thin = (change: object = {}) => ({
  id: 'evt_2',
  object: 'v2.core.event',
  type: 'v2.core.account.closed',
  created: '2026-03-02T09:00:00.000Z',
  livemode: false,
  related_object: { id: 'acct_1', type: 'v2.core.account', url: '/v2/core/accounts/acct_1' },
  ...change,
})

function signed(deps: TestDeps, event: object, secret = 'whsec_platform', offsetSeconds = 0): [Buffer, string] {
  const payload = JSON.stringify(event, null, 2)
  const timestamp = Math.floor(deps.clock.now() / 1000) + offsetSeconds
  return [Buffer.from(payload), deps.stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })]
}

async function stored(deps: TestDeps) {
  const events = await deps.db.read.select().from(stripeEvents)
  const jobs = await deps.db.read.select().from(outbox)
  return { events, jobs }
}

test('a signed event is stored with its job and its bytes, in one answer', async () => {
  const deps = await testDeps()
  const [body, signature] = signed(deps, snapshot({ account: 'acct_9' }), 'whsec_connect')
  expect(await receiveWebhook(deps, 'connect', body, signature)).toEqual({ status: 200, body: 'stored' })
  const { events, jobs } = await stored(deps)
  expect(events).toMatchObject([
    {
      id: 'evt_1',
      endpoint: 'connect',
      type: 'transfer.created',
      account: 'acct_9',
      objectId: 'tr_1',
      livemode: false,
      createdAt: 1_772_442_000_000,
      receivedAt: deps.clock.now(),
      processedAt: null,
    },
  ])
  expect(events[0]?.body).toBe(body.toString())
  expect(jobs).toMatchObject([
    { topic: 'stripe.event', key: 'evt_1', orgId: 'system', payload: { eventId: 'evt_1' }, status: 'queued' },
  ])
})

test('the same event again, even at once, is one event and one job', async () => {
  const deps = await testDeps()
  const answers = await Promise.all([1, 2, 3].map(() => receiveWebhook(deps, 'platform', ...signed(deps, snapshot()))))
  expect(answers.map(answer => answer.body).sort()).toEqual(['known', 'known', 'stored'])
  const { events, jobs } = await stored(deps)
  expect([events.length, jobs.length]).toEqual([1, 1])
})

test('a thin event is stored with what it speaks of', async () => {
  const deps = await testDeps()
  expect(await receiveWebhook(deps, 'events', ...signed(deps, thin(), 'whsec_events'))).toMatchObject({ status: 200 })
  expect((await stored(deps)).events).toMatchObject([
    { id: 'evt_2', endpoint: 'events', objectId: 'acct_1', createdAt: Date.UTC(2026, 2, 2, 9) },
  ])
})

test.each<[string, (deps: TestDeps) => Parameters<typeof receiveWebhook>]>([
  ['no signature', deps => [deps, 'platform', Buffer.from('{}'), undefined]],
  [
    'a forged signature',
    deps => [
      deps,
      'platform',
      signed(deps, snapshot())[0],
      `t=${Math.floor(deps.clock.now() / 1000)},v1=${'0'.repeat(64)}`,
    ],
  ],
  [
    'a changed body',
    deps => [deps, 'platform', signed(deps, snapshot({ id: 'evt_9' }))[0], signed(deps, snapshot())[1]],
  ],
  ["the other endpoint's secret", deps => [deps, 'platform', ...signed(deps, snapshot(), 'whsec_connect')]],
  ['a replay after ten minutes', deps => [deps, 'platform', ...signed(deps, snapshot(), 'whsec_platform', -600)]],
  ['a time ten minutes ahead', deps => [deps, 'platform', ...signed(deps, snapshot(), 'whsec_platform', 600)]],
  ['a thin event on a snapshot route', deps => [deps, 'platform', ...signed(deps, thin())]],
  ['a snapshot on the thin route', deps => [deps, 'events', ...signed(deps, snapshot(), 'whsec_events')]],
  ['signed nonsense', deps => [deps, 'platform', ...signed(deps, ['not', 'an', 'event'])]],
  ['an empty body', deps => [deps, 'platform', Buffer.alloc(0), signed(deps, snapshot())[1]]],
])('%s is a 400, and nothing of it is kept but a line in the log', async (_, given) => {
  const deps = await testDeps()
  expect(await receiveWebhook(...given(deps))).toEqual({ status: 400, body: 'refused' })
  expect(await stored(deps)).toEqual({ events: [], jobs: [] })
  expect(deps.log.lines.filter(line => line.level === 'warn')).toHaveLength(1)
  expect(JSON.stringify(deps.log.lines)).not.toMatch(/whsec_|tr_1/)
})

test.each([
  [-3600, 0],
  [-400, -200],
])('a signature %i s old can’t be dressed up with a second time %i s old', async (old, dressedUp) => {
  const deps = await testDeps()
  const [body, signature] = signed(deps, snapshot(), 'whsec_platform', old)
  const dressed = `t=${Math.floor(deps.clock.now() / 1000) + dressedUp},${signature}`
  expect(await receiveWebhook(deps, 'platform', body, dressed)).toMatchObject({ status: 400 })
  expect((await stored(deps)).events).toEqual([])
})

test('a good signature at a wrong time raises an alarm, since our clock may be the wrong one', async () => {
  const deps = await testDeps()
  await receiveWebhook(deps, 'platform', ...signed(deps, snapshot(), 'whsec_platform', -600))
  expect(deps.log.lines).toContainEqual(
    expect.objectContaining({ level: 'error', fields: expect.objectContaining({ secondsOff: -600 }) }),
  )
})

test('while a secret is replaced, one good signature among several will do', async () => {
  const deps = await testDeps()
  const [body, signature] = signed(deps, snapshot())
  const rotated = signature.replace(',v1=', `,v1=${'a'.repeat(64)},v1=`)
  expect(await receiveWebhook(deps, 'platform', body, rotated)).toMatchObject({ status: 200 })
})

test('an event of the other mode is answered and ignored', async () => {
  const deps = await testDeps()
  expect(await receiveWebhook(deps, 'platform', ...signed(deps, snapshot({ livemode: true })))).toEqual({
    status: 200,
    body: 'ignored',
  })
  const live = await testDeps({ config: { STRIPE_SECRET_KEY: 'sk_live_x', PAYMENTS: 'stripe' } })
  expect(await receiveWebhook(live, 'platform', ...signed(live, snapshot()))).toEqual({ status: 200, body: 'ignored' })
  expect(await receiveWebhook(live, 'platform', ...signed(live, snapshot({ livemode: true })))).toEqual({
    status: 200,
    body: 'stored',
  })
  expect((await stored(deps)).events).toEqual([])
})

test('an unknown type of a newer version is kept, and ignored', async () => {
  const deps = await testDeps()
  const event = snapshot({ type: 'transfer.teleported', api_version: '2031-01-01.zebra', data: { object: {} } })
  expect(await receiveWebhook(deps, 'platform', ...signed(deps, event))).toMatchObject({ status: 200, body: 'stored' })
  expect(await handleEvent(deps, 'evt_1')).toBe('ignored')
  expect((await stored(deps)).events).toMatchObject([{ processedAt: deps.clock.now(), outcome: 'ignored' }])
})

test('a call to Stripe inside a database write is refused before it leaves', async () => {
  const deps = await testDeps()
  const stripe = createStripe(deps.config, deps.db.isWriting)
  const error = await deps.db.write(() => stripe.transfers.retrieve('tr_1')).catch(thrown => thrown)
  expect(String(error.detail)).toContain('inside a database write: GET /v1/transfers/tr_1')
})

test('plain http to another machine is refused, to this one not', () => {
  const key = { STRIPE_SECRET_KEY: 'sk_test_1' }
  expect(() => createStripe({ ...key, STRIPE_API_BASE: 'http://stripe.example.com' }, () => false)).toThrow(
    /on this machine only/,
  )
  for (const base of ['http://127.0.0.1:12111', 'http://localhost:1', 'http://[::1]:1', 'https://api.stripe.com'])
    expect(() => createStripe({ ...key, STRIPE_API_BASE: base }, () => false)).not.toThrow()
})

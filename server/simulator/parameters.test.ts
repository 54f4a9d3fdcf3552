import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { createValidator } from './conformance.ts'
import type { ParameterSpec } from './parameters.ts'
import type { Route } from './route.ts'
import { ROUTES } from './serve.ts'
import { activeAccount, record, rejection, startForTest } from './testing.ts'
import { API_VERSION } from './world.ts'

const validator = createValidator([
  ...new Set(ROUTES.flatMap(route => route.mirrors ?? [])),
  'PaymentIntent.LastPaymentError.Code',
  'PaymentIntent.LastPaymentError.Type',
])

test('refusals carry types and codes that the stripe package knows', async () => {
  const running = await startForTest({ balance: { usd: 100 } })
  const { stripe, recorded } = record(running.port)
  const destination = activeAccount(running)
  const restricted = activeAccount(running, { transfers: 'restricted' })
  const pay = (params: object) =>
    rejection(
      stripe.transfers.create(params as Stripe.TransferCreateParams, { idempotencyKey: JSON.stringify(params) }),
    )

  await pay({ amount: 101, currency: 'usd', destination })
  await pay({ amount: 1, currency: 'usd', destination: restricted })
  await pay({ amount: 1, currency: 'usd', destination: 'acct_unknown' })
  await pay({ amount: 1, currency: 'usd' })
  await pay({ amount: 1, currency: 'usd', destination, surprise: '1' })
  await pay({ amount: 0, currency: 'usd', destination })
  await pay({ amount: 10 ** 13, currency: 'usd', destination })
  await pay({ amount: 1, currency: 'xyz', destination })
  await rejection(stripe.transfers.retrieve('tr_x'))
  await rejection(stripe.accounts.retrieve('acct_unknown'))
  await rejection(stripe.webhookEndpoints.create({ url: 'nowhere', enabled_events: ['*'] }))
  for (const kind of ['conflict', 'rate_limit', 'lock_timeout', 'error_before', 'unauthorized']) {
    running.control('POST', '/_sim/faults', { kind })
    await pay({ amount: 1, currency: 'usd', destination, description: kind })
  }
  await stripe.transfers.create({ amount: 1, currency: 'usd', destination }, { idempotencyKey: 'x' })
  await rejection(stripe.transfers.create({ amount: 2, currency: 'usd', destination }, { idempotencyKey: 'x' }))

  // Documented by Stripe, but not listed among a payment's error codes.
  const codes = [
    ...validator.literalsOf('PaymentIntent.LastPaymentError.Code'),
    'insufficient_capabilities_for_transfer',
  ]
  const types = validator.literalsOf('PaymentIntent.LastPaymentError.Type')
  const refusals = recorded
    .filter(one => one.status >= 400)
    .map(one => (one.body as { error: Record<string, unknown> }).error)
  expect(refusals).toHaveLength(17)
  for (const { type, code = 'resource_missing', message } of refusals) {
    expect(types).toContain(type)
    expect(codes).toContain(code)
    expect(message).toBeTypeOf('string')
  }
})

test('the parameters are those of the pinned version, no more and no fewer', () => {
  // Only what funds a test balance is taken; and Stripe's own command line still sends payment_method_types.
  const partial = ['PaymentIntentCreateParams']
  // Hidden in next_page_url, hence not among the declared names.
  const pageToken = (route: Route) => (route.answers.startsWith('V2List') ? ['page'] : [])
  const compare = (route: Route, spec: ParameterSpec, path: string[]) => {
    const declared = validator.namesOf(route.mirrors!, path)
    const extra = path.length === 0 ? pageToken(route) : []
    expect({ route: route.path, path, names: Object.keys(spec).sort() }).toEqual({
      route: route.path,
      path,
      names: [...declared, ...extra].sort(),
    })
    for (const [name, inner] of Object.entries(spec))
      if (typeof inner !== 'string') compare(route, inner, [...path, name])
  }
  for (const route of ROUTES) {
    if (route.mirrors && !partial.includes(route.mirrors)) compare(route, route.parameters, [])
  }
})

test('the API version is the pinned package’s', () => {
  expect(API_VERSION).toBe(Stripe.API_VERSION)
})

import Stripe from 'stripe'
import { expect, test } from 'vitest'
import type { Requirement, TransfersStatus } from '#db/schema/index.ts'
import { accountRefusal, judge, refusals } from './refusals.ts'

/** An error as the package makes it from an answer of Stripe's. */
function answered(statusCode: number, raw: { type: string; code?: string; message?: string }) {
  return Stripe.errors.StripeError.generate({
    ...{ message: 'Stripe’s words', headers: {}, requestId: 'req_1', statusCode },
    ...raw,
  } as never)
}

test.each([
  [400, { type: 'invalid_request_error', code: 'balance_insufficient' }, 'refused'],
  [402, { type: 'card_error', code: 'card_declined' }, 'refused'],
  [403, { type: 'invalid_request_error', code: 'account_invalid' }, 'refused'],
  [404, { type: 'invalid_request_error', code: 'resource_missing' }, 'refused'],
  [401, { type: 'invalid_request_error' }, 'locked_out'],
  [409, { type: 'invalid_request_error', code: 'idempotency_key_in_use' }, 'in_flight'],
  [429, { type: 'rate_limit_error', code: 'rate_limit' }, 'busy'],
  [429, { type: 'invalid_request_error', code: 'lock_timeout' }, 'busy'],
  [400, { type: 'idempotency_error' }, 'key_conflict'],
  [500, { type: 'api_error' }, 'unknown'],
  [503, { type: 'api_error' }, 'unknown'],
  [405, { type: 'invalid_request_error' }, 'unknown'],
])('%i %j is %s', (status, raw, kind) => {
  expect(judge(answered(status, raw), false).kind).toBe(kind)
})

test('what never was an answer of Stripe’s is unknown, whatever it is', () => {
  const lost = new Stripe.errors.StripeConnectionError({ message: 'reset', type: 'api_error' } as never)
  expect(judge(lost, false)).toMatchObject({ kind: 'unknown', message: 'reset', requestId: null })
  expect(judge(new TypeError('ours'), false)).toEqual({
    ...{ kind: 'unknown', code: 'no_answer', message: 'ours', requestId: null },
  })
  expect(judge('a thrown text', false)).toMatchObject({ kind: 'unknown', message: 'a thrown text' })
  // A refusal's status without Stripe's own words: a proxy may have written it.
  const proxy = new Stripe.errors.StripeAPIError({ message: 'Forbidden', statusCode: 403 } as never)
  expect(judge(proxy, false).kind).toBe('unknown')
})

test('after an earlier send without an answer, a refusal at the door says nothing; one for the parameters does', () => {
  expect(judge(answered(403, { type: 'invalid_request_error', code: 'account_invalid' }), true).kind).toBe('unknown')
  expect(judge(answered(400, { type: 'invalid_request_error', code: 'balance_insufficient' }), true).kind).toBe(
    'refused',
  )
})

test('a known refusal says what to do, another one quotes Stripe', () => {
  const known = judge(answered(400, { type: 'invalid_request_error', code: 'balance_insufficient' }), false)
  expect(known.message).toBe(refusals.balance_insufficient)
  expect(
    judge(answered(400, { type: 'invalid_request_error', code: 'strange', message: 'Odd.' }), false),
  ).toMatchObject({
    ...{ code: 'strange', message: 'Stripe refused the transfer: Odd.', requestId: 'req_1' },
  })
  expect(judge(answered(400, { type: 'invalid_request_error' }), false).code).toBe('invalid_request_error')
})

test.each<[TransfersStatus, boolean, string | null, string]>([
  ['active', false, null, ''],
  ['none', false, 'no_account', 'Northwind is not connected to Stripe.'],
  ['disconnected', false, 'no_account', 'Northwind is not connected to Stripe.'],
  ['pending', true, 'account_pending', 'Stripe does not pay out to Northwind at the moment: it needs a bank account.'],
  ['restricted', false, 'account_restricted', 'Stripe does not pay out to Northwind at the moment. When'],
  ['closed', false, 'account_closed', "Stripe does not allow payouts to Northwind's account."],
  ['rejected', false, 'account_rejected', "Stripe does not allow payouts to Northwind's account."],
])('right before sending, an account that is %s (something missing: %s) means %s', (status, missing, code, says) => {
  const requirements: Requirement[] = missing ? [{ code: 'x', text: 'a bank account', deadline: null }] : []
  const refusal = accountRefusal('Northwind', { transfersStatus: status, requirements })
  expect(refusal?.code ?? null).toBe(code)
  expect(refusal?.message ?? '').toContain(says)
})

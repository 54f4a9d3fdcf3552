import { sql } from 'drizzle-orm'
import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { createLog, logWith } from './log.ts'
import { testDeps } from './test/deps.ts'

function aLog() {
  const lines: string[] = []
  const log = createLog({ LOG_LEVEL: 'info' }, { write: line => void lines.push(line) })
  return {
    log,
    lines,
    last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> & { err: Record<string, unknown> },
  }
}

test('nothing that is logged can end its line and begin another', () => {
  const { log, lines, last } = aLog()
  const evil = 'x\r\n{"level":50,"msg":"forged"}\n\u001b[2J\u2028'
  log.info({ route: evil, err: new Error(evil) }, evil)
  expect(lines).toHaveLength(1)
  expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u)
  expect(last().msg).toBe(evil)
})

test('of an error only what is listed is kept: no request, no headers, no mail address, no value of a statement', async () => {
  const { log, lines, last } = aLog()
  const cause = Object.assign(new Error('550 <ann@example.org>: no such user'), {
    responseCode: 550,
    envelope: { to: ['ann@example.org'] },
  })
  const error = Object.assign(new Error('mail to ann@example.org was refused', { cause }), {
    headers: { authorization: 'Bearer sk_live_1' },
    config: { body: 'card=4242' },
    code: 'EENVELOPE',
  })
  log.error({ err: error, requestId: 'req_1' }, 'failed')
  expect(last()).toMatchObject({
    requestId: 'req_1',
    err: {
      name: 'Error',
      message: 'mail to [address] was refused',
      code: 'EENVELOPE',
      cause: { message: '550 <[address]>: no such user' },
    },
  })
  const { db } = await testDeps()
  const failed = await db.write(tx => tx.run(sql`INSERT INTO users (id) VALUES (${'hunter2'})`)).catch(thrown => thrown)
  log.error({ err: failed }, 'failed')
  expect(last().err.message).toMatch(/^Failed query: INSERT INTO users/)
  expect(lines.join('')).not.toMatch(/hunter2|ann@|sk_live|4242/)
})

test('of Stripe’s errors and objects their ids and kinds are kept, and nothing of whom they are about', () => {
  const { log, lines, last } = aLog()
  const raw = {
    type: 'invalid_request_error',
    code: 'account_invalid',
    message: 'No account of bob@example.com',
    statusCode: 403,
    requestId: 'req_stripe',
  }
  const err = Stripe.errors.StripeError.generate({ ...raw, headers: { 'stripe-account': 'acct_secret' } } as never)
  log.warn(
    { err, transfer: { id: 'tr_1', object: 'transfer', description: 'Bob Example', destination: { bank: '1234' } } },
    'refused',
  )
  expect(last()).toMatchObject({
    err: {
      code: 'account_invalid',
      statusCode: 403,
      stripeRequestId: 'req_stripe',
      message: 'No account of [address]',
    },
    transfer: { id: 'tr_1', object: 'transfer' },
  })
  expect(lines.join('')).not.toMatch(/bob@|Bob|1234|acct_secret/)
})

test('secrets are hidden by name, long texts are cut, and a request’s fields are on each of its lines', () => {
  const { log, last } = aLog()
  logWith(log, { requestId: 'req_2' }).info(
    { token: 'abc', nested: { cookie: 'def' }, why: 'y'.repeat(10_000) },
    'line',
  )
  expect(last()).toMatchObject({ requestId: 'req_2', token: '[redacted]', nested: { cookie: '[redacted]' } })
  expect(String(last().why)).toHaveLength(2_000)
})

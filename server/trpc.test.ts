import { LibsqlError } from '@libsql/client'
import { TRPCError } from '@trpc/server'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { DomainError, refusalOf } from './lib/errors.ts'
import { createCaller } from './router.ts'
import { contextFor } from './test/callers.ts'
import { testDeps } from './test/deps.ts'
import { createCallerFactory, explain, open, router, sentenceOf } from './trpc.ts'

const causedBy = (cause: unknown, code: TRPCError['code'] = 'BAD_REQUEST') => new TRPCError({ code, cause })

function zodErrorOf(schema: z.ZodType, input: unknown): z.ZodError {
  const { error } = schema.safeParse(input)
  if (!error) throw new Error('it was accepted')
  return error
}

test('a refusal speaks for itself, with its fields and how to go on', () => {
  const refusal = new DomainError('TOO_MANY', 'Try again in a minute.', { retryAfterMs: 60_000, fields: { a: 'b' } })
  expect(sentenceOf(causedBy(refusal), 'req_1')).toBe('Try again in a minute.')
  expect(explain(causedBy(refusal))).toEqual({ retryAfterMs: 60_000, fields: { a: 'b' }, confirm: undefined })
})

test('bad input is named by its fields, each with its first problem', () => {
  const schema = z.object({ name: z.string().min(2, 'Too short a name.').regex(/^a/, 'It begins with a.') })
  const error = causedBy(zodErrorOf(schema, { name: 'b' }))
  expect(sentenceOf(error, 'req_1')).toBe('Too short a name.')
  expect(explain(error)).toEqual({ fields: { name: 'Too short a name.' } })
  expect(explain(causedBy(zodErrorOf(z.string('Text, please.'), 7)))).toEqual({ fields: { _: 'Text, please.' } })
  expect(sentenceOf(causedBy(new z.ZodRealError([])), 'req_1')).toBe('Something in the input is not right.')
})

test('what is no JSON is said in words, however it is noticed', () => {
  const sentence = 'That could not be read: it is not JSON.'
  expect(sentenceOf(new TRPCError({ code: 'PARSE_ERROR' }), 'req_1')).toBe(sentence)
  expect(sentenceOf(causedBy(new SyntaxError('at position 7')), 'req_1')).toBe(sentence)
})

test('of a bug people read a request id and nothing else; of any other refusal its words', () => {
  const bug = causedBy(new TypeError('x is not a function'), 'INTERNAL_SERVER_ERROR')
  expect(sentenceOf(bug, 'req_1')).toMatch(/^Something went wrong on our side\..* req_1\.$/)
  expect(explain(bug)).toEqual({})
  expect(sentenceOf(new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' }), 'req_1')).toBe('Sign in first.')
})

test('a bug is logged whole, and its log line carries the request', async () => {
  const deps = await testDeps()
  await deps.db.close()
  await expect(createCaller(contextFor(deps, null)).auth.invitation({ token: 'x'.repeat(43) })).rejects.toMatchObject({
    code: 'INTERNAL_SERVER_ERROR',
  })
  expect(deps.log.lines).toMatchObject([
    { level: 'error', message: 'a procedure failed', fields: { path: 'auth.invitation', requestId: 'req_test' } },
  ])
})

test('a disk that takes no write is said in words, and logged as what it is', async () => {
  const deps = await testDeps()
  deps.db.write = () => Promise.reject(new LibsqlError('database or disk is full', 'SQLITE_FULL', undefined, 13))
  const api = createCaller(contextFor(deps, null))
  await expect(api.auth.forgotPassword({ email: 'somebody@example.com' })).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    message: expect.stringContaining('Nothing was saved'),
  })
  expect(deps.log.lines).toMatchObject([{ message: 'the disk took no write', fields: { trouble: 'full' } }])
})

test('a bug that says nothing of its cause is logged too', async () => {
  const deps = await testDeps()
  const bare = router({
    fails: open().query(() => {
      throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'bare' })
    }),
  })
  await expect(createCallerFactory(bare)(contextFor(deps, null)).fails()).rejects.toThrow()
  expect(deps.log.lines).toMatchObject([{ message: 'a procedure failed' }])
})

test('an input that is nothing but half a character is refused like any other', async () => {
  const api = createCaller(contextFor(await testDeps(), null))
  await expect(api.auth.invitation('\ud800' as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('a refusal can be asked for; anything else that is thrown goes on', () => {
  const refusal = new DomainError('BLOCKED', 'Not now.')
  expect(refusalOf(() => 1)).toBeNull()
  expect(
    refusalOf(() => {
      throw refusal
    }),
  ).toBe(refusal)
  expect(() =>
    refusalOf(() => {
      throw new TypeError('a bug')
    }),
  ).toThrow('a bug')
})

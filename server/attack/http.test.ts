import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { appRouter } from '../router.ts'
import { aSession } from '../test/callers.ts'
import type { TestDeps } from '../test/deps.ts'
import { insidesIn, notASentence } from './answers.ts'
import { allowedTexts, refusedTexts } from './corpus.ts'
import { type Answer, anHttpServer, publicOrigin, send, sendRaw } from './http.ts'
import { attempts, schemaOf } from './inputs.ts'
import { aCopy, foreignCanary, makeTemplate, type Template } from './world.ts'

const seed = 20_260_303
let template: Template
let deps: TestDeps & { remove(): Promise<void> }
let server: { port: number; close(): void }
let cookie: string

beforeAll(async () => {
  template = await makeTemplate()
  deps = await aCopy(template)
  server = await anHttpServer(deps)
  cookie = (await aSession(deps, { viewer: template.viewers.owner })).cookie
}, 60_000)
afterAll(async () => {
  server.close()
  await deps.remove()
  template.remove()
})

/** What must be so of every answer, whatever was asked. */
function sound(answer: Answer, what: string): void {
  expect(answer.status, `${what}: ${answer.body.slice(0, 300)}`).toBeLessThan(500)
  expect(insidesIn(answer.body), what).toBeNull()
  expect(answer.body, what).not.toContain(foreignCanary)
  expect(String(answer.headers['content-security-policy']), what).toContain("frame-ancestors 'none'")
  expect(answer.headers['x-content-type-options'], what).toBe('nosniff')
  expect(answer.headers['strict-transport-security'], what).toContain('includeSubDomains')
  expect(answer.headers['access-control-allow-origin'], what).toBeUndefined()
  expect(answer.headers['x-request-id'], what).toMatch(/^req_/)
  if (answer.body.length > 0 && answer.status !== 304)
    expect(String(answer.headers['content-type']), what).toMatch(/charset=utf-8|application\/json|text\/event-stream/i)
}

function refusalIn(answer: Answer): string | null {
  if (!String(answer.headers['content-type']).startsWith('application/json')) return null
  const parsed = JSON.parse(answer.body)
  return (Array.isArray(parsed) ? parsed : [parsed]).find(one => one.error)?.error.message ?? null
}

type Defined = Record<string, { _def: { type: string; inputs: z.ZodType[] } }>
const procedures = Object.entries(appRouter._def.procedures as unknown as Defined)

test('every procedure, sent generated JSON over HTTP, answers without a server error, in a sentence, with all headers', async () => {
  const statuses: Record<number, number> = {}
  // Those that end sessions come last, and each begins with a session of its own.
  const last = (name: string) => Number(/^(auth|orgs)\./.test(name))
  for (const [name, { _def }] of procedures.toSorted(([a], [b]) => last(a) - last(b))) {
    const { cookie } = await aSession(deps, { viewer: template.viewers.owner })
    if (_def.type === 'subscription' || name === 'auth.signOut') continue
    const [schema] = _def.inputs
    const tries = schema
      ? fc.sample(attempts(schemaOf(schema), template.hints), { numRuns: 4, seed })
      : [{ input: undefined }]
    for (const { input } of tries) {
      const json = JSON.stringify(input) ?? ''
      if (json.length > 200_000) continue
      const query = _def.type === 'query'
      const path = `/api/trpc/${name}${query && json ? `?input=${encodeURIComponent(json).slice(0, 12_000)}` : ''}`
      const post = { method: 'POST', body: json, headers: { 'content-type': 'application/json', cookie } }
      const answer = await send(server.port, query ? { path, headers: { cookie } } : { path, ...post })
      sound(answer, `${name} ${json.slice(0, 300)}`)
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      const refusal = refusalIn(answer)
      // What JSON can't be, and answers that only our own loaders can read in pieces, are tRPC's own to refuse.
      if (refusal && answer.status !== 413 && !refusal.startsWith('Cannot use stream-like response'))
        expect(notASentence(refusal), `${name}: ${refusal}`).toBeNull()
    }
  }
  expect(statuses[200]).toBeGreaterThan(80)
  expect(statuses[400]).toBeGreaterThan(80)
}, 180_000)

const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000)
const strangeBodies: [string, string | Buffer][] = [
  ['nothing', ''],
  ['half an object', '{"partnerId":'],
  ['a bare word', 'undefined'],
  ['null', 'null'],
  ['lists in lists', deep('[', ']')],
  ['objects in objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
  ['deep notes', `{"partnerId":"par_x","amount":1,"notes":${deep('[', ']')}}`],
  ['a key twice', '{"partnerId":"par_x","amount":1,"amount":2}'],
  ['a prototype', '{"__proto__":{"role":"owner"},"constructor":{"prototype":{"x":1}}}'],
  ['an endless number', `{"partnerId":"par_x","amount":${'9'.repeat(5_000)}}`],
  ['beyond all numbers', '{"partnerId":"par_x","amount":1e999}'],
  ['half a character', '{"partnerId":"par_\\ud800","amount":1}'],
  ['a NUL', '{"partnerId":"par_\\u0000x","amount":1}'],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x80, 0x22])],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ['a byte order mark', '\ufeff{"partnerId":"par_x","amount":1}'],
  ['XML', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  ['gzip that is none', Buffer.from([0x1f, 0x8b, 0, 0, 0])],
  ['more than fits', `"${'x'.repeat(1_100_000)}"`],
]

test.each(strangeBodies)('%s as a body is refused, alone and in a batch', async (_name, body) => {
  for (const path of ['/api/trpc/payouts.create', '/api/trpc/payouts.create,auth.updateProfile?batch=1'])
    for (const type of ['application/json', 'application/json; charset=utf-16', 'application/json; boundary=x'])
      for (const encoding of ['identity', 'gzip']) {
        const headers = { 'content-type': type, cookie, 'content-encoding': encoding }
        const answer = await send(server.port, { method: 'POST', path, headers, body })
        sound(answer, `${path} ${type}`)
        expect(answer.status).toBeGreaterThanOrEqual(207)
      }
})

const strangePaths = [
  '/api/trpc/',
  '/api/trpc',
  '/api/trpc//',
  '/api/trpc/__proto__',
  '/api/trpc/constructor',
  '/api/trpc/payouts.__proto__',
  '/api/trpc/payouts.toString',
  '/api/trpc/payouts.list.call',
  '/api/trpc/payouts.list%00',
  '/api/trpc/payouts.list%0d%0aSet-Cookie:%20a=b',
  '/api/trpc/..%2f..%2fetc%2fpasswd',
  '/api/trpc/%2e%2e/%2e%2e/livez',
  '/api/trpc/%',
  '/api/trpc/%ff%fe',
  `/api/trpc/${'a,'.repeat(2_000)}`,
  '/api/trpc/payouts.list?input=%7B%7D&input=%7B%22limit%22%3A1%7D',
  '/api/trpc/payouts.list?input[]=x',
  '/api/trpc/payouts.list?input=%',
  '/api/trpc/payouts.list?input=%ff',
  '/api/trpc/payouts.list?batch=1&input=%5B1%5D',
  '/api/trpc/payouts.list?batch=1&input=null',
  '/api/trpc/payouts.list?batch=1&input=%7B%220%22%3A%7B%22limit%22%3A%22x%22%7D%7D',
  '/api/trpc/payouts.list?batch=1&input=%7B%22__proto__%22%3A1%7D',
  '/api/trpc/payouts.list,payouts.nothing,auth.me?batch=1&input=%7B%7D',
]
const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'SEARCH', 'PURGE', 'TRACE']

test.each(strangePaths)('%s is answered with every method, and nothing of ours is served or changed', async path => {
  const before = await deps.db.read.get(sql`SELECT total_changes() AS n`)
  for (const method of methods) {
    const answer = await send(server.port, { method, path, headers: { cookie } })
    sound(answer, `${method} ${path.slice(0, 200)}`)
    expect(answer.body).not.toMatch(/root:x:|\[core\]|STRIPE_SECRET|createHttpApp/)
    expect(answer.headers['set-cookie'] ?? [], path).toEqual([])
    const { location } = answer.headers
    if (location) expect(new URL(String(location), publicOrigin).origin).toBe(publicOrigin)
  }
  expect(await deps.db.read.get(sql`SELECT total_changes() AS n`)).toEqual(before)
})

/** Header values go over the wire as Latin-1. */
const wire = (text: string) => Buffer.from(text.replace(/[^\x20-\x7e\xa0-\u{10ffff}]/gu, ''), 'utf8').toString('latin1')
const strangeCookies = [
  ...allowedTexts.map(text => `remit_session=${wire(text)}`),
  ...refusedTexts.map(text => `remit_session=${wire(text)}`),
  'remit_session',
  '=; ; ;;=',
  '__proto__=x; constructor=y',
  `remit_session=${'x'.repeat(8_000)}`,
  'remit_session=%',
  'remit_session=%ff; remit_session=%00',
  `remit_toast=${encodeURIComponent('{"__proto__":{"text":"<script>"}}')}`,
  'remit_toast=%7B; remit_theme=%22%3E%3Cscript%3E',
]

test('a cookie that is none is nobody, never an error', async () => {
  const [name] = cookie.split('=')
  for (const strange of strangeCookies) {
    const answer = await send(server.port, {
      path: '/api/trpc/auth.me',
      headers: { cookie: strange.replaceAll('remit_session', name ?? '') },
    })
    sound(answer, strange)
    expect(answer.status, strange).toBe(401)
  }
})

const strangeRequests: [string, string][] = [
  [
    'a length and chunks',
    'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
  ],
  ['two lengths', 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
  ['a length with a sign', 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello'],
  ['a strange coding', 'POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['chunks that break off', 'POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n'],
  ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n Content-Length: 3\r\n\r\n'],
  ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
  ['no version', 'GET /\r\n\r\n'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['noise', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a header without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}`],
]

test.each(strangeRequests)(
  'a request with %s is refused by the parser, and hides no second one',
  async (_name, bytes) => {
    const smuggled = 'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    const answer = await sendRaw(server.port, bytes + smuggled)
    expect(answer === '' || /^HTTP\/1\.1 (400|403|408|411|431|307)/.test(answer), answer.slice(0, 200)).toBe(true)
    expect(answer).not.toMatch(/\r\n\r\nok$/)
    expect(insidesIn(answer)).toBeNull()
    expect((await send(server.port, { path: '/livez' })).status).toBe(200)
  },
)

test('webhooks take raw bytes of any kind and store none that are not signed', async () => {
  const bodies = [...Array.from({ length: 120 }, (_, size) => randomBytes(size * 7)), Buffer.from('{"id":"evt_1"}')]
  const now = Math.floor(deps.clock.now() / 1000)
  const signatures = [
    '',
    't=1,v1=',
    `t=${now},v1=${'0'.repeat(64)}`,
    `t=${now},v0=x,v1=\xff`,
    't=NaN,v1=x',
    '__proto__',
    ',,,==',
  ]
  for (const [at, body] of bodies.entries())
    for (const endpoint of ['platform', 'connect', 'events']) {
      const answer = await send(server.port, {
        method: 'POST',
        path: `/webhooks/stripe/${endpoint}`,
        headers: { 'stripe-signature': signatures[at % signatures.length] ?? '', origin: 'https://evil.example' },
        body,
      })
      sound(answer, `${endpoint} ${body.toString('hex').slice(0, 60)}`)
      expect(answer.status).toBe(400)
    }
  expect(await deps.db.read.get(sql`SELECT count(*) AS n FROM stripe_events`)).toEqual({ n: 0 })
})

test('a forged X-Forwarded-For does not make another visitor of a guesser', async () => {
  const statuses: number[] = []
  for (let guess = 0; guess < 40; guess++) {
    const answer = await send(server.port, {
      method: 'POST',
      path: '/api/trpc/auth.signIn',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': `203.0.113.${guess}`,
        'x-real-ip': `203.0.113.${guess}`,
        'x-forwarded-host': 'evil.example',
        forwarded: `for=203.0.113.${guess}`,
      },
      body: JSON.stringify({ email: 'person-1@example.com', password: `guess number ${guess}` }),
    })
    sound(answer, `guess ${guess}`)
    statuses.push(answer.status)
  }
  expect(statuses.at(-1)).toBe(429)
  const forged = await deps.db.read.get(sql`SELECT count(*) AS n FROM throttles WHERE key LIKE '%203.0.113%'`)
  expect(forged).toEqual({ n: 0 })
})

import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServerBuild } from '@remix-run/node'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import routes from '#app/routes.ts'
import { aSession, asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aMember } from '../test/factories.ts'
import { createHttpApp, type HttpOptions } from './app.ts'
import { uploadPaths } from './guard.ts'

const origin = 'http://127.0.0.1:3000'

/** Remix without pages: what gets as far as Remix is answered 404 or 405, what is refused before is not. */
const emptyBuild = {
  entry: { module: { default: () => new Response('page') } },
  routes: {},
  assets: { entry: { module: '', imports: [] }, routes: {}, url: '', version: '' },
  publicPath: '/',
  assetsBuildDirectory: '',
  basename: '/',
  mode: 'production',
  future: { v3_singleFetch: true },
  isSpaMode: false,
} as unknown as ServerBuild

async function anApp(build: HttpOptions['build'] = emptyBuild): Promise<{ deps: TestDeps; url: string }> {
  const deps = await testDeps()
  const server = createServer(createHttpApp(deps, { build, ready: async () => ({ ok: true }) }))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { deps, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** Plain HTTP: fetch would not let a test forge Origin and Sec-Fetch-Site. */
function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      {
        method: options.method ?? 'GET',
        headers: {
          host: '127.0.0.1:3000',
          // Node sends none by itself with DELETE, and the body would be taken for the next request.
          ...(options.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(options.body)) }),
          ...options.headers,
        },
      },
      response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        )
      },
    )
    request.on('error', reject)
    request.end(options.body)
  })
}

interface Route {
  path?: string
  index?: boolean
  children?: Route[]
}

/** Every URL of routes.ts, its parameters filled in, with the `.data` twin that single fetch posts to. */
function pathsOf(list: Route[], base = ''): string[] {
  return list.flatMap(({ path, index, children }) => {
    const own = path === undefined ? base : `${base}/${path}`.replace(/:\w+/g, 'some-id').replace('*', 'nowhere')
    return [...(path !== undefined || index ? [own || '/'] : []), ...pathsOf(children ?? [], own)]
  })
}

const pages = [...new Set(pathsOf(routes as Route[]))]
const targets = [
  ...pages.flatMap(page => [page, page === '/' ? '/_root.data' : `${page}.data`]),
  '/api/trpc/payouts.create',
  '/api/trpc/auth.signIn?batch=1',
]

const foreign: [string, Record<string, string>][] = [
  ['cross-site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['same-site, another subdomain', { origin: 'http://other.127.0.0.1:3000', 'sec-fetch-site': 'same-site' }],
  ['another port', { origin: 'http://127.0.0.1:4000' }],
  ['null', { origin: 'null' }],
  ['malformed', { origin: 'http://127.0.0.1:3000.evil.example' }],
  ['missing', {}],
  ['own origin claimed, cross-site by the browser’s word', { origin, 'sec-fetch-site': 'cross-site' }],
  [
    'forwarded host',
    { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
  ],
]

test.each(foreign)(
  'a request with a %s Origin is refused on every route before anything is read',
  async (_name, headers) => {
    const { deps, url } = await anApp()
    const before = await deps.db.read.get(sql`SELECT total_changes() AS n`)
    for (const target of targets)
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const answer = await send(url + target, {
          method,
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
          body: 'intent=approve',
        })
        expect(`${method} ${target} ${answer.status}`).toBe(`${method} ${target} 403`)
      }
    expect(await deps.db.read.get(sql`SELECT total_changes() AS n`)).toEqual(before)
  },
)

test.each(['text/plain', 'multipart/form-data; boundary=x', 'application/xml', ''])(
  'a %j body is refused on every route but the upload',
  async type => {
    const { url } = await anApp()
    for (const target of targets) {
      if (type.startsWith('multipart') && uploadPaths.includes(target)) continue
      const headers = { origin, 'sec-fetch-site': 'same-origin', ...(type ? { 'content-type': type } : {}) }
      const answer = await send(url + target, { method: 'POST', headers, body: 'intent=approve' })
      expect(`${target} ${answer.status}`).toBe(`${target} 415`)
    }
  },
)

test("our own pages' forms, calls and uploads pass the guard", async () => {
  const { url } = await anApp()
  const own = { origin, 'sec-fetch-site': 'same-origin' }
  const form = await send(`${url}/admin/payouts`, {
    method: 'POST',
    headers: { ...own, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=1',
  })
  expect([403, 415]).not.toContain(form.status)
  const upload = await send(`${url}/admin/payouts/import`, {
    method: 'POST',
    headers: { ...own, 'content-type': 'multipart/form-data; boundary=x' },
    body: '--x--',
  })
  expect([403, 415]).not.toContain(upload.status)
  const call = await send(`${url}/api/trpc/auth.me`, { headers: own })
  expect(call.status).toBe(401)
})

test('tRPC answers in sentences, without stack traces, and caps bodies and batches', async () => {
  const { deps, url } = await anApp()
  const member = await asRole(deps, 'manager')
  const { cookie } = await aSession(deps, member)
  const own = { origin, 'sec-fetch-site': 'same-origin', cookie, 'content-type': 'application/json' }
  const bad = await send(`${url}/api/trpc/payouts.create`, {
    method: 'POST',
    headers: own,
    body: '{"partnerId":"par_x","amount":-1}',
  })
  expect(bad.status).toBe(400)
  expect(JSON.parse(bad.body).error).toMatchObject({
    message: 'The amount must be more than zero.',
    data: { fields: { amount: 'The amount must be more than zero.' } },
  })
  expect(bad.body).not.toMatch(/stack|node_modules|\.ts:/)
  const large = await send(`${url}/api/trpc/payouts.create`, {
    method: 'POST',
    headers: own,
    body: JSON.stringify({ notes: 'x'.repeat(1_100_000) }),
  })
  expect(large.status).toBe(413)
  const many = await send(`${url}/api/trpc/${Array.from({ length: 11 }, () => 'auth.me').join(',')}?batch=1&input={}`, {
    headers: own,
  })
  expect(many.status).toBe(400)
  const garbage = await send(`${url}/api/trpc/payouts.create`, { method: 'POST', headers: own, body: '{"a":' })
  expect(garbage.status).toBe(400)
})

test('what a page posts is capped before anything reads it, and must say its size', async () => {
  const { url } = await anApp()
  const own = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
  const large = await send(`${url}/login`, { method: 'POST', headers: own, body: `email=${'x'.repeat(1_100_000)}` })
  expect(large.status).toBe(413)
  const chunked = await send(`${url}/login`, { method: 'POST', headers: { ...own, 'transfer-encoding': 'chunked' } })
  expect(chunked.status).toBe(411)
})

const everywhere: [string, string, { method?: string; headers?: Record<string, string>; body?: string }, number][] = [
  ['200', '/livez', {}, 200],
  ['200 ready', '/readyz', {}, 200],
  ['3xx', '/livez2', { headers: { host: 'localhost:3000' } }, 307],
  ['400 webhook', '/webhooks/stripe/platform', { method: 'POST', body: '{}' }, 400],
  ['401', '/api/trpc/auth.me', {}, 401],
  ['403', '/admin/payouts', { method: 'POST', body: 'a=1' }, 403],
  ['404', '/api/trpc/payouts.nothing', {}, 404],
  ['405', '/', { method: 'TRACE' }, 405],
  ['413', '/webhooks/stripe/platform', { method: 'POST', body: 'x'.repeat(300 * 1024) }, 413],
]

test.each(everywhere)('the security headers are on a %s answer', async (_name, path, options, status) => {
  const { url } = await anApp()
  const answer = await send(url + path, options)
  expect(answer.status).toBe(status)
  const csp = String(answer.headers['content-security-policy'])
  expect(csp).toMatch(/script-src 'self' 'nonce-[A-Za-z0-9+/=]{20,}'/)
  expect(csp).toContain("object-src 'none'")
  expect(csp).toContain("base-uri 'none'")
  expect(csp).toContain("frame-ancestors 'none'")
  expect(csp).not.toMatch(/script-src[^;]*unsafe-inline/)
  expect(answer.headers['strict-transport-security']).toMatch(/max-age=\d{8,}; includeSubDomains/)
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(answer.headers['referrer-policy']).toBe('same-origin')
  expect(answer.headers['x-frame-options']).toBeDefined()
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  expect(answer.headers['x-powered-by']).toBeUndefined()
  expect(answer.headers['x-request-id']).toMatch(/^req_/)
})

test('the nonce is new for each answer, and nothing behind a session is kept by caches', async () => {
  const { url } = await anApp()
  const [one, two] = [await send(`${url}/admin`, {}), await send(`${url}/admin`, {})]
  expect(one.headers['content-security-policy']).not.toBe(two.headers['content-security-policy'])
  expect(one.headers['cache-control']).toBe('no-store')
  expect((await send(`${url}/api/trpc/auth.me`, {})).headers['cache-control']).toBe('no-store')
})

test('a request under another host name is led to the configured one, and only there', async () => {
  const { url } = await anApp()
  const answer = await send(`${url}/portal?x=1`, { headers: { host: 'localhost:9999' } })
  expect(answer.status).toBe(307)
  expect(answer.headers.location).toBe(`${origin}/portal?x=1`)
  const sly = await send(`${url}//evil.example/%2e%2e`, { headers: { host: 'localhost:9999' } })
  expect(new URL(String(sly.headers.location)).origin).toBe(origin)
})

const json = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
const signIn = (url: string, email: string, password: string, procedure = 'auth.signIn') =>
  send(`${url}/api/trpc/${procedure}`, { method: 'POST', headers: json, body: JSON.stringify({ email, password }) })

test('a refusal that passes says when, in Retry-After', async () => {
  const { deps, url } = await anApp()
  const tries: Answer[] = []
  for (let n = 0; n < 7; n++) tries.push(await signIn(url, 'ann@example.com', `a wrong password ${n}`))
  expect(tries.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([
    ...Array.from({ length: 5 }, () => [401, undefined]),
    ...Array.from({ length: 2 }, () => [429, '60']),
  ])
  deps.clock.advance(30_500)
  expect((await signIn(url, 'ann@example.com', 'a wrong password')).headers['retry-after']).toBe('30')
})

test('each result of signing in and each denial is on record once, with who and where', async () => {
  const { deps, url } = await anApp()
  const manager = await aMember(deps, { role: 'manager', password: 'four quiet rivers run' })
  const { cookie } = await aSession(deps, manager)
  const lines = (message: string) => deps.log.lines.filter(line => line.message === message)
  const [who, where] = [manager.user.id, '127.0.0.1']

  await signIn(url, manager.user.email, 'a wrong password')
  await signIn(url, 'nobody@example.com', 'a wrong password')
  expect(lines('a sign-in was refused').map(line => line.fields)).toEqual([
    { requestId: expect.stringMatching(/^req_/), userId: who, address: where },
    { requestId: expect.stringMatching(/^req_/), userId: undefined, address: where },
  ])
  await signIn(url, manager.user.email, 'four quiet rivers run')
  const signedIn = await deps.db.read.all(
    sql`SELECT actor_id AS actor, target_id AS target, "after" FROM audit WHERE action = 'auth.signIn'`,
  )
  expect(signedIn).toEqual([{ actor: who, target: who, after: JSON.stringify({ address: where }) }])

  deps.log.lines.length = 0
  const approve = { method: 'POST', body: '{"payoutIds":["pay_x"]}' }
  await send(`${url}/api/trpc/orgs.updateSettings`, { ...approve, headers: json, body: '{}' })
  await send(`${url}/api/trpc/orgs.updateSettings`, { ...approve, headers: { ...json, cookie }, body: '{}' })
  const evil = { ...json, cookie, origin: 'https://evil.example' }
  await send(`${url}/api/trpc/orgs.updateSettings`, { ...approve, headers: evil, body: '{}' })
  await expect.poll(() => lines('request')).toHaveLength(3)
  const own = { actor: who, org: manager.org.id, role: 'manager' }
  const here = { method: 'POST', route: '/api/trpc/*' }
  expect(lines('request').map(line => line.fields)).toMatchObject([
    { ...here, status: 401, actor: undefined },
    { ...here, ...own, status: 403 },
    // Refused before anybody looked whose cookie it is.
    { ...here, status: 403, actor: undefined },
  ])
})

test('what breaks is told in a general sentence, with the id under which the log has it', async () => {
  const { deps, url } = await anApp(async () => {
    throw new Error('the secret recipe is 4711')
  })
  const page = await send(`${url}/admin`, {})
  expect(page.status).toBe(500)
  const requestId = String(page.headers['x-request-id'])
  expect(page.body).toBe(`Something went wrong on our side. The request id is ${requestId}.`)
  const logged = deps.log.lines.filter(line => line.level === 'error')
  expect(logged.map(line => [line.message, (line.fields as { requestId?: string }).requestId])).toEqual([
    ['a request failed', requestId],
  ])

  await deps.db.write(tx => tx.run(sql`ALTER TABLE users RENAME TO hidden`))
  const call = await signIn(url, 'ann@example.com', 'any password')
  expect(call.status).toBe(500)
  expect(JSON.parse(call.body).error.message).toMatch(/^Something went wrong on our side\./)
  expect(call.body).toContain(String(call.headers['x-request-id']))
  expect(call.body).not.toMatch(/users|hidden|SQL|stack/)
})

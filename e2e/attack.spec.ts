import fs from 'node:fs'
import path from 'node:path'
import { insidesIn } from '#server/attack/answers.ts'
import { allowedTexts, refusedTexts } from '#server/attack/corpus.ts'
import { expect, testIn } from './fixtures.ts'
import { fullHouse } from './world/full-house.ts'
import type { People, Person } from './world/people.ts'

// The production build over plain HTTP, as somebody who wants it to break or to tell something would ask.

const test = testIn(fullHouse)
type House = People & Awaited<ReturnType<typeof fullHouse>> & { url: string }

interface Asked {
  path: string
  person: Person | null
  method?: string
  body?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
}

async function ask(house: House, { path, person, method = 'GET', body, headers = {} }: Asked) {
  const cookie: Record<string, string> = person ? { cookie: `${person.cookie.name}=${person.cookie.value}` } : {}
  const answer = await fetch(house.url + path, {
    ...{ method, redirect: 'manual' as const, headers: { ...cookie, ...headers } },
    ...(body === undefined ? {} : { body }),
  })
  const text = await answer.text()
  const what = `${method} ${path.slice(0, 200)} as ${person?.viewer.role ?? 'nobody'} ${JSON.stringify(headers).slice(0, 200)}`
  expect(answer.status, `${what}\n${text.slice(0, 400)}`).toBeLessThan(500)
  expect(insidesIn(text.replace(/<script nonce[\s\S]*?<\/script>/g, '')), what).toBeNull()
  expect(text, what).not.toContain('Foreign Canary')
  expect(answer.headers.get('content-security-policy'), what).toContain("frame-ancestors 'none'")
  expect(answer.headers.get('x-content-type-options'), what).toMatch(/^nosniff(, nosniff)?$/)
  // Pages behind a secret link say more, after this.
  expect(answer.headers.get('referrer-policy'), what).toMatch(/^same-origin(, strict-origin)?$/)
  expect(answer.headers.get('strict-transport-security'), what).toContain('includeSubDomains')
  expect(answer.headers.get('access-control-allow-origin'), what).toBeNull()
  const location = answer.headers.get('location')
  if (location) expect(new URL(location, house.url).origin, what).toBe(house.url)
  return { status: answer.status, text, location, headers: answer.headers }
}

const fromOurPage = (origin: string) => ({ origin, 'content-type': 'application/x-www-form-urlencoded' })

const hostile = [...allowedTexts, ...refusedTexts.filter(text => text.isWellFormed())]
test('files of ours are not served, and no address leads elsewhere', async ({ world }) => {
  const places = [
    ...['/.git/config', '/.env', '/server/main.ts', '/build/server/index.js', '/package.json', '/..%2f..%2f.env'],
    ...[
      '/assets/..%2f..%2fserver%2findex.js',
      '/assets/%00',
      '/metrics',
      '/debug',
      '/_sim/accounts',
      '/%',
      '/%c0%ae%c0%ae/',
    ],
    ...[
      '//evil.example/%2e%2e',
      '/\\evil.example',
      '/%5cevil.example',
      '/login?to=//evil.example',
      '/?a[__proto__][b]=1',
    ],
    ...['/__manifest?p=/admin&version=x', '/__manifest?p=' + encodeURIComponent('/'.repeat(500))],
    ...hostile.map(text => `/login?to=${encodeURIComponent(text)}`),
  ]
  for (const place of places)
    for (const person of [null, world.owner]) {
      const { text } = await ask(world, { path: place, person })
      expect(text, place).not.toMatch(/root:x:|\[core\]|STRIPE_SECRET_KEY|createHttpApp|"devDependencies"/)
    }
})

test('what only tests and the demo have is not there', async ({ world }) => {
  const places = [
    '/_sim',
    '/_sim/accounts',
    '/v1/accounts',
    '/v1/transfers',
    '/v2/core/accounts',
    '/seed',
    '/reset-database',
  ]
  for (const path of [
    ...places,
    '/test',
    '/debug',
    '/__vite_ping',
    '/@vite/client',
    '/@fs/etc/passwd',
    '/api/trpc/test.seed',
  ])
    for (const method of ['GET', 'POST'])
      for (const person of [null, world.owner]) {
        const body = method === 'POST' ? { body: 'a=1', headers: fromOurPage(world.url) } : {}
        const { status } = await ask(world, { path, person, method, ...body })
        expect([404, 405, 415], `${method} ${path}`).toContain(status)
      }
})

test('a forged host, scheme or address in headers changes nothing of an answer', async ({ world }) => {
  const forged: Record<string, string>[] = [
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1;host=evil.example' },
    { 'x-original-url': '/admin', 'x-rewrite-url': '/admin', 'x-http-method-override': 'DELETE' },
    { 'x-middleware-subrequest': 'x', 'x-remix-action': 'x', 'x-remix-reload-document': '1' },
  ]
  for (const path of ['/login', '/admin/payouts', '/portal', '/nowhere', '/forgot']) {
    const plain = await ask(world, { path, person: null })
    for (const headers of forged) {
      const answer = await ask(world, { path, person: null, headers })
      expect({ status: answer.status, location: answer.location }).toEqual({
        status: plain.status,
        location: plain.location,
      })
      expect(answer.text).not.toContain('evil.example')
    }
  }
})

test('what the browser loads holds no secret, and no server code', async () => {
  const folder = path.resolve('build/client')
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter(file => file.isFile())
  expect(files.length).toBeGreaterThan(20)
  for (const file of files) {
    const text = fs.readFileSync(path.join(file.parentPath, file.name), 'utf8')
    expect(text, file.name).not.toMatch(
      /STRIPE_(SECRET|WEBHOOK)|DATABASE_AUTH_TOKEN|SMTP_URL|whsec_|sk_(live|test)_|BEGIN [A-Z ]*PRIVATE KEY|hashPassword|sqlite_master/,
    )
    expect(file.name, 'source maps show server code').not.toMatch(/\.map$/)
  }
})

import fs from 'node:fs'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { openDatabase } from '#db/client.ts'
import { insidesIn } from '#server/attack/answers.ts'
import { allowedTexts, refusedTexts, strangeKeys } from '#server/attack/corpus.ts'
import { sha256 } from '#server/deps.ts'
import { expect, testIn } from './fixtures.ts'
import { fullHouse } from './world/full-house.ts'
import type { People, Person } from './world/people.ts'
import { allRoutes } from './world/routes.ts'

// Every address of the production build, over plain HTTP, as somebody who wants it to break or to tell something would ask.

const test = testIn(fullHouse)
type House = People & Awaited<ReturnType<typeof fullHouse>> & { url: string }

/** Real ids for the parameters of an address, so that its code is reached. */
function idsOf(house: House): Record<string, string> {
  return {
    payoutId: house.payouts.pending.id,
    importId: house.imports.ready,
    registrationId: house.negotiated.registrationId,
    runId: house.runId,
    ruleId: house.ruleId,
    commissionId: house.negotiated.commissionId,
    dealId: house.negotiated.dealId,
    programId: `prg_${house.org.id}`,
    partnerId: house.payable.partner.id,
    emailId: house.emailId,
    splitId: house.negotiated.splitId,
    token: 'x'.repeat(43),
  }
}

function fill(pattern: string, named: (name: string) => string): string {
  return pattern.replace(/:(\w+)/g, (_, name) => named(name)).replace('*', 'nowhere')
}

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
  expect(answer.headers.get('x-content-type-options'), what).toBe('nosniff')
  // Pages behind a secret link say more, after this.
  expect(answer.headers.get('referrer-policy'), what).toMatch(/^same-origin(, strict-origin)?$/)
  expect(answer.headers.get('strict-transport-security'), what).toContain('includeSubDomains')
  expect(answer.headers.get('access-control-allow-origin'), what).toBeNull()
  const location = answer.headers.get('location')
  if (location) expect(new URL(location, house.url).origin, what).toBe(house.url)
  return { status: answer.status, text, location, headers: answer.headers }
}

/** A hash of every table's rows, from a copy of the file: what the running process does with its own stays undisturbed. */
async function rowsOf(file: string): Promise<Record<string, string>> {
  const copy = `${file}.copy`
  for (const end of ['', '-wal', '-shm']) fs.rmSync(copy + end, { force: true })
  for (const end of ['', '-wal']) if (fs.existsSync(file + end)) fs.copyFileSync(file + end, copy + end)
  const db = await openDatabase({ url: `file:${copy}`, lock: false })
  const tables = await db.read.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  )
  const hashes: Record<string, string> = {}
  for (const { name } of tables)
    hashes[name] = sha256(JSON.stringify(await db.read.all(sql`SELECT * FROM ${sql.identifier(name)}`)))
  await db.close()
  return hashes
}

/** The rows when nothing is under way any more: what was seeded still sends its mails. */
async function settledRows(file: string): Promise<Record<string, string>> {
  let last = await rowsOf(file)
  await expect(async () => {
    const now = await rowsOf(file)
    const same = JSON.stringify(now) === JSON.stringify(last)
    last = now
    expect(same).toBe(true)
  }).toPass({ intervals: [500] })
  return last
}

const hostile = [...allowedTexts, ...refusedTexts.filter(text => text.isWellFormed())]
const names = [
  'q',
  'status',
  'cursor',
  'limit',
  'sort',
  'period',
  'currency',
  'partnerId',
  'createdFrom',
  'amountFrom',
  'to',
  'kind',
  'only',
  'page',
  'deal',
  ...strangeKeys,
]
const cursors = ['["x","y"]', '[1e308,"x"]', '[null,null]', '["1e308","x"]', '[-1,""]'].map(text => btoa(text))

/** The query of the n-th question: two fields with hostile values, one of them twice, and a cursor that we never wrote. */
function queryOf(number: number): string {
  const pick = <T>(list: readonly T[], step: number) => list[(number * step) % list.length] as T
  const query = new URLSearchParams()
  query.append(pick(names, 1), pick(hostile, 7))
  query.append(pick(names, 5), pick(hostile, 11))
  query.append(pick(names, 5), pick(hostile, 13))
  query.append('cursor', pick(cursors, 3))
  return query.toString()
}

const perRoute = Number(process.env.ATTACKS_PER_ROUTE ?? 8)

test('no address answers a hostile query, parameter or single fetch with a server error, or with our insides, and no GET changes a row', async ({
  world,
}) => {
  test.setTimeout(600_000)
  const ids = idsOf(world)
  const before = await settledRows(world.databaseFile)
  let asked = 0
  for (const [at, { pattern, id, isPage }] of allRoutes.entries())
    for (let number = at; number < at + perRoute; number++) {
      const people = [world.owner, world.payable.person, world.viewer, null]
      const person = people[number % people.length] ?? null
      const param = (name: string) =>
        number % 3 === 0 ? encodeURIComponent(hostile[(number * 7) % hostile.length] ?? '') : (ids[name] ?? 'x')
      // `.` and `..` as a parameter are another address.
      const filled = fill(pattern, param)
      const data = isPage && number % 2 === 1
      const base = data ? `${filled === '/' ? '/_root' : filled}.data` : filled
      const parts = data && number % 4 === 1 ? `&_routes=${encodeURIComponent(id)}` : ''
      await ask(world, { path: `${base}?${queryOf(number)}${parts}`, person })
      asked++
    }
  expect(asked).toBe(allRoutes.length * perRoute)
  expect(await settledRows(world.databaseFile)).toEqual(before)
})

const boundary = 'xxBOUNDARYxx'
const part = (name: string, value: string, file?: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file === undefined ? '' : `; filename="${file}"`}\r\n\r\n${value}\r\n`
const form = 'application/x-www-form-urlencoded'
const bodies: { type: string; body: string }[] = [
  { type: form, body: '' },
  { type: form, body: 'intent' },
  { type: form, body: 'intent=%&=%ff&%00=%00' },
  { type: form, body: 'intent=approve&intent=reject&version=1&version=2' },
  { type: form, body: '__proto__=1&constructor=2&intent=toString&_method=DELETE' },
  { type: form, body: `intent=save&${new URLSearchParams(hostile.map((text, at) => [`field${at}`, text]))}` },
  { type: form, body: `intent=${'x'.repeat(100_000)}` },
  { type: form, body: Array.from({ length: 5_000 }, (_, at) => `a${at}=1`).join('&') },
  { type: `${form}; charset=utf-7`, body: 'intent=+ADw-script+AD4-' },
  { type: form, body: 'email=a%40b.example%0d%0aBcc%3a+x%40evil.example&password=%00&name=%ED%A0%80' },
  { type: form, body: 'amount=1e3&currency=USD&partner=par_x&rate=NaN&period=2026-13&idempotencyKey=%00aaaaaaaa' },
  { type: 'multipart/form-data', body: part('file', 'x', 'a.csv') },
  { type: 'multipart/form-data; boundary=', body: '----\r\n' },
  { type: `multipart/form-data; boundary=${boundary}`, body: 'no boundary at all' },
  { type: `multipart/form-data; boundary=${boundary}`, body: part('file', 'breaks off', 'a.csv') },
  {
    type: `multipart/form-data; boundary=${boundary}`,
    body: `--${boundary}\r\nContent-Disposition: nonsense\r\n\r\nx\r\n--${boundary}--`,
  },
  { type: `multipart/form-data; boundary=${boundary}`, body: `--${boundary}\r\n\r\n\r\n--${boundary}--\r\n` },
  {
    type: `multipart/form-data; boundary=${boundary}`,
    body: `${part('file', '\0\x01\x02', '../../../etc/passwd')}${part('kind', 'deals')}--${boundary}--\r\n`,
  },
  {
    type: `multipart/form-data; boundary=${boundary}`,
    body: `${part('kind', 'partners')}${part('file', 'name,email\r\n=1+1,x', '"; filename="evil.exe')}--${boundary}--\r\n`,
  },
  { type: 'text/plain', body: 'intent=approve' },
  { type: 'application/json', body: '{"__proto__":{"role":"owner"}}' },
  { type: 'application/xml', body: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>' },
  { type: 'not a type', body: 'x' },
]
const forgettable = new Set(['/logout', '/switch'])

test('no address answers a hostile form, a malformed upload or a strange content type with a server error, or with our insides', async ({
  world,
}) => {
  test.setTimeout(600_000)
  const ids = idsOf(world)
  const people = [world.viewer, world.payable.person, world.owner, null]
  for (const [at, { pattern, isPage }] of allRoutes.entries()) {
    if (forgettable.has(pattern)) continue
    for (const [number, { type, body }] of bodies.entries()) {
      const filled = fill(pattern, name => ids[name] ?? 'x')
      await ask(world, {
        path: isPage && number % 3 === 1 ? `${filled === '/' ? '/_root' : filled}.data` : filled,
        person: people[(at + number) % people.length] ?? null,
        method: 'POST',
        headers: { origin: world.url, 'content-type': type },
        body,
      })
    }
  }
})

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

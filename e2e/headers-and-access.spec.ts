import { expect, testIn } from './fixtures.ts'
import { fullHouse } from './world/full-house.ts'
import type { People, Person } from './world/people.ts'
import { allRoutes } from './world/routes.ts'

// Over plain HTTP, as somebody without our pages would try it.

const test = testIn(fullHouse)
type House = People & Awaited<ReturnType<typeof fullHouse>> & { url: string }

type Who = 'nobody' | 'owner' | 'admin' | 'manager' | 'viewer' | 'partner' | 'foreignOwner' | 'foreignPartner'
const everyone: Who[] = ['nobody', 'owner', 'admin', 'manager', 'viewer', 'partner', 'foreignOwner', 'foreignPartner']
const staff: Who[] = ['owner', 'admin', 'manager', 'viewer']

function personOf(house: House, who: Who): Person | null {
  switch (who) {
    case 'nobody':
      return null
    case 'partner':
      return house.payable.person
    case 'foreignOwner':
      return house.foreign.owner
    case 'foreignPartner':
      return house.foreign.partnerSide.person
    default:
      return house[who]
  }
}

/**
 * Who gets a page: 'all', staff of this organization, its partner. `named` marks addresses of one thing of this organization,
 * which don't exist for others; the rest show others their own things.
 */
interface Rule {
  at: (house: House) => string
  for: Who[] | 'all'
  named?: boolean
}

const preparers: Who[] = ['owner', 'admin', 'manager']

/** Written from the issue, not from the permission table. A page of routes.ts without a line fails the first test. */
const rules: Record<string, Rule> = {
  '/': { at: () => '/', for: 'all' },
  '/login': { at: () => '/login', for: 'all' },
  '/verify': { at: () => '/verify', for: 'all' },
  '/confirm': { at: () => '/confirm', for: [...staff, 'partner'] },
  '/two-factor': { at: () => '/two-factor', for: [...staff, 'partner'] },
  '/forgot': { at: () => '/forgot', for: 'all' },
  '/reset/:token': { at: () => `/reset/${'x'.repeat(43)}`, for: 'all' },
  '/invitations/:token': { at: house => house.invitationPath, for: 'all' },
  '/admin': { at: () => '/admin', for: staff },
  '/admin/payouts': { at: () => '/admin/payouts', for: staff },
  '/admin/payouts/new': { at: () => '/admin/payouts/new', for: staff },
  '/admin/payouts/import': { at: () => '/admin/payouts/import', for: staff },
  '/admin/payouts/import/:importId': {
    at: house => `/admin/payouts/import/${house.importId}`,
    for: preparers,
    named: true,
  },
  '/admin/payouts/:payoutId': { at: house => `/admin/payouts/${house.payouts.pending.id}`, for: staff, named: true },
  '/admin/payouts/:payoutId/edit': {
    at: house => `/admin/payouts/${house.payouts.pending.id}/edit`,
    for: staff,
    named: true,
  },
  '/admin/registrations': { at: () => '/admin/registrations', for: staff },
  '/admin/registrations/:registrationId': {
    at: ({ negotiated }) => `/admin/registrations/${negotiated.registrationId}`,
    for: staff,
    named: true,
  },
  '/admin/runs': { at: () => '/admin/runs', for: staff },
  '/admin/runs/new': { at: () => '/admin/runs/new', for: staff },
  '/admin/runs/minimums': { at: () => '/admin/runs/minimums', for: staff },
  '/admin/runs/:runId': { at: ({ runId }) => `/admin/runs/${runId}`, for: staff, named: true },
  '/admin/rates': { at: () => '/admin/rates', for: staff },
  '/admin/periods': { at: () => '/admin/periods', for: staff },
  '/admin/rules': { at: () => '/admin/rules', for: staff },
  '/admin/rules/new': { at: () => '/admin/rules/new', for: staff },
  '/admin/rules/:ruleId': { at: ({ ruleId }) => `/admin/rules/${ruleId}`, for: staff, named: true },
  '/admin/rules/:ruleId/edit': { at: ({ ruleId }) => `/admin/rules/${ruleId}/edit`, for: staff, named: true },
  '/admin/commissions': { at: () => '/admin/commissions', for: staff },
  '/admin/commissions/:commissionId': {
    at: ({ negotiated }) => `/admin/commissions/${negotiated.commissionId}`,
    for: staff,
    named: true,
  },
  '/admin/disputes': { at: () => '/admin/disputes', for: staff },
  '/admin/deals': { at: () => '/admin/deals', for: staff },
  '/admin/deals/new': { at: () => '/admin/deals/new', for: staff },
  '/admin/deals/:dealId': { at: ({ negotiated }) => `/admin/deals/${negotiated.dealId}`, for: staff, named: true },
  '/admin/deals/:dealId/edit': {
    at: ({ negotiated }) => `/admin/deals/${negotiated.dealId}/edit`,
    for: staff,
    named: true,
  },
  '/admin/deals/:dealId/shares': {
    at: ({ negotiated }) => `/admin/deals/${negotiated.dealId}/shares`,
    for: staff,
    named: true,
  },
  '/admin/programs': { at: () => '/admin/programs', for: staff },
  '/admin/programs/new': { at: () => '/admin/programs/new', for: staff },
  '/admin/programs/:programId': { at: ({ org }) => `/admin/programs/prg_${org.id}`, for: staff, named: true },
  '/admin/deals/:dealId/split': {
    at: ({ negotiated }) => `/admin/deals/${negotiated.dealId}/split`,
    for: staff,
    named: true,
  },
  '/admin/partners': { at: () => '/admin/partners', for: staff },
  '/admin/partners/new': { at: () => '/admin/partners/new', for: staff },
  '/admin/partners/:partnerId': { at: house => `/admin/partners/${house.payable.partner.id}`, for: staff, named: true },
  '/admin/partners/:partnerId/edit': {
    at: house => `/admin/partners/${house.payable.partner.id}/edit`,
    for: staff,
    named: true,
  },
  '/admin/imports': { at: () => '/admin/imports', for: preparers },
  '/admin/imports/new': { at: () => '/admin/imports/new', for: staff },
  '/admin/imports/:importId': { at: ({ imports }) => `/admin/imports/${imports.ready}`, for: preparers, named: true },
  '/admin/imports/:importId/mapping': {
    at: ({ imports }) => `/admin/imports/${imports.mapping}/mapping`,
    for: preparers,
    named: true,
  },
  '/admin/imports/:importId/report': {
    at: ({ imports }) => `/admin/imports/${imports.committed}/report`,
    for: preparers,
    named: true,
  },
  '/admin/emails': { at: () => '/admin/emails', for: staff },
  '/admin/emails/:emailId': { at: house => `/admin/emails/${house.emailId}`, for: staff, named: true },
  '/admin/jobs': { at: () => '/admin/jobs', for: staff },
  '/admin/audit': { at: () => '/admin/audit', for: ['owner', 'admin', 'viewer'] },
  '/admin/reconcile': { at: () => '/admin/reconcile', for: staff },
  '/admin/team': { at: () => '/admin/team', for: staff },
  '/admin/settings': { at: () => '/admin/settings', for: staff },
  '/admin/account': { at: () => '/admin/account', for: staff },
  '/portal': { at: () => '/portal', for: ['partner'] },
  '/portal/payouts': { at: () => '/portal/payouts', for: ['partner'] },
  '/portal/payouts/:payoutId': {
    at: house => `/portal/payouts/${house.payouts.pending.id}`,
    for: ['partner'],
    named: true,
  },
  '/portal/setup': { at: () => '/portal/setup', for: ['partner'] },
  '/portal/commissions': { at: () => '/portal/commissions', for: ['partner'] },
  '/portal/commissions/:commissionId': {
    at: ({ negotiated }) => `/portal/commissions/${negotiated.commissionId}`,
    for: ['partner'],
    named: true,
  },
  '/portal/deals': { at: () => '/portal/deals', for: ['partner'] },
  '/portal/deals/:dealId': {
    at: ({ negotiated }) => `/portal/deals/${negotiated.dealId}`,
    for: ['partner'],
    named: true,
  },
  '/portal/registrations/new': { at: () => '/portal/registrations/new', for: ['partner'] },
  '/portal/registrations/:registrationId': {
    at: ({ negotiated }) => `/portal/registrations/${negotiated.registrationId}`,
    for: ['partner'],
    named: true,
  },
  '/portal/splits/:splitId': {
    at: ({ negotiated }) => `/portal/splits/${negotiated.splitId}`,
    for: ['partner'],
    named: true,
  },
  '/portal/account': { at: () => '/portal/account', for: ['partner'] },
  '/*': { at: () => '/nowhere', for: 'all' },
}

const pages = allRoutes.filter(route => route.isPage)

test('every page of routes.ts has a line in the table, and every line a page', () => {
  expect(pages.map(({ pattern }) => pattern).sort()).toEqual(Object.keys(rules).sort())
})

async function get(house: House, path: string, person: Person | null, init: RequestInit = {}) {
  const answer = await fetch(house.url + path, {
    redirect: 'manual',
    ...init,
    headers: { ...(person ? { Cookie: `${person.cookie.name}=${person.cookie.value}` } : {}), ...init.headers },
  })
  return { status: answer.status, location: answer.headers.get('location'), body: await answer.text(), answer }
}

/** What nobody outside may read: of this organization, and of the partners beside the viewer's own. */
function secretsFor(house: House, who: Who): string[] {
  const theirs = ['FOREIGN-CANARY', 'Foreign Canary', 'canary@foreign.example', '987654', '9,876.54']
  const ours = [
    house.owner.email,
    house.payable.partner.email,
    'Nordwind Referrals',
    'INV-2026-02',
    'For the Contoso deal.',
    'february.csv',
    'nina@acme.example',
  ]
  const beside = ['Bergmann Resale', 'Restricted Referrals', house.fresh.partner.email, house.owner.email]
  switch (who) {
    case 'nobody':
      return [...theirs, ...ours, ...beside]
    case 'foreignOwner':
    case 'foreignPartner':
      return [...ours, ...beside]
    case 'partner':
      return [...theirs, ...beside, 'nina@acme.example', 'february.csv']
    default:
      return theirs
  }
}

/** A page that is for everyone may say whom an invitation is for: to whoever holds its link. */
const openPages = new Set(['/invitations/:token'])

for (const { pattern, id } of pages)
  test(`${pattern}: who gets it, and its data alone tells others nothing`, async ({ world }) => {
    const rule = rules[pattern]
    if (!rule) throw new Error(`${pattern} has no line in the table`)
    const path = rule.at(world)
    for (const who of everyone) {
      const person = personOf(world, who)
      const isForeign = who.startsWith('foreign')
      const role = person?.viewer.role
      const sameSide = role === 'partner' ? rule.for.includes('partner') : rule.for.includes(role ?? 'nobody')
      const may = rule.for === 'all' || rule.for.includes(who) || (isForeign && !rule.named && sameSide)
      const whole = await get(world, path, person)
      const expected = rule.for === 'all' ? [200, 302, 404] : may ? [200] : who === 'nobody' ? [302] : [302, 403, 404]
      expect({ who, path, status: expected }).toEqual({
        who,
        path,
        status: expected.includes(whole.status) ? expected : whole.status,
      })
      if (rule.for !== 'all' && whole.status === 302)
        expect(whole.location, `${who} at ${path}`).toMatch(who === 'nobody' ? /^\/login\?to=/ : /^\/(portal|admin)$/)

      // Single fetch lets anyone ask for the page's loader without its layout's.
      const data = await get(world, `${path === '/' ? '/_root' : path}.data?_routes=${encodeURIComponent(id)}`, person)
      if (rule.for !== 'all' && may) expect({ who, path, status: data.status }).toEqual({ who, path, status: 200 })
      if (rule.for !== 'all' && !may && who !== 'nobody')
        expect({ who, path, status: data.status }).not.toEqual({ who, path, status: 500 })
      if (openPages.has(pattern)) continue
      for (const secret of secretsFor(world, who)) {
        expect(whole.body.includes(secret), `${who} reads “${secret}” at ${path}`).toBe(false)
        expect(data.body.includes(secret), `${who} reads “${secret}” in the data of ${path}`).toBe(false)
      }
    }
  })

const files: { at: (house: House) => string; method: 'GET' | 'POST'; for: Who[] }[] = [
  { at: () => '/admin/payouts/export.csv', method: 'POST', for: staff },
  { at: () => '/admin/audit/export.jsonl', method: 'POST', for: ['owner', 'admin', 'viewer'] },
  { at: () => '/admin/commissions/export.csv', method: 'POST', for: [...staff, 'partner'] },
  { at: () => '/admin/payouts/import/sample.csv', method: 'GET', for: staff },
  { at: ({ importId }) => `/admin/payouts/import/${importId}/errors.csv`, method: 'POST', for: preparers },
  { at: () => '/admin/imports/sample.csv?kind=deals', method: 'GET', for: staff },
  { at: ({ imports }) => `/admin/imports/${imports.ready}/failed.csv`, method: 'POST', for: preparers },
  { at: ({ emailId }) => `/admin/emails/${emailId}/body`, method: 'GET', for: staff },
  {
    at: ({ payouts }) => `/portal/payouts/${payouts.paid.id}/statement.csv`,
    method: 'POST',
    for: [...staff, 'partner'],
  },
]

test('files and frames ask for the same permission, and tell others nothing', async ({ world }) => {
  for (const file of files)
    for (const who of everyone) {
      const path = file.at(world)
      const post = {
        method: 'POST',
        body: '',
        headers: { Origin: world.url, 'Content-Type': 'application/x-www-form-urlencoded' },
      }
      const { status, body } = await get(world, path, personOf(world, who), file.method === 'POST' ? post : {})
      const own = who.startsWith('foreign') && status === 200
      if (file.for.includes(who)) expect({ who, path, status }).toEqual({ who, path, status: 200 })
      else if (!own) expect([302, 303, 403, 404], `${who} at ${path}`).toContain(status)
      for (const secret of secretsFor(world, who))
        expect(body.includes(secret), `${who} reads “${secret}” at ${path}`).toBe(false)
    }
})

test('every answer carries the security headers, whatever its status, and scripts carry its nonce', async ({
  world,
  tolerate,
}) => {
  tolerate(/at showImport/)
  const cases: { path: string; person: Person | null; status: number; init?: RequestInit }[] = [
    { path: '/login', person: null, status: 200 },
    { path: '/admin/payouts', person: world.owner, status: 200 },
    { path: '/portal', person: world.payable.person, status: 200 },
    { path: '/admin', person: null, status: 302 },
    { path: '/nowhere', person: null, status: 404 },
    { path: '/admin/payouts/pay_nobody', person: world.owner, status: 404 },
    { path: '/admin/audit', person: world.manager, status: 403 },
    { path: '/admin/payouts', person: world.owner, status: 403, init: { method: 'POST', body: 'intent=approve' } },
    { path: `/admin/payouts/import/${world.brokenImportId}`, person: world.owner, status: 500 },
    { path: '/livez', person: null, status: 200 },
    { path: '/api/trpc/auth.me', person: null, status: 401 },
    { path: '/webhooks/stripe/platform', person: null, status: 400, init: { method: 'POST', body: '{}' } },
  ]
  const nonces = new Set<string>()
  for (const { path, person, status, init } of cases) {
    const { answer, body, status: got } = await get(world, path, person, init)
    expect({ path, status: got }).toEqual({ path, status })
    const csp = answer.headers.get('content-security-policy') ?? ''
    expect(csp, path).toContain("frame-ancestors 'none'")
    expect(csp, path).toContain("default-src 'self'")
    expect(csp.match(/script-src[^;]*/)?.[0], path).not.toContain('unsafe')
    expect(answer.headers.get('strict-transport-security'), path).toContain('includeSubDomains')
    expect(answer.headers.get('x-content-type-options'), path).toBe('nosniff')
    expect(answer.headers.get('x-request-id'), path).toMatch(/^req_/)
    if (person) expect(answer.headers.get('cache-control'), path).toContain('no-store')
    const nonce = /'nonce-([^']+)'/.exec(csp)?.[1] ?? ''
    expect(nonce.length, path).toBeGreaterThan(20)
    expect(nonces.has(nonce), 'a nonce is used once').toBe(false)
    nonces.add(nonce)
    if (!answer.headers.get('content-type')?.includes('text/html')) continue
    const scripts = body.match(/<script\b[^>]*>/g) ?? []
    expect(scripts.length, path).toBeGreaterThan(0)
    for (const script of scripts) expect(script, path).toContain(`nonce="${nonce}"`)
    expect(body, path).toContain('SIMULATED')
    if (got === 500)
      expect(body, 'a bug’s own words stay in the log').not.toMatch(/is not a function|TypeError|\.ts:\d/)
  }
})

test('another site can’t post as a signed-in person', async ({ world }) => {
  const path = `/admin/payouts/${world.payouts.pending.id}`
  const form = { method: 'POST', body: 'intent=reject&reason=because&version=1' }
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const strange: Record<string, string>[] = [
    { ...type, Origin: 'https://evil.example' },
    { ...type, Origin: 'null' },
    { ...type, Origin: `${world.url}.evil.example` },
    { ...type, 'Sec-Fetch-Site': 'cross-site' },
    { ...type, Origin: world.url, 'Sec-Fetch-Site': 'same-site' },
    type,
    { Origin: world.url, 'Content-Type': 'text/plain' },
    { Origin: world.url, 'Content-Type': 'multipart/form-data; boundary=x' },
  ]
  for (const headers of strange) {
    const { status } = await get(world, path, world.admin, { ...form, headers })
    expect([403, 415], JSON.stringify(headers)).toContain(status)
  }
  const { body } = await get(world, path, world.admin)
  expect(body).toContain('Pending approval')
})

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { type Database, openDatabase } from '#db/client.ts'
import { emails, outbox } from '#db/schema/index.ts'
import { remintInvitation } from '../auth/invitations.ts'
import type { Role, Viewer } from '../auth/rules.ts'
import { blankWording } from '../rules/rules.ts'
import { createSimulator } from '../simulator/core.ts'
import { inProcessStripe } from '../simulator/in-process.ts'
import { asRole, callerFor } from '../test/callers.ts'
import { aDatabase } from '../test/db.ts'
import { start, type TestDeps, testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, aPayout, type Org, type Partner } from '../test/factories.ts'
import type { Hints } from './inputs.ts'

/** Stands in every text of the other organization: whoever is not of it must never read it. */
export const foreignCanary = 'CANARY-OF-ANOTHER-COMPANY'
/** Stands in what only the other partner of the own organization and its staff may read. */
export const siblingCanary = 'CANARY-OF-ANOTHER-PARTNER'

export type Who = Role | 'sibling' | 'nobody'

/** Two organizations with one of everything, ready to be copied: making it takes a second, a copy milliseconds. */
export interface Template {
  file: string
  viewers: Record<Exclude<Who, 'nobody'>, Viewer>
  hints: Hints
  remove(): void
}

const dayMs = 86_400_000

export async function makeTemplate(): Promise<Template> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'remit-fuzz-'))
  const file = path.join(folder, 'template.db')
  const db = await aDatabase(`file:${file}`)
  const deps = await testDeps({ db, seed: 'template', stripe: aSimulatedStripe(db) })
  const home = await fill(deps, 'Home', '')
  await fill(deps, foreignCanary, ` ${foreignCanary}`)
  const hints = await hintsFor(db, home.org.id, home.links)
  await db.checkpoint()
  await db.close()
  return { file, viewers: home.viewers, hints, remove: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

/** A copy of the template to do harm in. */
export async function aCopy(template: Template): Promise<TestDeps & { remove(): Promise<void> }> {
  const file = `${template.file}.copy`
  for (const end of ['', '-wal', '-shm']) fs.rmSync(file + end, { force: true })
  fs.copyFileSync(template.file, file)
  const db = await openDatabase({ url: `file:${file}`, synchronous: 'NORMAL', lock: false })
  const accounts = await db.read.all<{ id: string }>(sql`SELECT stripe_account_id AS id FROM partners`)
  const deps = await testDeps({ db, seed: 'copy', stripe: aSimulatedStripe(db, accounts) })
  return { ...deps, remove: () => db.close() }
}

function aSimulatedStripe(db: Database, accounts: { id: string }[] = []) {
  let count = 0
  const simulator = createSimulator({
    path: ':memory:',
    baseUrl: 'http://127.0.0.1:9',
    now: () => start,
    random: () => String(++count).padStart(16, '0'),
  })
  for (const { id } of accounts)
    simulator.handle({
      ...{ method: 'POST', path: '/_sim/accounts', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ id, country: 'US', currency: 'usd' }),
    })
  return inProcessStripe(simulator, { isWriting: db.isWriting })
}

/** An organization with one of each thing that an input can name, made the way people make it. `mark` stands in every text. */
async function fill(deps: TestDeps, name: string, mark: string) {
  const org = await anOrg(deps, { name })
  const owner = await asRole(deps, 'owner', { org })
  const admin = await asRole(deps, 'admin', { org })
  const manager = await asRole(deps, 'manager', { org })
  const viewer = await asRole(deps, 'viewer', { org })
  const own = await aPartner(deps, { orgId: org.id, name: `Own${mark}`, defaultRateBp: 1_000 })
  const beside = await aPartner(deps, {
    ...{ orgId: org.id, defaultRateBp: 500, reference: `beside${mark.slice(0, 40)}` },
    // The other partner of a deal's shares is known by name.
    name: `Beside${mark}`,
  })
  await aPartner(deps, { orgId: org.id, name: `Archived${mark}`, archivedAt: start })
  const stranger = await aPartner(deps, { orgId: org.id, name: `${siblingCanary}${mark}` })
  await aPayout(deps, { partner: stranger })
  const partner = await asRole(deps, 'partner', { org, partner: own })
  const sibling = await asRole(deps, 'partner', { org, partner: beside })
  for (const of of [own, beside])
    for (const status of [
      'pending_approval',
      'approved',
      'failed',
      'paid',
      'rejected',
      'reversed',
      'processing',
    ] as const)
      await aPayout(deps, { partner: of, status, notes: `${of === beside ? siblingCanary : 'Note'}${mark}` })
  await somethingEarned(deps, { owner, manager, own, beside, mark })
  await somethingRegistered(deps, { owner, partner, sibling, mark })
  const links = await somethingSent(deps, { org, owner, own, mark })
  const viewers = {
    ...{ owner: owner.viewer, admin: admin.viewer, manager: manager.viewer, viewer: viewer.viewer },
    ...{ partner: partner.viewer, sibling: sibling.viewer },
  }
  return { org, viewers, links }
}

type As = Awaited<ReturnType<typeof asRole>>

/** Deals in every stage, shares that are agreed on, a rule in force and one that is not, a dispute, a run. */
async function somethingEarned(
  deps: TestDeps,
  { owner, manager, own, beside, mark }: { owner: As; manager: As; own: Partner; beside: Partner; mark: string },
) {
  const { ruleId } = await manager.api.rules.create({
    ...{ name: `Rule${mark}`, stream: 'base', programId: null },
    wording: { ...blankWording('2026-01-01'), holdingDays: 0 },
  })
  const [draft] = (await owner.api.rules.get({ ruleId })).versions
  if (draft) await owner.api.rules.publish({ ruleVersionId: draft.id })
  await manager.api.rules.create({
    ...{ name: `Draft${mark}`, stream: 'spiff', programId: null, wording: blankWording('2026-01-01') },
  })
  await owner.api.programs.create({ name: `Second${mark}`, model: 'equal_split' })
  for (const [number, partners] of [[own], [own, beside], [own, beside], [beside]].entries()) {
    const { id: dealId } = await manager.api.deals.create({
      ...{ name: `Deal ${number}${mark}`, accountName: `Account${mark}`, amount: 1_000_000, currency: 'USD' },
      ...{ programId: `prg_${owner.viewer.orgId}`, notes: `Note${mark}`, openedAt: start - 40 * dayMs },
    })
    for (const { id: partnerId } of partners)
      await manager.api.deals.addTouch({
        dealId,
        partnerId,
        type: 'demo',
        at: start - 20 * dayMs,
        note: `Touch${mark}`,
      })
    if (number % 2 === 0) await manager.api.deals.win({ dealId, closedAt: start - 10 * dayMs })
    if (number === 1) await owner.api.splits.open({ dealId, deadlineOn: '2026-03-20' })
  }
  await aCommission(deps, { partner: own, note: `Own${mark}` })
  await aCommission(deps, { partner: beside, note: `${siblingCanary}${mark}` })
  const theirs = await aCommission(deps, { partner: beside, amount: 777, note: `${siblingCanary}${mark}` })
  const mine = await aCommission(deps, { partner: own, amount: 555 })
  for (const [commission, partner] of [[theirs, beside] as const, [mine, own] as const]) {
    const { api } = await asRole(deps, 'partner', { org: owner.org, partner })
    await api.disputes.open({
      commissionId: commission.id,
      reason: `${partner === beside ? siblingCanary : 'Too little'}${mark}`,
    })
  }
  await owner.api.rates.add({ base: 'USD', quote: 'EUR', rate: '0.9', day: '2026-02-27', note: `Rate${mark}` })
  await owner.api.runs.plan({ period: '2026-02' })
}

async function somethingRegistered(
  deps: TestDeps,
  { owner, partner, sibling, mark }: { owner: As; partner: As; sibling: As; mark: string },
) {
  for (const [person, note] of [[partner, 'Mine'] as const, [sibling, siblingCanary] as const])
    for (const submit of [false, true])
      await person.api.registrations.create({
        ...{ accountName: `${note}${mark}`, contactEmail: `${note.toLowerCase()}@fabrikam.example`, submit },
        ...{ programId: `prg_${owner.viewer.orgId}`, notes: `${note}${mark}` },
      })
  const manager = await asRole(deps, 'manager', { org: owner.org })
  async function* file() {
    yield new TextEncoder().encode(`name,email,country\nImported${mark},imported@p.example,US\nNo address,,US\n`)
  }
  for (let copy = 0; copy < 3; copy++)
    await manager.api.imports.upload({ kind: 'partners', fileName: `file${copy}${mark}.csv`, bytes: file() })
  await manager.api.payouts.importDraft({
    fileName: `file${mark}.csv`,
    text: `partner,amount\n${partner.partner?.email},12.00\nnobody@p.example,x\n`,
  })
}

/** Mails, jobs, links. Returns what is secret of the links, as their owners have them. */
async function somethingSent(
  deps: TestDeps,
  { org, owner, own, mark }: { org: Org; owner: As; own: Partner; mark: string },
): Promise<string[]> {
  const [emailId, jobId] = [deps.ids.id('eml'), deps.ids.id('job')]
  await deps.db.write(async tx => {
    await tx.insert(emails).values({
      ...{ id: emailId, orgId: org.id, eventId: emailId, template: 'payoutApproved', recipient: own.email },
      ...{ subject: `Mail${mark}`, html: `<p>Mail${mark}</p>`, text: `Mail${mark}`, messageId: `${emailId}@remit` },
      ...{ status: 'sent', createdAt: start },
    })
    await tx.insert(outbox).values({
      ...{ id: jobId, orgId: org.id, topic: 'partner.sync', key: jobId, payload: { partnerId: own.id } },
      ...{ status: 'parked', runAt: start, lastError: `Error${mark}`, createdAt: start },
    })
  })
  const links: string[] = []
  for (const address of ['one', 'two']) {
    const { invitationId } = await owner.api.orgs.invite({
      email: `${address}-${org.id.slice(-6).toLowerCase()}@example.com`,
      role: 'viewer',
    })
    const minted = await remintInvitation(deps, invitationId)
    if (minted) links.push(new URL(minted.url).pathname.split('/').at(-1) ?? '')
  }
  return links
}

/** Which table an id of this name belongs to. */
const tables: Record<string, string[]> = {
  payoutId: ['payouts'],
  payoutIds: ['payouts'],
  partnerId: ['partners'],
  partnerIds: ['partners'],
  excludedPartnerIds: ['partners'],
  registeredBy: ['partners'],
  scopeId: ['partners', 'programs'],
  membershipId: ['memberships'],
  invitationId: ['tokens'],
  jobId: ['outbox'],
  emailId: ['emails'],
  importId: ['data_imports', 'payout_imports'],
  registrationId: ['registrations'],
  seenConflicts: ['deals', 'registrations'],
  dealId: ['deals'],
  deal: ['deals'],
  splitId: ['deal_splits'],
  touchId: ['touches'],
  programId: ['programs'],
  programIds: ['programs'],
  runId: ['payout_runs'],
  rowId: ['payout_run_rows'],
  rowIds: ['payout_run_rows'],
  commissionId: ['commissions'],
  disputeId: ['disputes'],
  ruleId: ['commission_rules'],
  ruleVersionId: ['rule_versions'],
  id: ['sessions', 'payouts'],
}

/** Ids of real things, four of the own organization for each of the other, and words that fields of a name take. */
async function hintsFor(db: Database, home: string, links: string[]): Promise<Hints> {
  const pools = new Map<string, string[]>()
  for (const table of new Set(Object.values(tables).flat())) {
    const owned = table === 'sessions' ? sql`'' AS org` : sql`org_id AS org`
    const rows = await db.read.all<{ id: string; org: string }>(sql`SELECT id, ${owned} FROM ${sql.identifier(table)}`)
    const own = rows.filter(({ org }) => org === home)
    const other = rows.filter(({ org }) => org !== home).slice(0, Math.ceil(own.length / 2))
    const ids = (list: typeof rows) => list.map(({ id }) => id)
    pools.set(table, [...ids(own), ...ids(own), ...ids(other), 'not_an_id_at_all', 'nobody'])
  }
  const own = (await db.read.all<{ id: string }>(sql`SELECT id FROM partners WHERE org_id = ${home}`)).map(
    ({ id }) => id,
  )
  const digests = await db.read.all<{ digest: string }>(sql`SELECT digest FROM payout_runs WHERE org_id = ${home}`)
  const words: Record<string, unknown[]> = {
    currency: ['USD', 'EUR', 'JPY', 'KWD', 'usd', 'XXX'],
    base: ['USD', 'EUR', 'JPY', 'XXX'],
    quote: ['USD', 'EUR', 'GBP', 'KWD'],
    country: ['US', 'DE', 'JP', 'us', 'ZZ'],
    timeZone: ['UTC', 'Europe/Berlin', 'Pacific/Kiritimati', 'Mars/Olympus'],
    email: [
      'new@example.com',
      'New@Example.com',
      'ünï@example.com',
      "o'hara+x@example.co",
      'a@b',
      'a@b.example\r\nBcc: x',
    ],
    contactEmail: ['ana@contoso.example', 'a@fabrikam.example', 'b@gmail.com', 'x@xn--bcher-kva.example'],
    accountDomain: ['contoso.example', 'https://contoso.example/', 'javascript:alert(1)', null],
    rate: ['0.9', '1.0825', '1', '0', '-1', '1e3', '99999999999', '0.0000000001'],
    cursor: [btoa('[1,"x"]'), btoa('["x","y"]'), btoa('[null,null]'), btoa('[1e308,"x"]'), btoa('{}'), '%%%', ''],
    digest: [...digests.map(({ digest }) => digest), '0'.repeat(64)],
    token: [...links, 'x'.repeat(43)],
    topic: ['partner.sync', 'email.send', 'payout.transfer', 'nothing'],
    period: ['2026-02', '2026-01', '2025-12', '2026-03', '1999-12', '9999-12'],
    password: ['a fine long password', 'four quiet rivers run', 'x'.repeat(256)],
    text: [
      'Date, USD, \n27 February 2026, 1.04, \n',
      'partner email,amount\na@b.example,1\n',
      'partner,amount\n"unclosed,1',
      '"'.repeat(999),
      ','.repeat(5_000),
      'a\u0000b,c\n\ud800,1\n',
      '\ufeffpartner;amount\r\n=1+1;1,00\r\n',
    ],
    bytes: [{ text: 'name,email\nA,a@b.example\n' }, { text: '' }, { text: '\u0000\u0000' }, { text: '"' }, 7],
    code: ['123456', '000000', ' 654321 ', '12345', 'abcdef'],
    sealed: ['x', 'v1.AAAA.AAAA.AAAA', '\u0000'],
    response: [passkeyAnswer({}), passkeyAnswer({ type: 'public-key', id: 7 }), '{}', 'null', '{'],
    idempotencyKey: ['a key of ours', 'another key', '=1+1 and more', 'a\u0000bcdefgh'],
  }
  const wording = blankWording('2026-01-01')
  const wholes: Record<string, unknown[]> = {
    wording: [
      wording,
      { ...wording, pay: { kind: 'flat', amount: 5_000 }, currency: 'USD', months: 12 },
      { ...wording, conditions: { products: ['=1+1', '<b>'], tiers: ['gold'] }, effectiveTo: '2026-12-31' },
      { ...wording, floor: 900, cap: 100, currency: 'USD' },
      { ...wording, effectiveTo: '1999-01-01' },
    ],
    mapping: [
      { name: 'name', email: 'email', country: 'country' },
      { name: 'nothing' },
      { name: 'name', email: 'name' },
    ],
    shares: [
      [{ partnerId: own[0], bp: 10_000 }],
      [6_000, 4_000].map((bp, at) => ({ partnerId: own[at], bp })),
      [1, 9_999].map((bp, at) => ({ partnerId: own[at], bp })),
      [3_334, 6_666].map((bp, at) => ({ partnerId: own[at], bp })),
      [9_999, 4_000].map((bp, at) => ({ partnerId: own[at], bp })),
      [5_000, 5_000].map(bp => ({ partnerId: own[0], bp })),
    ],
  }
  return (field, whole) => {
    if (whole) return (Object.hasOwn(wholes, field) && wholes[field]) || null
    const own = Object.hasOwn(tables, field) ? tables[field] : undefined
    if (own) return own.flatMap(table => pools.get(table) ?? [])
    const known = Object.hasOwn(words, field) ? words[field] : undefined
    return known?.length ? known : null
  }
}

/** What a browser posts for a passkey, new or used: of the right shape, and signed by nobody. */
function passkeyAnswer(faults: object): string {
  const part = btoa('{"type":"webauthn.get","challenge":"x","origin":"http://127.0.0.1:3000"}').replaceAll('=', '')
  const response = { clientDataJSON: part, attestationObject: part, authenticatorData: part, signature: part }
  return JSON.stringify({ id: part, rawId: part, type: 'public-key', clientExtensionResults: {}, response, ...faults })
}

/** Runs a call as somebody of the own organization, or as nobody. */
export function callAs(deps: TestDeps, template: Template, who: Who) {
  return callerFor(deps, who === 'nobody' ? null : template.viewers[who])
}

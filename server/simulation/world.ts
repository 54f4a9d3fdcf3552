import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { createSession, validateCookie } from '../auth/lucia.ts'
import type { Role } from '../auth/rules.ts'
import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { syncPartner } from '../partners/sync.ts'
import { createCaller } from '../router.ts'
import { createSimulator, type Simulator } from '../simulator/core.ts'
import { inProcessStripe } from '../simulator/in-process.ts'
import { contextFor } from '../test/callers.ts'
import { type TestClock, testClock, testConfig, testDeps } from '../test/deps.ts'
import { aMember, anOrg, aPartner, aUser, type Org, type Partner, type User } from '../test/factories.ts'
import { work } from '../work.ts'
import type { Handlers } from '../worker/worker.ts'
import { noCounts } from './counts.ts'
import { type Process, type Shared, startProcess } from './processes.ts'
import { type Random, randomFrom } from './random.ts'
import { createTurnstile } from './turnstile.ts'

/** Monday, 2 March 2026, 09:00 UTC. */
export const start = Date.UTC(2026, 2, 2, 9)

/** A person in a role in one organization; what they are now is in the database. */
export interface Person {
  name: string
  userId: string
  membershipId: string
  /** The role they began with. */
  role: Role
  cookie: string | null
}

export interface Company {
  org: Org
  people: Person[]
  partners: Partner[]
}

/** A request as it was sent, and how it ended for whoever sent it. */
export interface Sent {
  letter: {
    company: Company
    person: Person
    procedure: string
    input: Record<string, unknown>
    says: string
  }
  outcome: 'accepted' | 'refused' | 'died'
  response: unknown
}

/** One history's world: two companies on one Stripe account, and everything that is at work in it. */
export interface World extends Shared {
  random: Random
  clock: TestClock
  companies: Company[]
  /** Answers people's requests and takes webhooks. */
  web: Process
  /** Never dies and meets no fault of its own: opens sessions, and ends the history. */
  desk: Process
  workers: [Process, Process]
  control<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): T
  /** The platform's own hands at Stripe's dashboard: no fault is in their way. */
  dashboard: Deps['stripe']
  /** What clients sent, for sending it again; the latest first. */
  sent: Sent[]
  /** Webhooks that came, as they came. */
  received: { endpoint: 'platform' | 'connect' | 'events'; body: string; signature: string }[]
  /** So many of the next webhooks meet nobody. */
  downFor: number
  story: string[]
  violations: string[]
  keys: number
  handlers: Handlers
  /** What is left of each fault that waits at Stripe, by its number there. */
  armed: { stripe: Map<number, number>; webhook: Map<number, number> }
  /** How often people put parked jobs back in line. */
  retried: number
}

const secrets = { platform: 'whsec_platform', connect: 'whsec_connect', events: 'whsec_events' } as const

export const startingBalance = { usd: 1_200_000, eur: 600_000, jpy: 400_000 }

/** What every history begins with: a database with two companies in it, and the moment to go back to. */
export interface Stage {
  db: Database
  companies: Company[]
}

/** Made once, and used by many histories, one after the other. */
export async function openStage(): Promise<Stage> {
  const db = await openDatabase({ url: 'file::memory:', synchronous: 'NORMAL' })
  await migrate(db)
  const clock = testClock(start)
  const simulator = aSimulator(clock)
  preloadAccounts(controlOf(simulator))
  const deps = { ...(await testDeps({ db, seed: 'cast', config: configOf() })), clock }
  deps.stripe = inProcessStripe(simulator)
  const companies = await makeCompanies(deps)
  simulator.close()
  await db.moment?.keep()
  return { db, companies }
}

/** A fresh world on the stage, as it was when the stage was made. */
export async function makeWorld(seed: number, { db, companies }: Stage, handlers: Handlers): Promise<World> {
  await db.moment?.rewind()
  const clock = testClock(start)
  const simulator = aSimulator(clock)
  const control = controlOf(simulator)
  preloadAccounts(control)
  const random = randomFrom(seed ^ 0x5bd1e995)
  const world: World = {
    config: configOf(),
    db,
    clock,
    simulator,
    control,
    turnstile: createTurnstile(random),
    troubles: { crashes: [], mails: [], network: [] },
    counts: noCounts(),
    mails: [],
    complaints: [],
    seed: String(seed),
    started: 0,
    random,
    companies: companies.map(company => ({
      ...company,
      people: company.people.map(person => ({ ...person, cookie: null })),
    })),
    desk: undefined as unknown as Process,
    web: undefined as unknown as Process,
    workers: undefined as unknown as World['workers'],
    dashboard: inProcessStripe(simulator),
    sent: [],
    received: [],
    downFor: 0,
    story: [],
    violations: [],
    keys: 0,
    handlers,
    armed: { stripe: new Map(), webhook: new Map() },
    retried: 0,
  }
  world.desk = startProcess(world, 'calm', 'the desk')
  world.web = startProcess(world, 'web', 'web')
  world.workers = [startProcess(world, 'worker', 'worker 1'), startProcess(world, 'worker', 'worker 2')]
  return world
}

function preloadAccounts(control: World['control']): void {
  control('POST', '/_sim/accounts', { accounts: payees.map(({ account, country }) => ({ id: account, country })) })
}

function controlOf(simulator: Simulator): World['control'] {
  return (method, path, body) => {
    const reply = simulator.handle({
      method,
      path,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? '' : JSON.stringify(body),
    })
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.body}`)
    return JSON.parse(reply.body)
  }
}

export function configOf(): Config {
  return testConfig({ STRIPE_API_BASE: 'http://127.0.0.1:12111' })
}

function aSimulator(clock: TestClock): Simulator {
  let count = 0
  const simulator = createSimulator({
    path: ':memory:',
    now: clock.now,
    random: () => `${count++}`.padStart(24, '0'),
    baseUrl: 'http://127.0.0.1:12111',
    platform: 'acct_1Platform',
    balance: startingBalance,
  })
  for (const kind of ['platform', 'connect', 'events'] as const)
    simulator.register({ kind, url: `https://remit.example/${kind}`, secret: secrets[kind] })
  return simulator
}

const payees = [
  { company: 0, name: 'Alder', account: 'acct_1Alder', country: 'US', currency: 'USD' },
  { company: 0, name: 'Beech', account: 'acct_1Beech', country: 'DE', currency: 'EUR' },
  { company: 0, name: 'Cedar', account: 'acct_1Cedar', country: 'US', currency: 'USD' },
  { company: 0, name: 'Dogwood', account: 'acct_1Dogwood', country: 'JP', currency: 'JPY' },
  { company: 1, name: 'Elder', account: 'acct_1Elder', country: 'US', currency: 'USD' },
  { company: 1, name: 'Fir', account: 'acct_1Fir', country: 'DE', currency: 'EUR' },
]

async function makeCompanies(deps: Deps): Promise<Company[]> {
  const both = await aUser(deps, { name: 'Sasha', email: 'sasha@example.com' })
  const companies: Company[] = []
  for (const [index, name] of ['Acme', 'Birch'].entries()) {
    const org = await anOrg(deps, { name })
    const partners: Partner[] = []
    for (const payee of payees.filter(one => one.company === index)) {
      const { country, currency, account } = payee
      const partner = await aPartner(deps, {
        orgId: org.id,
        name: payee.name,
        email: `${payee.name.toLowerCase()}@example.org`,
        country,
        currency,
        stripeAccountId: account,
        destinationKey: null,
        transfersStatus: 'pending',
      })
      await syncPartner(deps, partner.id)
      partners.push(partner)
    }
    const company: Company = { org, people: [], partners }
    const join = async (who: string, role: Role, given: { user?: User; partner?: Partner } = {}) => {
      const user = given.user ?? (await aUser(deps, { name: who, email: `${who.toLowerCase()}.${index}@example.com` }))
      const { membershipId } = await aMember(deps, { role, org, user, partner: given.partner })
      company.people.push({ name: who, userId: user.id, membershipId, role, cookie: null })
    }
    await join('Olive', 'owner')
    await join('Otto', 'owner')
    await join('Ada', 'admin')
    await join('Abel', 'admin')
    await join('Sasha', 'admin', { user: both })
    await join('Mona', 'manager')
    await join('Vera', 'viewer')
    await join('Pat', 'partner', { partner: partners[0] })
    await join('Quinn', 'partner', { partner: partners[1] })
    // Somebody who approves, and would be paid.
    const payee = await aUser(deps, { name: 'Paya', email: partners[0]?.email }).catch(() =>
      aUser(deps, { name: 'Paya', email: `paya.${index}@example.com` }),
    )
    await join('Paya', 'admin', { user: payee })
    companies.push(company)
    await writeRules(deps, company)
  }
  return companies
}

/** One rule for all, put in force by somebody else than who wrote it, and the rates of the day. */
async function writeRules(deps: Deps, company: Company): Promise<void> {
  const api = async (name: string) => {
    const person = company.people.find(one => one.name === name) as Person
    const session = await signedIn(deps, company, person)
    return createCaller(contextFor(deps, session?.viewer ?? null))
  }
  const [manager, owner] = [await api('Mona'), await api('Olive')]
  const rule = await manager.rules.create({
    name: 'Everybody',
    stream: 'base',
    programId: null,
    wording: {
      priority: 100,
      conditions: {},
      currency: null,
      pay: { kind: 'percent', rateBp: 1_250 },
      floor: null,
      cap: null,
      months: 1,
      holdingDays: 0,
      clawbackDays: 365,
      effectiveFrom: '2026-01-01',
      effectiveTo: null,
    },
  })
  await owner.rules.publish({ ruleVersionId: rule.ruleVersionId })
  await owner.rates.add({ base: 'EUR', quote: 'USD', rate: '1.0842', day: '2026-03-01' })
  await owner.rates.add({ base: 'USD', quote: 'JPY', rate: '150.25', day: '2026-03-01' })
  await owner.rates.add({ base: 'EUR', quote: 'JPY', rate: '162.9', day: '2026-03-01' })
}

/** The person's living session, opened anew where it has ended; null for whoever may not come in any more. */
export async function signedIn(deps: Deps, { org }: Company, person: Person) {
  const living = await validateCookie(deps, person.cookie)
  if (living) return living
  const actor = { kind: 'user' as const, id: person.userId, name: person.name }
  const { cookie } = await work(deps, { orgId: org.id, actor }, unit =>
    createSession(unit, person.userId, person.membershipId, { address: '198.51.100.7', device: 'a browser' }, 'totp'),
  )
  person.cookie = cookie.split(';')[0] ?? null
  return validateCookie(deps, person.cookie)
}

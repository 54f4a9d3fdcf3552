import { eq } from 'drizzle-orm'
import { memberships, organizations, type Role, users } from '#db/schema/index.ts'
import type { DemoPartner } from '#db/seed/partners.ts'
import type { DemoPerson } from '#db/seed.ts'
import { updateSettings } from '#server/orgs/service.ts'
import { connectAccount } from '#server/partners/connect.ts'
import { createPartner } from '#server/partners/service.ts'
import { syncPartner } from '#server/partners/sync.ts'
import type { Actor, Work } from '#server/work.ts'
import { act, type Stage } from './stage.ts'

const command: Actor = { kind: 'command', id: 'seed', name: 'npm run demo' }

/** Banks of the simulator: this number returns what arrives, all others take it. */
const closedBank = '000111111113'

export interface Company {
  orgId: string
  timeZone: string
  /** Who acts, by the key of the cast. */
  staff: Record<string, Actor>
}

interface CompanyData {
  name: string
  timeZone: string
  approvalsRequired: 1 | 2
  minimums: Record<string, number>
  twoFactorRequired: boolean
}

/** An organization with its people, as they joined, and its settings. All share one password's hash. */
export async function openCompany(
  stage: Stage,
  data: CompanyData,
  people: Record<string, DemoPerson>,
  passwordHash: string,
): Promise<Company> {
  const orgId = stage.deps.ids.id('org')
  await act(stage, orgId, command, async unit => {
    const { name, timeZone } = data
    await unit.tx.insert(organizations).values({ id: orgId, name, timeZone, createdAt: unit.at })
    unit.audit({ action: 'orgs.create', target: { type: 'organization', id: orgId }, after: { name } })
  })
  const staff: Record<string, Actor> = {}
  let owner: Actor = command
  for (const [key, person] of Object.entries(people)) {
    const joined = await act(stage, orgId, command, unit => join(unit, person, null, passwordHash))
    staff[key] = { kind: 'user', id: joined, name: person.name }
    if (person.role === 'owner') owner = staff[key]
  }
  const minimums = Object.entries(data.minimums).map(([currency, amount]) => ({ currency, amount }))
  await act(stage, orgId, owner, unit =>
    updateSettings(unit, {
      approvalsRequired: data.approvalsRequired,
      twoFactorRequired: data.twoFactorRequired,
      minimums,
    }),
  )
  return { orgId, timeZone: data.timeZone, staff }
}

/** Adds a person to the unit's organization, and to the installation unless they are there. Returns the user's id. */
async function join(
  unit: Work,
  { email, name, role }: { email: string; name: string; role: Role },
  partnerId: string | null,
  passwordHash: string,
): Promise<string> {
  const [known] = await unit.tx.select({ id: users.id }).from(users).where(eq(users.email, email))
  const userId = known?.id ?? unit.id('usr')
  if (!known) await unit.tx.insert(users).values({ id: userId, email, name, passwordHash, createdAt: unit.at })
  const id = unit.id('mem')
  await unit.tx.insert(memberships).values({ id, orgId: unit.orgId, userId, role, partnerId, createdAt: unit.at })
  unit.audit({
    action: 'auth.acceptInvitation',
    target: { type: 'membership', id },
    after: { email, role, partnerId },
  })
  return userId
}

export interface CastPartner extends DemoPartner {
  id: string
  accountId: string | null
}

/** A partner that joins at the clock's time, with its people; with an account that can be paid unless its story is another. */
export async function addPartner(
  stage: Stage,
  company: Company,
  by: Actor,
  data: DemoPartner,
  number: number,
  passwordHash: string,
): Promise<CastPartner> {
  const { name, email, country, currency, type } = data
  const partner = await act(stage, company.orgId, by, unit =>
    createPartner(unit, { name, email, country, currency, type, reference: `P-${1000 + number}` }),
  )
  for (const person of data.people ?? [])
    await act(stage, company.orgId, command, unit =>
      join(unit, { ...person, role: 'partner' }, partner.id, passwordHash),
    )
  const startsWithout = data.ending === 'not_started' || data.ending === 'unfinished'
  const accountId = startsWithout ? null : await openAccount(stage, company, partner.id, data)
  return { ...data, id: partner.id, accountId }
}

/** An account at the simulator as if it had been set up back then: no events, for nobody listened yet. */
async function openAccount(stage: Stage, company: Company, partnerId: string, data: DemoPartner): Promise<string> {
  const { country, currency, email, name } = data
  const number = data.ending === 'bank_closed' ? closedBank : `0001${stage.chance.between(10_000_000, 99_999_999)}`
  const { ids } = await stage.simulator<{ ids: string[] }>('POST', '/_sim/accounts', {
    country,
    currency: currency.toLowerCase(),
    email,
    display_name: name,
    metadata: { partner_id: partnerId },
    created: stage.clock.now(),
    bank_number: number,
  })
  const [accountId] = ids
  if (!accountId) throw new Error('the simulator made no account')
  const partner: Actor = { kind: 'user', id: partnerId, name: data.people?.[0]?.name ?? name }
  await act(stage, company.orgId, partner, unit => connectAccount(unit, partnerId, null, accountId))
  await syncPartner(stage.deps, partnerId)
  return accountId
}

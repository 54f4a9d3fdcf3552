import { eq } from 'drizzle-orm'
import { sessions } from '#db/schema/index.ts'
import { hashPassword } from '#server/auth/password.ts'
import type { Deps } from '#server/deps.ts'
import { aSession } from '#server/test/callers.ts'
import {
  aMember,
  anOrg,
  aPartner,
  aPayout,
  aUser,
  type Member,
  type Org,
  type Partner,
  type Payout,
} from '#server/test/factories.ts'
import type { Simulator } from './simulator.ts'

/** Everybody's password; only the spec of the sign-in form types it. */
export const password = 'four quiet rivers run'

/** Somebody with a session, as their browser has it. */
export type Person = Member & { email: string; cookie: { name: string; value: string } }

/** A partner and the person who signs in for it. */
export interface PartnerSide {
  partner: Partner
  person: Person
}

/** Who is there when a journey begins. */
export interface People {
  org: Org
  owner: Person
  admin: Person
  manager: Person
  viewer: Person
  /** A partner whose account the simulator knows and pays. */
  payable: PartnerSide
  /** A partner who has not set up payouts. */
  fresh: PartnerSide
  /** Another organization on the same installation. */
  foreign: { org: Org; owner: Person; partnerSide: PartnerSide; payout: Payout }
}

/**
 * Signs a member in by inserting a session. A second factor was given with it, and stays fresh for as long as a journey takes on a
 * slow machine; `stale` is a session whose proof is too old.
 */
export async function signedIn(deps: Deps, member: Member, { stale = false } = {}): Promise<Person> {
  const { cookie, sessionId } = await aSession(deps, member)
  const provenAt = deps.clock.now() + (stale ? -1 : 1) * 60 * 60_000
  await deps.db.write(tx => tx.update(sessions).set({ provenAt }).where(eq(sessions.id, sessionId)))
  const [name = '', value = ''] = cookie.split('=')
  return { ...member, email: member.user.email, cookie: { name, value } }
}

/** Fills an empty database, before the app owns it. */
export async function seedPeople(deps: Deps, simulator: Simulator): Promise<People> {
  const passwordHash = await hashPassword(password)
  const person = async (given: Omit<Parameters<typeof aMember>[1], 'user'>, name: string, email: string) =>
    signedIn(deps, await aMember(deps, { ...given, user: await aUser(deps, { name, email, passwordHash }) }))
  const payablePartner = (orgId: string, name: string, email: string, account: string) =>
    aPayablePartner(deps, simulator, { orgId, name, email, account })

  const org = await anOrg(deps, { name: 'Acme' })
  const owner = await person({ org, role: 'owner' }, 'Olivia Owner', 'olivia@acme.example')
  const admin = await person({ org, role: 'admin' }, 'Adam Admin', 'adam@acme.example')
  const manager = await person({ org, role: 'manager' }, 'Mara Manager', 'mara@acme.example')
  const viewer = await person({ org, role: 'viewer' }, 'Vic Viewer', 'vic@acme.example')

  const nordwind = await payablePartner(org.id, 'Nordwind Referrals', 'office@nordwind.example', 'acct_1Nordwind')
  const payable = {
    partner: nordwind,
    person: await person({ org, role: 'partner', partner: nordwind }, 'Paula Partner', 'paula@nordwind.example'),
  }
  const bergmann = await aPartner(deps, {
    orgId: org.id,
    name: 'Bergmann Resale',
    email: 'office@bergmann.example',
    stripeAccountId: null,
    transfersStatus: 'none',
    destinationKey: null,
  })
  const fresh = {
    partner: bergmann,
    person: await person({ org, role: 'partner', partner: bergmann }, 'Bea Bergmann', 'bea@bergmann.example'),
  }

  const globex = await anOrg(deps, { name: 'Globex' })
  const foreignOwner = await person({ org: globex, role: 'owner' }, 'Fritz Foreign', 'fritz@globex.example')
  const foreignPartner = await payablePartner(globex.id, 'Foreign Canary', 'canary@foreign.example', 'acct_1Foreign')
  const foreignPerson = await person(
    { org: globex, role: 'partner', partner: foreignPartner },
    'Faye Foreign',
    'faye@foreign.example',
  )
  const payout = await aPayout(deps, {
    partner: foreignPartner,
    createdBy: foreignOwner.user.id,
    reference: 'FOREIGN-CANARY',
    amount: 987_654,
  })
  const foreign = {
    org: globex,
    owner: foreignOwner,
    partnerSide: { partner: foreignPartner, person: foreignPerson },
    payout,
  }
  return { org, owner, admin, manager, viewer, payable, fresh, foreign }
}

/** A partner that the simulator knows: an active account, in the US unless said otherwise, whose bank account takes payouts. */
export async function aPayablePartner(
  deps: Deps,
  simulator: Simulator,
  given: {
    orgId: string
    name: string
    email: string
    account: string
    reference?: string
    country?: string
    currency?: string
    tier?: Partner['tier']
  },
): Promise<Partner> {
  const { account, country = 'US', currency = 'USD', ...values } = given
  await simulator.control('POST', '/_sim/accounts', {
    id: account,
    country,
    currency: currency.toLowerCase(),
    email: given.email,
    display_name: given.name,
  })
  // The key that Remit makes of such an account: nothing has changed when it asks before it pays.
  return aPartner(deps, {
    ...values,
    country,
    currency,
    stripeAccountId: account,
    destinationKey: `${account}:${country}6789`,
  })
}

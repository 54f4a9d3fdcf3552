import { and, desc, eq, gt } from 'drizzle-orm'
import { audit, type partners } from '#db/schema/index.ts'
import { notify } from '../email/notify.ts'
import type { Work } from '../work.ts'
import type { AccountState } from './account.ts'

type Partner = Pick<typeof partners.$inferSelect, 'id' | 'name' | 'email' | 'destinationKey'>

/** Whoever takes over a partner changes the address first: one that was replaced so lately is told too (milliseconds). */
const formerContactMs = 30 * 24 * 60 * 60_000

/** Tells the partner, whoever was its contact until lately, and finance that the money goes elsewhere from now on. */
export async function announceDestination(
  unit: Work,
  partner: Partner,
  state: Pick<AccountState, 'lastFour'>,
  holdUntil: number | null,
): Promise<void> {
  const about = {
    partnerId: partner.id,
    what: 'destination',
    changedAt: unit.at,
    holdUntil,
    bankLastFour: state.lastFour,
    previousBankLastFour: lastFourOf(partner.destinationKey),
  }
  tellAll(unit, partner, await formerContacts(unit, partner), about)
}

/** Tells the old and the new address, and finance, that a partner is written to elsewhere from now on. */
export function announceContact(
  unit: Work,
  partner: Pick<Partner, 'id' | 'name'>,
  before: string,
  after: string,
): void {
  const about = {
    partnerId: partner.id,
    what: 'contact',
    changedAt: unit.at,
    holdUntil: null,
    previousEmail: before,
    email: after,
  }
  tellAll(unit, partner, [before], about)
  // A partner with people of its own is written to at theirs; whoever reads the new address hears of it all the same.
  notify(unit, {
    template: 'destinationChanged',
    eventId: eventOf(unit, partner.id, about.what),
    to: { address: after, name: partner.name },
    about: { ...about, recipient: 'current' },
  })
}

/** One change is one event, so nobody gets two mails of it, in whatever capacity they are told. */
function eventOf(unit: Work, partnerId: string, what: string): string {
  return `${partnerId}:${what}:${unit.at}`
}

function tellAll(
  unit: Work,
  partner: Pick<Partner, 'id' | 'name'>,
  former: string[],
  about: Record<string, string | number | null> & { what: string },
): void {
  const eventId = eventOf(unit, partner.id, about.what)
  const template = 'destinationChanged'
  notify(unit, { template, eventId, to: { partnerId: partner.id }, about: { ...about, recipient: 'current' } })
  notify(unit, { template, eventId, to: { staffWith: 'payouts.pay' }, about: { ...about, recipient: 'finance' } })
  for (const address of former)
    notify(unit, { template, eventId, to: { address, name: partner.name }, about: { ...about, recipient: 'previous' } })
}

async function formerContacts(unit: Work, partner: Partner): Promise<string[]> {
  const rows = await unit.tx
    .select({ before: audit.before })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, unit.orgId),
        eq(audit.targetType, 'partner'),
        eq(audit.targetId, partner.id),
        eq(audit.action, 'partners.update'),
        gt(audit.at, unit.at - formerContactMs),
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(20)
  const addresses = rows.flatMap(row => (JSON.parse(row.before ?? '{}') as { email?: string }).email ?? [])
  return [...new Set(addresses)].filter(address => address !== partner.email)
}

/** The digits in a destination key that may be shown: nothing of a fingerprint. */
function lastFourOf(key: string | null): string | null {
  return /:[A-Z]{2}(\d{4})$/.exec(key ?? '')?.[1] ?? null
}

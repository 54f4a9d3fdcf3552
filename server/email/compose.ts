import { and, eq, inArray, sql } from 'drizzle-orm'
import {
  type organizations,
  partners,
  payoutImports,
  payoutRuns,
  payouts,
  payoutTotals,
  users,
} from '#db/schema/index.ts'
import { type EmailMessage, type TemplateName, templates } from '#emails/index.tsx'
import type { PayoutProps } from '#emails/template.ts'
import type { FactorChange } from '../auth/factors.ts'
import { remintInvitation } from '../auth/invitations.ts'
import { membershipsOf } from '../auth/memberships.ts'
import { mintPasswordReset } from '../auth/password-reset.ts'
import type { Role } from '../auth/rules.ts'
import type { Deps } from '../deps.ts'
import { standingViolations } from '../invariants/standing.ts'
import { formatMoney } from '../lib/money.ts'
import { formatDate, formatDateTime, formatPeriod } from '../lib/period.ts'
import { PermanentJobError } from '../outbox/outbox.ts'
import type { Payload } from '../outbox/topics.ts'
import { blockers } from '../payouts/blockers.ts'
import { type Loaded, loadPayouts, readPolicy } from '../payouts/facts.ts'
import { manualMethodLabels, payoutNumber } from '../payouts/rules.ts'
import { composeDispute } from './compose-dispute.ts'
import { composeRegistration } from './compose-registration.ts'
import { composeSplit } from './compose-split.ts'
import { failureForFinance, failureForPartner } from './failures.ts'

export interface Composed {
  message: EmailMessage
  partnerId: string | null
  payoutId: string | null
  /** A link that opens something by itself. It goes out with the mail, and stays nowhere else. */
  secretUrl?: string
}

type Org = typeof organizations.$inferSelect
type About = Payload<'email.send'>['about']
type Notice = Pick<Payload<'email.send'>, 'to' | 'about'>

const roleWords: Record<Role, string> = {
  owner: 'an owner',
  admin: 'an administrator',
  manager: 'a manager',
  viewer: 'a viewer',
  partner: 'a partner',
}

export function isTemplate(name: string): name is TemplateName {
  return Object.hasOwn(templates, name)
}

/**
 * What a mail says, from what the database says when it is sent. Null when it is no longer true, or nobody needs it any more:
 * an approval that was given, an invitation that was withdrawn.
 */
export async function compose(
  deps: Deps,
  org: Org,
  template: TemplateName,
  { to, about }: Notice,
): Promise<Composed | null> {
  const zone = org.timeZone
  const now = deps.clock.now()
  switch (template) {
    case 'invitation': {
      const invitation = await remintInvitation(deps, idIn(about, 'invitationId'))
      if (!invitation) return null
      const { role, inviterName, partnerName, partnerId, expiresAt, url } = invitation
      const props = {
        as: role === 'partner' ? ('partner' as const) : ('staff' as const),
        inviterName,
        role: roleWords[role],
        partnerName: partnerName ?? undefined,
        acceptUrl: url,
        expiresOn: moment(expiresAt, zone),
      }
      return { message: { template, props }, partnerId, payoutId: null, secretUrl: url }
    }
    case 'passwordReset': {
      const reset = await mintPasswordReset(deps, idIn(about, 'userId'))
      if (!reset) return null
      const minutes = Math.round((reset.expiresAt - now) / 60_000)
      const props = { resetUrl: reset.url, expiresIn: `${minutes} minutes`, accountEmail: reset.email }
      return { message: { template, props }, partnerId: null, payoutId: null, secretUrl: reset.url }
    }
    case 'passwordChanged': {
      const [user] = await deps.db.read
        .select({ email: users.email })
        .from(users)
        .where(eq(users.id, idIn(about, 'userId')))
      if (!user) return null
      const props = {
        accountEmail: user.email,
        changedOn: moment(numberIn(about, 'changedAt') ?? now, zone),
        byLink: about.by === 'link',
        resetUrl: absolute(deps, '/forgot'),
      }
      return { message: { template, props }, partnerId: null, payoutId: null }
    }
    case 'secondFactorChanged': {
      const userId = idIn(about, 'userId')
      const [user] = await deps.db.read.select({ email: users.email }).from(users).where(eq(users.id, userId))
      const [home] = await membershipsOf(deps.db.read, userId)
      if (!user) return null
      const props = {
        accountEmail: user.email,
        changedOn: moment(numberIn(about, 'changedAt') ?? now, zone),
        what: idIn(about, 'what') as FactorChange,
        accountUrl: absolute(deps, home?.role === 'partner' ? '/portal/account' : '/admin/account'),
        ...textIn(about, 'name', 'by'),
      }
      return { message: { template, props }, partnerId: null, payoutId: null }
    }
    case 'approvalRequested': {
      const props = about.importId
        ? await importWaiting(deps, org, idIn(about, 'importId'))
        : about.runId
          ? await runWaiting(deps, org, idIn(about, 'runId'))
          : await oneWaiting(deps, org, about)
      return (
        props && {
          message: { template, props },
          partnerId: null,
          payoutId: about.payoutId ? idIn(about, 'payoutId') : null,
        }
      )
    }
    case 'payoutApproved': {
      const one = await payoutIn(deps, org, about)
      // Sent back for approval, or canceled, since: then it says what is not so.
      if (one.payout.approvedAt === null || one.payout.status === 'canceled') return null
      const props = {
        ...forPartner(deps, one),
        approvedOn: formatDate(one.payout.approvedAt, zone),
        missing: missingFor(one),
      }
      return of(one, { template, props })
    }
    case 'payoutRejected': {
      const one = await payoutIn(deps, org, about)
      if (one.payout.status !== 'rejected') return null
      return of(one, { template, props: { ...forPartner(deps, one), reason: one.payout.rejectReason ?? '' } })
    }
    case 'payoutOnItsWay': {
      const one = await payoutIn(deps, org, about)
      const { paidAt, paidVia, bankStatus, bankArrivalAt, transferId } = one.payout
      if (paidAt === null || paidVia !== 'stripe' || one.payout.status === 'reversed') return null
      const expected =
        bankStatus === 'in_transit' && bankArrivalAt !== null ? formatDate(bankArrivalAt, 'UTC') : undefined
      const props = {
        ...forPartner(deps, one),
        sentOn: formatDate(paidAt, zone),
        expectedOn: expected,
        transferId: transferId ?? undefined,
      }
      return of(one, { template, props })
    }
    case 'payoutArrived': {
      const one = await payoutIn(deps, org, about)
      if (one.payout.bankStatus !== 'arrived') return null
      // Stripe's arrival date is a calendar day, given as its midnight in UTC.
      const arrivedOn =
        one.payout.bankArrivalAt === null ? formatDate(now, zone) : formatDate(one.payout.bankArrivalAt, 'UTC')
      return of(one, {
        template,
        props: { ...forPartner(deps, one), arrivedOn, ...textIn(about, 'bankLastFour', 'deposit', 'traceId') },
      })
    }
    case 'payoutPaidOutside': {
      const one = await payoutIn(deps, org, about)
      const { paidVia, manualMethod, manualReference, manualPaidOn } = one.payout
      if (paidVia !== 'manual' || !manualMethod || !manualReference || !manualPaidOn) return null
      const props = {
        ...forPartner(deps, one),
        method: manualMethodLabels[manualMethod],
        paymentReference: manualReference,
        // A calendar day, the same everywhere.
        paidOn: formatDate(Date.parse(`${manualPaidOn}T12:00:00Z`), 'UTC'),
      }
      return of(one, { template, props })
    }
    case 'payoutFailed': {
      const one = await payoutIn(deps, org, about)
      if (one.payout.status !== 'failed') return null
      const told = failureForPartner(failureOf(one), one.partner.requirements, org.name)
      const actionUrl = told.whatToDo ? absolute(deps, '/portal/setup') : undefined
      return of(one, { template, props: { ...forPartner(deps, one), ...told, actionUrl } })
    }
    case 'payoutFailedFinance': {
      const one = await payoutIn(deps, org, about)
      if (one.payout.status !== 'failed') return null
      const props = {
        ...forFinance(deps, one),
        ...failureForFinance(failureOf(one)),
        failedOn: moment(one.payout.updatedAt, zone),
      }
      return of(one, { template, props })
    }
    case 'payoutReversed': {
      const one = await payoutIn(deps, org, about)
      return of(one, { template, props: { ...forPartner(deps, one), ...reversal(one, about, formatDate(now, zone)) } })
    }
    case 'payoutReversedFinance': {
      const one = await payoutIn(deps, org, about)
      const transferId = one.payout.transferId ?? undefined
      return of(one, {
        template,
        props: { ...forFinance(deps, one), ...reversal(one, about, formatDate(now, zone)), transferId },
      })
    }
    case 'payoutCanceled': {
      const one = await payoutIn(deps, org, about)
      if (one.payout.status !== 'canceled') return null
      return of(one, { template, props: forPartner(deps, one) })
    }
    case 'bankPayoutFailed': {
      const one = await payoutIn(deps, org, about)
      if (one.payout.bankStatus !== 'failed') return null
      const props = {
        ...forPartner(deps, one),
        explanation: one.payout.bankFailureMessage ?? 'Your bank returned it without a reason.',
        whatToDo: 'Check your bank details with Stripe, or add another account. Stripe then pays it out again.',
        actionUrl: absolute(deps, '/portal/setup'),
        ...textIn(about, 'bankLastFour'),
      }
      return of(one, { template, props })
    }
    case 'bankPayoutFailedFinance': {
      const one = await payoutIn(deps, org, about)
      if (one.payout.bankStatus !== 'failed') return null
      const props = {
        ...forFinance(deps, one),
        explanation: one.payout.bankFailureMessage ?? 'The bank returned it without a reason.',
        whatToDo: 'Nothing, unless the partner asks: we have told them to check their bank details.',
        failedOn: moment(now, zone),
        ...textIn(about, 'code'),
      }
      return of(one, { template, props })
    }
    case 'destinationChanged': {
      const partner = await partnerIn(deps, org, about)
      const recipient =
        'staffWith' in to
          ? ('finance' as const)
          : 'address' in to && about.recipient !== 'current'
            ? ('previous' as const)
            : ('current' as const)
      const changedAt = numberIn(about, 'changedAt') ?? partner.destinationChangedAt ?? now
      // Named as null it says that nothing is held.
      const holdUntil = 'holdUntil' in about ? numberIn(about, 'holdUntil') : partner.holdUntil
      const props = {
        recipient,
        partnerName: partner.name,
        changedOn: moment(changedAt, zone),
        holdUntil: holdUntil !== null && holdUntil > now ? moment(holdUntil, zone) : undefined,
        reviewUrl: absolute(deps, recipient === 'finance' ? `/admin/partners/${partner.id}` : '/portal/setup'),
        what: about.what === 'contact' ? ('contact' as const) : ('destination' as const),
        ...textIn(about, 'bankLastFour', 'previousBankLastFour', 'email', 'previousEmail'),
      }
      return { message: { template, props }, partnerId: partner.id, payoutId: null }
    }
    case 'onboardingReminder': {
      const partner = await partnerIn(deps, org, about)
      if (partner.transfersStatus === 'active' || partner.archivedAt !== null) return null
      const props = {
        partnerName: partner.name,
        amount: await waitingFor(deps, org, partner.id),
        missing: partner.requirements.map(requirement => requirement.text).join('; ') || undefined,
        setupUrl: absolute(deps, '/portal/setup'),
      }
      return { message: { template, props }, partnerId: partner.id, payoutId: null }
    }
    case 'transfersPaused': {
      const stillPaused = org.transfersPausedAt !== null
      const reason = textIn(about, 'reason').reason ?? ''
      const pausedAt = numberIn(about, 'pausedAt') ?? now
      if (about.payoutId === undefined) {
        // Resumed before anybody read of it, or paused anew, which has a mail of its own.
        if (org.transfersPausedAt !== pausedAt) return null
        const reviewUrl = absolute(deps, '/admin/settings#transfers')
        const props = { reason, ...textIn(about, 'pausedBy'), pausedOn: moment(pausedAt, zone), stillPaused, reviewUrl }
        return { message: { template, props }, partnerId: null, payoutId: null }
      }
      // Whether or not somebody has resumed since: that Stripe holds something else than was approved stays true.
      const one = await payoutIn(deps, org, about)
      const { partnerName, amount, payoutUrl } = forFinance(deps, one)
      const reference = payoutNumber(one.payout.number)
      const incident = { partnerName, amount, reference, transferId: idIn(about, 'transferId') }
      const props = { reason, pausedOn: moment(pausedAt, zone), stillPaused, incident, reviewUrl: payoutUrl }
      return of(one, { template, props })
    }
    case 'manyRowsDownloaded': {
      const rowsIn = (name: string) => (numberIn(about, name) ?? 0).toLocaleString('en')
      const props = {
        ...{ personName: String(about.name ?? ''), personEmail: String(about.email ?? '') },
        ...{ rows: rowsIn('rows'), most: rowsIn('most'), at: moment(numberIn(about, 'at') ?? now, zone) },
        reviewUrl: absolute(deps, '/admin/audit?targetType=export'),
      }
      return { message: { template, props }, partnerId: null, payoutId: null }
    }
    case 'invariantsBroken': {
      // All that stands, with what was found before and is still so; nothing once it is right again.
      const standing = await standingViolations(deps.db.read, org.id)
      if (standing.length === 0) return null
      const props = {
        found: standing.slice(-10).map(one => one.says),
        count: standing.length,
        foundOn: moment(numberIn(about, 'foundAt') ?? now, zone),
        stillPaused: org.transfersPausedAt !== null,
        reviewUrl: absolute(deps, '/admin/settings#transfers'),
      }
      return { message: { template, props }, partnerId: null, payoutId: null }
    }
    case 'registrationSubmitted':
    case 'registrationApproved':
    case 'registrationDeclined':
    case 'registrationExpiring':
    case 'registrationExpired':
      return composeRegistration(deps, org, template, about.registrationId)
    case 'splitOpened':
    case 'splitProposed':
    case 'splitAccepted':
    case 'splitConfirmed':
    case 'splitExpired':
      return composeSplit(deps, org, template, about)
    case 'disputeOpened':
    case 'disputeAnswered':
    case 'disputeResolved':
      return composeDispute(deps, org, template, about)
    default:
      return template satisfies never
  }
}

function of({ payout }: Loaded, message: EmailMessage): Composed {
  return { message, partnerId: payout.partnerId, payoutId: payout.id }
}

function absolute(deps: Deps, path: string): string {
  return new URL(path, deps.config.PUBLIC_URL).href
}

/** `4 Mar 2026, 14:05 UTC`: a time without its zone says nothing to a reader elsewhere. */
function moment(at: number, zone: string): string {
  return `${formatDateTime(at, zone)} ${zone === 'UTC' ? 'UTC' : `(${zone.replaceAll('_', ' ')})`}`
}

async function payoutIn(deps: Deps, org: Org, about: About): Promise<Loaded> {
  const id = idIn(about, 'payoutId')
  const policy = await readPolicy(deps.db.read, org.id)
  const one = (await loadPayouts(deps.db.read, { orgId: org.id, now: deps.clock.now(), policy }, [id])).get(id)
  if (!one) throw new PermanentJobError(`There is no payout ${id} in this organization.`)
  return one
}

async function partnerIn(deps: Deps, org: Org, about: About) {
  const id = idIn(about, 'partnerId')
  const [partner] = await deps.db.read
    .select()
    .from(partners)
    .where(and(eq(partners.id, id), eq(partners.orgId, org.id)))
  if (!partner) throw new PermanentJobError(`There is no partner ${id} in this organization.`)
  return partner
}

function idIn(about: About, name: string): string {
  const value = about[name]
  if (typeof value !== 'string' || value === '')
    throw new PermanentJobError(`The mail does not say which ${name} it is about.`)
  return value
}

function numberIn(about: About, name: string): number | null {
  const value = about[name]
  return typeof value === 'number' ? value : null
}

function textIn<Name extends string>(about: About, ...names: Name[]): { [N in Name]?: string } {
  const found: { [N in Name]?: string } = {}
  for (const name of names) {
    const value = about[name]
    if (typeof value === 'string' && value !== '') found[name] = value
  }
  return found
}

function payoutProps({ payout, partner }: Loaded, payoutUrl: string): PayoutProps {
  return {
    partnerName: partner.name,
    amount: formatMoney(payout.amount, payout.currency),
    period: payout.period ? formatPeriod(payout.period) : undefined,
    reference: payoutNumber(payout.number),
    payoutUrl,
  }
}

const forPartner = (deps: Deps, one: Loaded) => payoutProps(one, absolute(deps, `/portal/payouts/${one.payout.id}`))
const forFinance = (deps: Deps, one: Loaded) => payoutProps(one, absolute(deps, `/admin/payouts/${one.payout.id}`))

function failureOf({ payout }: Loaded) {
  return { code: payout.failureCode, message: payout.failureMessage }
}

/** What the partner itself must do before an approved payout can be sent. */
function missingFor({ facts, partner }: Loaded): string | undefined {
  const blocker = blockers(facts).find(({ clears }) => clears.who === 'partner')
  if (!blocker) return undefined
  if (blocker.code === 'no_account') return 'Set up payouts with Stripe. It takes a few minutes.'
  const items = partner.requirements.map(requirement => requirement.text).join('; ')
  return items ? `Stripe still needs from you: ${items}.` : 'Finish the set-up with Stripe.'
}

/** `total` is all that was taken back so far, `amount` this time; both in minor units. */
function reversal({ payout }: Loaded, about: About, reversedOn: string) {
  const total = numberIn(about, 'total') ?? payout.amountReversed
  const amount = numberIn(about, 'amount') ?? total
  const full = total >= payout.amount
  return {
    reversedAmount: formatMoney(amount, payout.currency),
    full,
    remainingAmount: full ? undefined : formatMoney(payout.amount - total, payout.currency),
    reversedOn,
  }
}

async function nameOf(deps: Deps, org: Org, userId: string): Promise<string> {
  const [user] = await deps.db.read.select({ name: users.name }).from(users).where(eq(users.id, userId))
  return user?.name ?? org.name
}

async function oneWaiting(deps: Deps, org: Org, about: About) {
  const { payout, partner } = await payoutIn(deps, org, about)
  if (payout.status !== 'pending_approval') return null
  return {
    count: 1,
    totals: [formatMoney(payout.amount, payout.currency, { code: true })],
    preparedBy: await nameOf(deps, org, payout.createdBy),
    partnerName: partner.name,
    period: payout.period ? formatPeriod(payout.period) : undefined,
    reviewUrl: absolute(deps, `/admin/payouts/${payout.id}`),
  }
}

/** What still waits of an import. */
async function importWaiting(deps: Deps, org: Org, importId: string) {
  const [imported] = await deps.db.read
    .select({ createdBy: payoutImports.createdBy })
    .from(payoutImports)
    .where(and(eq(payoutImports.id, importId), eq(payoutImports.orgId, org.id)))
  if (!imported) throw new PermanentJobError(`There is no import ${importId} in this organization.`)
  return manyWaiting(deps, org, imported.createdBy, { importId })
}

/** What still waits of a payout run. */
async function runWaiting(deps: Deps, org: Org, runId: string) {
  const [run] = await deps.db.read
    .select({ executedBy: payoutRuns.executedBy })
    .from(payoutRuns)
    .where(and(eq(payoutRuns.id, runId), eq(payoutRuns.orgId, org.id)))
  if (!run?.executedBy) throw new PermanentJobError(`There is no executed run ${runId} in this organization.`)
  return manyWaiting(deps, org, run.executedBy, { runId })
}

async function manyWaiting(deps: Deps, org: Org, preparedBy: string, made: { importId: string } | { runId: string }) {
  const [[name = '', id = ''] = []] = Object.entries(made)
  const sums = await deps.db.read
    .select({
      currency: payouts.currency,
      count: sql<number>`count(*)`,
      amount: sql<number>`sum(${payouts.amount})`,
      periods: sql<number>`count(DISTINCT coalesce(${payouts.period}, ''))`,
      period: sql<string | null>`max(${payouts.period})`,
    })
    .from(payouts)
    .where(
      and(
        eq('runId' in made ? payouts.runId : payouts.importId, id),
        eq(payouts.orgId, org.id),
        eq(payouts.status, 'pending_approval'),
      ),
    )
    .groupBy(payouts.currency)
    .orderBy(payouts.currency)
  const [first] = sums
  if (!first) return null
  const onePeriod = sums.every(sum => sum.periods === 1 && sum.period === first.period)
  return {
    count: sums.reduce((count, sum) => count + sum.count, 0),
    totals: sums.map(sum => formatMoney(sum.amount, sum.currency, { code: true })),
    preparedBy: await nameOf(deps, org, preparedBy),
    period: onePeriod && first.period ? formatPeriod(first.period) : undefined,
    reviewUrl: absolute(deps, `/admin/payouts?status=pending_approval&${name}=${id}`),
  }
}

/** The money that only waits for the partner's set-up: `$1,240.00`, currencies side by side. */
async function waitingFor(deps: Deps, org: Org, partnerId: string): Promise<string | undefined> {
  const rows = await deps.db.read
    .select({ currency: payoutTotals.currency, amount: sql<number>`sum(${payoutTotals.amount})` })
    .from(payoutTotals)
    .where(
      and(
        eq(payoutTotals.orgId, org.id),
        eq(payoutTotals.partnerId, partnerId),
        inArray(payoutTotals.status, ['approved', 'failed']),
        sql`${payoutTotals.count} > 0`,
      ),
    )
    .groupBy(payoutTotals.currency)
  return rows.map(row => formatMoney(row.amount, row.currency)).join(' + ') || undefined
}

import { and, eq, isNull } from 'drizzle-orm'
import type { z } from 'zod'
import { deals, programs } from '#db/schema/index.ts'
import { type Deal, dealOf, setDeal } from '../deals/facts.ts'
import { dealNumber, stageLabels } from '../deals/rules.ts'
import { addTouch, createDeal } from '../deals/service.ts'
import { notify } from '../email/notify.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import { sentIn } from './conflicts.ts'
import type { approveRegistrationInput, declineRegistrationInput } from './rules.ts'
import {
  type ChangedRegistration,
  changed,
  changeRegistration,
  conflictsOf,
  type Registration,
  refuseUnless,
  registrationOf,
  target,
} from './service.ts'

const dayMs = 24 * 60 * 60_000

/**
 * Says yes: the deal is the partner's to work on, and protected for as long as its program says. Opens a deal with the registration as its
 * first touch, or puts that touch on a deal that is open already. Nothing is earned by it: an open deal pays nobody.
 * @throws DomainError CONFLICT for what has changed since the reviewer looked, or a deal that another partner has registered
 */
export async function approveRegistration(
  work: Work,
  input: z.infer<typeof approveRegistrationInput>,
): Promise<ChangedRegistration & { dealId: string }> {
  const row = await registrationOf(work, input.registrationId, null)
  refuseUnless(row, 'approve', input.version)
  // The deal that is linked is no rival of itself.
  const linked = input.deal ? await dealToLink(work, row, input.deal) : null
  await refuseUnseen(work, row, linked ? [...input.seenConflicts, linked.id] : input.seenConflicts)
  const dealId = linked ? await linkDeal(work, row, linked) : await openDeal(work, row)
  await addTouch(
    work,
    { dealId, partnerId: row.partnerId, type: 'deal_registration', at: row.submittedAt ?? row.createdAt },
    'registration',
  )
  const [program] = await work.tx
    .select({ days: programs.protectionDays })
    .from(programs)
    .where(and(eq(programs.id, row.programId), eq(programs.orgId, work.orgId)))
  if (!program) throw notFound('program')
  const protectedUntil = work.at + program.days * dayMs
  const decision = { status: 'approved' as const, decidedBy: work.actor.id, decidedAt: work.at, protectedUntil, dealId }
  const after = await changeRegistration(work, row, decision)
  work.audit({
    action: 'registrations.approve',
    target: target(row),
    before: { status: row.status },
    after: { status: 'approved', dealId, protectedUntil, linked: linked !== null },
  })
  tellPartner(work, 'registrationApproved', row)
  return { ...changed(after), dealId }
}

export async function declineRegistration(
  work: Work,
  input: z.infer<typeof declineRegistrationInput>,
): Promise<ChangedRegistration> {
  const row = await registrationOf(work, input.registrationId, null)
  refuseUnless(row, 'decline', input.version)
  const after = await changeRegistration(work, row, {
    status: 'declined',
    declineReason: input.reason,
    decidedBy: work.actor.id,
    decidedAt: work.at,
  })
  work.audit({
    action: 'registrations.decline',
    target: target(row),
    before: { status: row.status },
    after: { status: 'declined', reason: input.reason },
  })
  tellPartner(work, 'registrationDeclined', row)
  return changed(after)
}

/** Two reviewers may have two rivals' registrations of one company before them: the second yes must have seen the first. */
async function refuseUnseen(work: Work, row: Registration, seen: readonly string[]): Promise<void> {
  const standing = sentIn(await conflictsOf(work, row)).filter(conflict => !conflict.onlyAsked)
  const unseen = standing.filter(({ id }) => !seen.includes(id))
  if (unseen.length === 0) return
  const names = unseen.map(({ number, partners }) => (partners ? `${number} (${partners})` : number)).join(', ')
  throw new DomainError(
    'CONFLICT',
    `This company is taken already: ${names}. Look at it, and approve again if both may stand.`,
  )
}

function openDeal(work: Work, row: Registration): Promise<string> {
  return createDeal(
    work,
    {
      programId: row.programId,
      name: row.accountName,
      accountName: row.accountName,
      accountDomain: row.accountDomain,
      contactEmail: row.contactEmail,
      amount: row.expectedAmount ?? 0,
      currency: row.currency,
      openedAt: row.submittedAt ?? row.createdAt,
      registeredBy: row.partnerId,
    },
    'registration',
  ).then(({ id }) => id)
}

/** The open deal that staff or the CRM made before, by its id or number. */
async function dealToLink(work: Work, row: Registration, wanted: string): Promise<Deal> {
  const number = /^d-0*(\d{1,9})$/i.exec(wanted)?.[1]
  const [found] = await work.tx
    .select({ id: deals.id })
    .from(deals)
    .where(
      and(
        eq(deals.orgId, work.orgId),
        isNull(deals.removedAt),
        number ? eq(deals.number, Number(number)) : eq(deals.id, wanted),
      ),
    )
  if (!found) throw notFound('deal')
  const { deal } = await dealOf(work, found.id)
  const named = dealNumber(deal.number)
  if (deal.stage !== 'open')
    throw new DomainError(
      'BLOCKED',
      `${named} is ${stageLabels[deal.stage].label.toLowerCase()}. Only an open deal can be linked; approve without one, and a new deal is opened.`,
    )
  if (deal.registeredBy !== null && deal.registeredBy !== row.partnerId)
    throw new DomainError(
      'CONFLICT',
      `${named} was registered by another partner. Decline, or approve without it, and a new deal is opened.`,
    )
  return deal
}

async function linkDeal(work: Work, row: Registration, deal: Deal): Promise<string> {
  if (deal.registeredBy === null) {
    await setDeal(work, deal, { registeredBy: row.partnerId })
    work.audit({
      action: 'deals.update',
      target: { type: 'deal', id: deal.id },
      before: { registeredBy: null },
      after: { registeredBy: row.partnerId },
    })
  }
  return deal.id
}

function tellPartner(work: Work, template: 'registrationApproved' | 'registrationDeclined', row: Registration): void {
  notify(work, {
    template,
    eventId: `${row.id}:${template}`,
    to: { partnerId: row.partnerId },
    about: { registrationId: row.id },
  })
}

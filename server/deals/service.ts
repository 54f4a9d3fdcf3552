import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { attributionRuns, deals, partners, programs, refunds, touches } from '#db/schema/index.ts'
import { roleLabels } from '../attribution/rules.ts'
import { recalculate } from '../attribution/run.ts'
import { touchOn } from '../attribution/words.ts'
import { bookDeal } from '../commissions/book.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { formatMoney } from '../lib/money.ts'
import { dayOf, formatDate } from '../lib/period.ts'
import { takeNumbers } from '../numbers.ts'
import type { Work } from '../work.ts'
import { momentOf, refuseFuture } from './closing.ts'
import { activePartner, conflict, type Deal, dealOf, expectStage, type Program, setDeal } from './facts.ts'
import type {
  addTouchInput,
  createDealInput,
  DealSource,
  loseDealInput,
  refundDealInput,
  removeTouchInput,
  reopenDealInput,
  updateDealInput,
  updateTouchInput,
  winDealInput,
} from './rules.ts'
import { dealNumber, ruleFields } from './rules.ts'

type Touch = typeof touches.$inferSelect

/** What a mutation answers: enough for the caller's next step. */
export interface ChangedDeal {
  id: string
  number: string
  stage: Deal['stage']
  version: number
  /** The version of the attribution that counts now; null before the first. */
  run: number | null
  /** Whether that one is new. */
  attributed: boolean
  /** How many commissions were booked or taken back. */
  booked: number
}

export interface ChangedTouch extends ChangedDeal {
  touchId: string
}

/** Adds an open deal. CONFLICT for an external reference that another one has; INVALID for an archived program or partner. */
export async function createDeal(
  work: Work,
  input: z.infer<typeof createDealInput>,
  source: DealSource = 'form',
): Promise<ChangedDeal> {
  const program = await programFor(work, input.programId)
  if (input.registeredBy) await activePartner(work, input.registeredBy, 'registeredBy')
  await refuseTaken(work, null, input.externalRef)
  for (const field of ['openedAt', 'qualifiedAt'] as const) {
    const at = input[field]
    if (at !== undefined && at !== null) refuseFuture(at, program.timeZone, work.at, field, 'That date')
  }
  const values = {
    name: input.name,
    accountName: input.accountName,
    accountDomain: input.accountDomain ?? null,
    contactEmail: input.contactEmail ?? null,
    amount: input.amount,
    currency: input.currency,
    product: input.product ?? null,
    territory: input.territory ?? null,
    type: input.type ?? ('new' as const),
    openedAt: input.openedAt ?? work.at,
    qualifiedAt: input.qualifiedAt ?? null,
    registeredBy: input.registeredBy ?? null,
    externalRef: input.externalRef ?? null,
    notes: input.notes || null,
    programId: program.id,
  }
  const id = work.id('deal')
  const number = await takeNumbers(work, 'deals', 1)
  const stamps = { createdBy: work.actor.id, createdAt: work.at, updatedAt: work.at }
  await work.tx.insert(deals).values({ ...values, ...stamps, id, number, source, orgId: work.orgId })
  work.audit({ action: 'deals.create', target: { type: 'deal', id }, after: { ...given(values), number, source } })
  work.changed('deals')
  return { id, number: dealNumber(number), stage: 'open', version: 1, run: null, attributed: false, booked: 0 }
}

/** Without what is empty: an audit entry of a new thing lists what it has. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<T>
}

/** The program that deals may be put in: the named one, or the only one there is. */
async function programFor(work: Work, programId: string | undefined): Promise<Program> {
  const found = await work.tx
    .select()
    .from(programs)
    .where(
      programId === undefined
        ? and(eq(programs.orgId, work.orgId), isNull(programs.archivedAt))
        : and(eq(programs.orgId, work.orgId), eq(programs.id, programId)),
    )
    .limit(2)
  const [program] = found
  if (found.length > 1) {
    const sentence = 'There are several programs. Choose the one that this deal belongs to.'
    throw new DomainError('INVALID', sentence, { fields: { programId: sentence } })
  }
  if (!program) throw notFound('program')
  if (program.archivedAt !== null) {
    const sentence = `${program.name} is archived and takes no more deals. Restore it, or choose another program.`
    throw new DomainError('INVALID', sentence, { fields: { programId: sentence } })
  }
  return program
}

async function refuseTaken(work: Work, ownId: string | null, externalRef: string | null | undefined): Promise<void> {
  if (!externalRef) return
  const [other] = await work.tx
    .select({ number: deals.number, name: deals.name })
    .from(deals)
    .where(
      and(
        eq(deals.orgId, work.orgId),
        eq(deals.externalRef, externalRef),
        isNull(deals.removedAt),
        ne(deals.id, ownId ?? ''),
      ),
    )
  if (!other) return
  const sentence = `${dealNumber(other.number)}, ${other.name}, has this external reference already.`
  throw new DomainError('CONFLICT', sentence, { fields: { externalRef: sentence } })
}

/** What credit or commission may depend on: changed on a won deal, both are computed anew. */
const deciding = [
  'amount',
  'closedAt',
  'qualifiedAt',
  'programId',
  'registeredBy',
  'product',
  'territory',
  'type',
] as const

/**
 * Changes what is given, at the version that the page showed. On a won deal, a change that credit or commissions depend on makes
 * a new version of its attribution, and the difference is booked; by the rule that a partner was booked by, unless `rules` says that
 * they are matched again.
 * @throws DomainError NOT_FOUND; CONFLICT for an old version or a taken reference; INVALID for a currency that commissions were
 * booked in, an amount below what was refunded, a closing date of a deal that isn't closed
 */
export async function updateDeal(work: Work, input: z.infer<typeof updateDealInput>): Promise<ChangedDeal> {
  const { dealId, version, idempotencyKey: _, closedOn, rules = 'keep', rulesReason, ...fields } = input
  const { deal, program } = await dealOf(work, dealId)
  if (version !== undefined && version !== deal.version) throw await conflict(work, deal)
  const wanted: Partial<Deal> = { ...fields, ...(fields.notes === '' ? { notes: null } : {}) }
  if (closedOn !== undefined) wanted.closedAt = newClose(work, deal, program, closedOn)
  const changes = Object.entries(wanted).filter(
    ([name, value]) => value !== undefined && deal[name as keyof Deal] !== value,
  )
  if (rules === 'match')
    refuseMatching(
      deal,
      changes.map(([name]) => name),
      rulesReason,
    )
  if (changes.length === 0) return changedDeal(work, dealId)
  const after = Object.fromEntries(changes) as Partial<Omit<Deal, 'id' | 'version'>>
  await checkUpdate(work, deal, program, after)
  await setDeal(work, deal, after)
  const before = Object.fromEntries(changes.map(([name]) => [name, deal[name as keyof Deal]]))
  work.audit({ action: 'deals.update', target: { type: 'deal', id: dealId }, before, after })
  const decides = deciding.filter(field => field in after)
  if (deal.stage !== 'won' || decides.length === 0) return changedDeal(work, dealId)
  const cause = `The deal was corrected: ${decides.map(field => fieldWords[field]).join(', ')}`
  const rematch = rules === 'match' ? rulesReason : undefined
  return changedDeal(work, dealId, await recalculate(work, dealId, cause, { rematch }))
}

/** Rules are matched again for a won deal of which something changes that they ask for, and with a reason. */
function refuseMatching(deal: Deal, changed: string[], reason: string | undefined): void {
  const refuse = (field: string, sentence: string) =>
    new DomainError('INVALID', sentence, { fields: { [field]: sentence } })
  if (deal.stage !== 'won')
    throw refuse('rules', `${dealNumber(deal.number)} is not won, so the rules are matched when it is.`)
  if (!ruleFields.some(field => changed.includes(field)))
    throw refuse(
      'rules',
      'Nothing that rules ask for changes: correct the product, the territory, the size or the like with it, or keep the rules.',
    )
  if (!reason) throw refuse('rulesReason', 'Say why the rules are matched again: the partners will read it.')
}

const fieldWords: Record<(typeof deciding)[number], string> = {
  amount: 'amount',
  closedAt: 'closing date',
  qualifiedAt: 'qualification',
  programId: 'program',
  registeredBy: 'registering partner',
  product: 'product',
  territory: 'territory',
  type: 'type',
}

/** The same day keeps its moment: saving a form again must not move a deal's close. */
function newClose(work: Work, deal: Deal, program: Program, closedOn: string): number {
  if (deal.closedAt === null) {
    const sentence = `${dealNumber(deal.number)} is open and has no closing date. Mark it won or lost first.`
    throw new DomainError('INVALID', sentence, { fields: { closedOn: sentence } })
  }
  const same = dayOf(deal.closedAt, program.timeZone) === closedOn
  const at = same ? deal.closedAt : momentOf(closedOn, program.timeZone, work.at)
  refuseFuture(at, program.timeZone, work.at, 'closedOn', 'The closing date')
  return at
}

async function checkUpdate(work: Work, deal: Deal, program: Program, after: Partial<Deal>): Promise<void> {
  if (after.programId) await programFor(work, after.programId)
  if (after.registeredBy) await activePartner(work, after.registeredBy, 'registeredBy')
  await refuseTaken(work, deal.id, after.externalRef)
  for (const field of ['openedAt', 'qualifiedAt'] as const) {
    const at = after[field]
    if (at !== undefined && at !== null) refuseFuture(at, program.timeZone, work.at, field, 'That date')
  }
  const refuse = (field: string, sentence: string) =>
    new DomainError('INVALID', sentence, { fields: { [field]: sentence } })
  if (after.amount !== undefined && after.amount < deal.refunded)
    throw refuse(
      'amount',
      `${formatMoney(deal.refunded, deal.currency)} was refunded already, so the deal can’t be less than that.`,
    )
  if (after.currency === undefined) return
  // Commissions are in the deal's currency, and what is booked stays booked: a difference across currencies can't be computed.
  const [booked] = await work.tx
    .select({ id: attributionRuns.id })
    .from(attributionRuns)
    .where(eq(attributionRuns.dealId, deal.id))
    .limit(1)
  if (booked || deal.refunded > 0)
    throw refuse(
      'currency',
      `${dealNumber(deal.number)} was won in ${deal.currency} once, and its commissions are booked in it. Mark this deal lost and make a new one in ${after.currency}.`,
    )
}

/**
 * Marks a deal won: its credit is attributed and commissions are booked. `closedAt` in UTC milliseconds, `closedOn` a day in the
 * program's time zone; now without either. An amount of 0 is fine and earns nobody anything.
 * @throws DomainError CONFLICT unless it is open and at this version; INVALID for a close after tomorrow
 */
export async function winDeal(work: Work, input: z.infer<typeof winDealInput>): Promise<ChangedDeal> {
  const { deal, program } = await dealOf(work, input.dealId)
  await expectStage(work, deal, 'win', input.version)
  const closedAt = closeOf(work, program, input)
  await setDeal(work, deal, { stage: 'won', closedAt })
  work.audit({
    action: 'deals.win',
    target: { type: 'deal', id: deal.id },
    before: { stage: deal.stage },
    after: { stage: 'won', closedAt, amount: deal.amount, currency: deal.currency },
  })
  return changedDeal(work, deal.id, await recalculate(work, deal.id, 'The deal was won'))
}

function closeOf(work: Work, program: Program, input: { closedAt?: number; closedOn?: string }): number {
  const { closedAt, closedOn } = input
  const at = closedAt ?? (closedOn === undefined ? work.at : momentOf(closedOn, program.timeZone, work.at))
  refuseFuture(at, program.timeZone, work.at, closedAt === undefined ? 'closedOn' : 'closedAt', 'The closing date')
  return at
}

/** Marks an open or won deal lost. What was earned from a won one is taken back: lines not yet paid are netted, paid ones become debts. */
export async function loseDeal(work: Work, input: z.infer<typeof loseDealInput>): Promise<ChangedDeal> {
  const { deal, program } = await dealOf(work, input.dealId)
  await expectStage(work, deal, 'lose', input.version)
  const closedAt = closeOf(work, program, input)
  await setDeal(work, deal, { stage: 'lost', closedAt })
  work.audit({
    action: 'deals.lose',
    target: { type: 'deal', id: deal.id },
    before: { stage: deal.stage, closedAt: deal.closedAt },
    after: { stage: 'lost', closedAt, ...(input.reason ? { reason: input.reason } : {}) },
  })
  return changedDeal(work, deal.id, await takenBack(work, deal, 'The deal was lost'))
}

/** Opens a won or lost deal again. What was earned from a won one is taken back until it is won again. */
export async function reopenDeal(work: Work, input: z.infer<typeof reopenDealInput>): Promise<ChangedDeal> {
  const { deal } = await dealOf(work, input.dealId)
  await expectStage(work, deal, 'reopen', input.version)
  await setDeal(work, deal, { stage: 'open', closedAt: null })
  work.audit({
    action: 'deals.reopen',
    target: { type: 'deal', id: deal.id },
    before: { stage: deal.stage, closedAt: deal.closedAt },
    after: { stage: 'open', closedAt: null, reason: input.reason },
  })
  return changedDeal(work, deal.id, await takenBack(work, deal, 'The deal was reopened'))
}

async function takenBack(work: Work, deal: Deal, cause: string): Promise<{ created: false; booked: number }> {
  if (deal.stage !== 'won') return { created: false, booked: 0 }
  const { booked } = await bookDeal(work, deal.id, cause)
  return { created: false, booked }
}

/**
 * Records what the customer got back: `amount` in minor units of the deal's currency, this time. Each partner's commission is taken
 * back in the same proportion.
 * @throws DomainError CONFLICT unless won and at this version, or for a taken reference; INVALID for more than is left, or a day
 * before the close
 */
export async function refundDeal(work: Work, input: z.infer<typeof refundDealInput>): Promise<ChangedDeal> {
  const { deal, program } = await dealOf(work, input.dealId)
  await expectStage(work, deal, 'refund', input.version)
  const { amount, reason, externalRef = null } = input
  const left = deal.amount - deal.refunded
  if (amount > left) {
    const sentence =
      deal.refunded === 0
        ? `The deal is ${formatMoney(deal.amount, deal.currency)}; more can’t be refunded.`
        : `${formatMoney(deal.refunded, deal.currency)} of ${formatMoney(deal.amount, deal.currency)} was refunded already; at most ${formatMoney(left, deal.currency)} is left.`
    throw new DomainError('INVALID', sentence, { fields: { amount: sentence } })
  }
  const at = refundMoment(work, deal, program, input)
  if (externalRef !== null) await refuseRefundTwice(work, externalRef)
  const id = work.id('rfd')
  const row = { id, amount, at, reason, externalRef, createdBy: work.actor.id, createdAt: work.at }
  await work.tx.insert(refunds).values({ ...row, orgId: work.orgId, dealId: deal.id })
  await setDeal(work, deal, { refunded: deal.refunded + amount })
  work.audit({
    action: 'deals.refund',
    target: { type: 'deal', id: deal.id },
    before: { refunded: deal.refunded },
    after: { refunded: deal.refunded + amount, amount, at, reason, ...(externalRef ? { externalRef } : {}) },
  })
  const { booked } = await bookDeal(
    work,
    deal.id,
    `Refund of ${formatMoney(amount, deal.currency)}: ${reason}`.slice(0, 500),
  )
  return changedDeal(work, deal.id, { created: false, booked })
}

function refundMoment(work: Work, deal: Deal, program: Program, input: { at?: number; refundedOn?: string }): number {
  const { at: given, refundedOn } = input
  const at = given ?? (refundedOn === undefined ? work.at : momentOf(refundedOn, program.timeZone, work.at))
  const field = given === undefined ? 'refundedOn' : 'at'
  refuseFuture(at, program.timeZone, work.at, field, 'The refund')
  if (deal.closedAt !== null && dayOf(at, program.timeZone) < dayOf(deal.closedAt, program.timeZone)) {
    const sentence = `The deal was won on ${formatDate(deal.closedAt, program.timeZone)}; it can’t be refunded before that.`
    throw new DomainError('INVALID', sentence, { fields: { [field]: sentence } })
  }
  return at
}

async function refuseRefundTwice(work: Work, externalRef: string): Promise<void> {
  const [other] = await work.tx
    .select({ number: deals.number })
    .from(refunds)
    .innerJoin(deals, eq(deals.id, refunds.dealId))
    .where(and(eq(refunds.orgId, work.orgId), eq(refunds.externalRef, externalRef)))
  if (!other) return
  const sentence = `The refund ${externalRef} is recorded already, on ${dealNumber(other.number)}.`
  throw new DomainError('CONFLICT', sentence, { fields: { externalRef: sentence } })
}

/**
 * Adds what a partner did for a deal. On a won deal the credit is computed anew; a touch after the cut-off is kept and doesn't count.
 * @throws DomainError NOT_FOUND; CONFLICT for a taken reference; INVALID for an archived partner or a touch after tomorrow
 */
export async function addTouch(
  work: Work,
  input: z.infer<typeof addTouchInput>,
  source: DealSource = 'form',
): Promise<ChangedTouch> {
  const { deal, program } = await dealOf(work, input.dealId)
  const partner = await activePartner(work, input.partnerId, 'partnerId')
  refuseFuture(input.at, program.timeZone, work.at, 'at', 'A touch')
  if (input.externalRef) await refuseTouchTwice(work, input.externalRef)
  const { partnerId, type, at, role = null, weight = null, externalRef = null } = input
  const values = { partnerId, type, at, role, weight, externalRef, note: input.note || null }
  const touchId = work.id('tch')
  const stamps = { createdBy: work.actor.id, createdAt: work.at }
  await work.tx
    .insert(touches)
    .values({ ...values, ...stamps, id: touchId, source, orgId: work.orgId, dealId: deal.id })
  work.audit({
    action: 'deals.addTouch',
    target: { type: 'deal', id: deal.id },
    after: { touchId, ...given(values), partner: partner.name, source },
  })
  return afterTouch(work, deal, touchId, `Touch added: ${nameOf(values, partner.name, program)}`)
}

async function refuseTouchTwice(work: Work, externalRef: string): Promise<void> {
  const [other] = await work.tx
    .select({ number: deals.number })
    .from(touches)
    .innerJoin(deals, eq(deals.id, touches.dealId))
    .where(and(eq(touches.orgId, work.orgId), eq(touches.externalRef, externalRef), isNull(touches.removedAt)))
  if (!other) return
  const sentence = `A touch with this external reference is on ${dealNumber(other.number)} already.`
  throw new DomainError('CONFLICT', sentence, { fields: { externalRef: sentence } })
}

/** Changes a touch; on a won deal the credit is computed anew. Whose touch it is doesn't change: remove it and add another. */
export async function updateTouch(work: Work, input: z.infer<typeof updateTouchInput>): Promise<ChangedTouch> {
  const { touchId, version, idempotencyKey: _, ...fields } = input
  const { touch, partnerName, deal, program } = await touchOf(work, touchId, version)
  const wanted: Partial<Touch> = { ...fields, ...(fields.note === '' ? { note: null } : {}) }
  const changes = Object.entries(wanted).filter(
    ([name, value]) => value !== undefined && touch[name as keyof Touch] !== value,
  )
  if (changes.length === 0) return { ...(await changedDeal(work, deal.id)), touchId }
  const after = Object.fromEntries(changes) as Partial<Touch>
  if (after.at !== undefined) refuseFuture(after.at, program.timeZone, work.at, 'at', 'A touch')
  await setTouch(work, deal, touch, after)
  work.audit({
    action: 'deals.updateTouch',
    target: { type: 'deal', id: deal.id },
    before: { touchId, ...Object.fromEntries(changes.map(([name]) => [name, touch[name as keyof Touch]])) },
    after: { touchId, ...after, partner: partnerName },
  })
  return afterTouch(work, deal, touchId, `Touch corrected: ${nameOf({ ...touch, ...after }, partnerName, program)}`)
}

/** Takes a touch off its deal; on a won deal the credit is computed anew. Attributions that counted it keep it. */
export async function removeTouch(work: Work, input: z.infer<typeof removeTouchInput>): Promise<ChangedTouch> {
  const { touch, partnerName, deal, program } = await touchOf(work, input.touchId, input.version)
  await setTouch(work, deal, touch, { removedAt: work.at })
  const { type, at, role, weight, partnerId } = touch
  work.audit({
    action: 'deals.removeTouch',
    target: { type: 'deal', id: deal.id },
    before: { touchId: touch.id, ...given({ partnerId, type, at, role, weight }), partner: partnerName },
  })
  return afterTouch(work, deal, touch.id, `Touch removed: ${nameOf(touch, partnerName, program)}`)
}

/** `demo of Acme on 3 Mar 2026, as closer`. */
function nameOf(
  touch: Pick<Touch, 'type' | 'at' | 'role' | 'partnerId'>,
  partnerName: string,
  program: Program,
): string {
  const what = touchOn({ id: '', weight: null, ...touch }, program.timeZone)
  const role = touch.role === null ? '' : `, as ${roleLabels[touch.role].toLowerCase()}`
  return `${partnerName}’s ${what}${role}`
}

async function touchOf(work: Work, touchId: string, version: number | undefined) {
  const [row] = await work.tx
    .select({ touch: touches, partnerName: partners.name })
    .from(touches)
    .innerJoin(partners, eq(partners.id, touches.partnerId))
    .where(and(eq(touches.id, touchId), eq(touches.orgId, work.orgId), isNull(touches.removedAt)))
  if (!row) throw notFound('touch')
  const loaded = await dealOf(work, row.touch.dealId)
  if (version !== undefined && version !== row.touch.version) throw await conflict(work, loaded.deal)
  return { ...row, ...loaded }
}

async function setTouch(work: Work, deal: Deal, touch: Touch, set: Partial<Touch>): Promise<void> {
  const changed = await work.tx
    .update(touches)
    .set({ ...set, version: sql`${touches.version} + 1` })
    .where(and(eq(touches.id, touch.id), eq(touches.orgId, work.orgId), eq(touches.version, touch.version)))
    .returning({ id: touches.id })
  if (changed.length === 0) throw await conflict(work, deal)
}

async function afterTouch(work: Work, deal: Deal, touchId: string, cause: string): Promise<ChangedTouch> {
  work.changed('deals')
  const result = deal.stage === 'won' ? await recalculate(work, deal.id, cause.slice(0, 500)) : undefined
  return { ...(await changedDeal(work, deal.id, result)), touchId }
}

/** The answer of a mutation, read after everything is done. */
export async function changedDeal(
  work: Work,
  dealId: string,
  result: { created: boolean; booked: number } = { created: false, booked: 0 },
): Promise<ChangedDeal> {
  const [row] = await work.tx
    .select({
      id: deals.id,
      number: deals.number,
      stage: deals.stage,
      version: deals.version,
      run: attributionRuns.number,
    })
    .from(deals)
    .leftJoin(attributionRuns, eq(attributionRuns.id, deals.currentRunId))
    .where(and(eq(deals.id, dealId), eq(deals.orgId, work.orgId)))
  if (!row) throw notFound('deal')
  return { ...row, number: dealNumber(row.number), attributed: result.created, booked: result.booked }
}

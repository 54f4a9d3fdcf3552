import { and, eq, sql } from 'drizzle-orm'
import {
  commissions,
  memberships,
  organizations,
  type PayoutStatus,
  partners,
  payoutApprovals,
  payoutAttempts,
  payoutLines,
  payouts,
  type Role,
  users,
} from '#db/schema/index.ts'
import { hashPassword } from '#server/auth/password.ts'
import type { Viewer } from '#server/auth/rules.ts'
import type { Deps } from '#server/deps.ts'
import { post } from '#server/ledger/ledger.ts'
import { toStripeAmount } from '#server/lib/money.ts'
import { periodOf } from '#server/lib/period.ts'
import { takeNumbers } from '#server/numbers.ts'
import { digestOf } from '#server/payouts/facts.ts'
import { system, type Work, work } from '#server/work.ts'

export type Org = typeof organizations.$inferSelect
export type User = typeof users.$inferSelect
export type Partner = typeof partners.$inferSelect
export type Payout = typeof payouts.$inferSelect

/** Numbers what has no name yet, by deps, so that a test's names don't depend on which tests ran before. */
const counts = new WeakMap<Deps, number>()
function next(deps: Deps): number {
  const count = (counts.get(deps) ?? 0) + 1
  counts.set(deps, count)
  return count
}

function one<Row>(rows: Row[]): Row {
  const [row] = rows
  if (!row) throw new Error('nothing was written')
  return row
}

export async function anOrg(deps: Deps, values: Partial<typeof organizations.$inferInsert> = {}): Promise<Org> {
  const row = { id: deps.ids.id('org'), name: `Company ${next(deps)}`, createdAt: deps.clock.now(), ...values }
  return one(await deps.db.write(tx => tx.insert(organizations).values(row).returning()))
}

/** `password` is hashed; without one nobody can sign in as this user. */
export async function aUser(
  deps: Deps,
  { password, ...values }: Partial<typeof users.$inferInsert> & { password?: string } = {},
): Promise<User> {
  const number = next(deps)
  const passwordHash = password === undefined ? null : await hashPassword(password)
  const row = {
    id: deps.ids.id('usr'),
    email: `person-${number}@example.com`,
    name: `Person ${number}`,
    passwordHash,
    createdAt: deps.clock.now(),
    ...values,
  }
  return one(await deps.db.write(tx => tx.insert(users).values(row).returning()))
}

/** Payable by default: an active account whose money goes to `destinationKey`. */
export async function aPartner(
  deps: Deps,
  values: Partial<typeof partners.$inferInsert> & { orgId: string },
): Promise<Partner> {
  const number = next(deps)
  const row = {
    id: deps.ids.id('par'),
    name: `Partner ${number}`,
    email: `partner-${number}@example.org`,
    country: 'US',
    currency: 'USD',
    stripeAccountId: `acct_test${number}${values.orgId.slice(-6)}`,
    transfersStatus: 'active' as const,
    destinationKey: `acct_test${number}:bank`,
    createdAt: deps.clock.now(),
    ...values,
  }
  return one(await deps.db.write(tx => tx.insert(partners).values(row).returning()))
}

export interface Member {
  org: Org
  user: User
  membershipId: string
  /** Set exactly for the role `partner`. */
  partner: Partner | null
  viewer: Viewer
}

/** Somebody with a role in an organization; both are made unless given. A partner's person gets a partner, too. */
export async function aMember(
  deps: Deps,
  given: { role: Role; org?: Org; user?: User; partner?: Partner; disabledAt?: number; password?: string },
): Promise<Member> {
  const { role, disabledAt } = given
  const org = given.org ?? (await anOrg(deps))
  const user = given.user ?? (await aUser(deps, { password: given.password }))
  const partner = role === 'partner' ? (given.partner ?? (await aPartner(deps, { orgId: org.id }))) : null
  const partnerId = partner?.id ?? null
  const membershipId = deps.ids.id('mem')
  const createdAt = deps.clock.now()
  await deps.db.write(tx =>
    tx
      .insert(memberships)
      .values({ id: membershipId, orgId: org.id, userId: user.id, role, partnerId, disabledAt, createdAt }),
  )
  const viewer: Viewer = {
    userId: user.id,
    email: user.email,
    name: user.name,
    membershipId,
    orgId: org.id,
    orgName: org.name,
    timeZone: org.timeZone,
    role,
    partnerId,
  }
  return { org, user, membershipId, partner, viewer }
}

/**
 * A payout that is already where a test wants it, with the lines, approval, attempt and ledger entries that go with it.
 * `amount` is in minor units, in the partner's currency. `createdBy` and `approvedBy` are user ids, made unless given.
 */
export async function aPayout(
  deps: Deps,
  given: { partner: Partner; status?: PayoutStatus; createdBy?: string; approvedBy?: string } & Partial<
    Omit<Payout, 'orgId' | 'partnerId' | 'currency'>
  >,
): Promise<Payout> {
  const { partner, status = 'pending_approval', approvedBy, createdBy, amount = 124_000, ...values } = given
  const creator = createdBy ?? (await aUser(deps)).id
  const approver = approvedBy ?? (await aUser(deps)).id
  return work(deps, { orgId: partner.orgId, actor: system }, async unit => {
    const org = one(
      await unit.tx
        .update(organizations)
        .set({ nextPayoutNumber: sql`${organizations.nextPayoutNumber} + 1` })
        .where(eq(organizations.id, partner.orgId))
        .returning({ next: organizations.nextPayoutNumber }),
    )
    const id = values.id ?? unit.id('pay')
    const lines = [{ description: 'Payout', amount, currency: partner.currency }]
    const digest = digestOf(
      { amount, currency: partner.currency, partnerId: partner.id },
      partner.destinationKey,
      lines,
    )
    const payout = one(
      await unit.tx
        .insert(payouts)
        .values({
          id,
          orgId: partner.orgId,
          partnerId: partner.id,
          number: org.next - 1,
          status,
          amount,
          currency: partner.currency,
          source: 'demo',
          createdBy: creator,
          createdAt: unit.at,
          updatedAt: unit.at,
          ...facts(status, { at: unit.at, id, digest, amount, destination: partner.stripeAccountId }),
          ...values,
        })
        .returning(),
    )
    await unit.tx
      .insert(payoutLines)
      .values(lines.map(line => ({ ...line, id: unit.id('pl'), payoutId: id, position: 1 })))
    if (payout.approvedDigest !== null) {
      await unit.tx.insert(payoutApprovals).values({
        id: unit.id('apv'),
        orgId: payout.orgId,
        payoutId: id,
        userId: approver,
        digest,
        approvedAt: unit.at,
      })
      await addHistory(unit, payout)
    }
    return payout
  })
}

function facts(
  status: PayoutStatus,
  {
    at,
    id,
    digest,
    amount,
    destination,
  }: { at: number; id: string; digest: string; amount: number; destination: string | null },
): Partial<Payout> {
  const approved = { approvedAt: at, approvedDigest: digest, destination }
  const paid = {
    ...approved,
    paidVia: 'stripe' as const,
    paidAt: at,
    closedAt: at,
    transferId: `tr_${id}`,
    simulated: true,
  }
  switch (status) {
    case 'pending_approval':
      return {}
    case 'rejected':
      return { rejectReason: 'The deal was refunded.', closedAt: at }
    case 'canceled':
      return { closedAt: at }
    case 'approved':
    case 'processing':
      return approved
    case 'failed':
      return { ...approved, failureCode: 'account_closed', failureMessage: 'The account was closed.' }
    case 'paid':
      return paid
    case 'reversed':
      return { ...paid, amountReversed: amount }
  }
}

/** What each status stands on, so that ledger and attempts agree with it. */
async function addHistory(unit: Work, payout: Payout): Promise<void> {
  const { id, partnerId, amount, currency, status } = payout
  const entry = { payoutId: id, partnerId, amount, currency, seq: 1 }
  const kinds = {
    pending_approval: [],
    rejected: [],
    canceled: [],
    approved: ['accrual'],
    processing: ['accrual', 'mark_paid'],
    failed: ['accrual', 'mark_paid', 'fail'],
    paid: ['accrual', 'mark_paid', 'settle'],
    reversed: ['accrual', 'mark_paid', 'settle', 'reversal'],
  } as const
  const byHand = payout.paidVia === 'manual'
  const posted = byHand ? (['accrual', 'manual_payment'] as const) : kinds[status]
  await post(
    unit,
    posted.map(kind => ({ ...entry, kind })),
  )
  if (byHand || status === 'approved' || !payout.destination) return
  const settled = status === 'paid' || status === 'reversed'
  const attemptId = unit.id('att')
  await unit.tx.insert(payoutAttempts).values({
    id: attemptId,
    orgId: payout.orgId,
    payoutId: id,
    number: 1,
    idempotencyKey: `payout:${id}:a1`,
    amount,
    currency,
    destination: payout.destination,
    request: {
      amount: toStripeAmount(amount, currency),
      currency: currency.toLowerCase(),
      destination: payout.destination,
      transfer_group: `payout_${id}`,
      description: 'Payout',
      metadata: { payout_id: id, attempt_id: attemptId, env: new URL(unit.deps.config.PUBLIC_URL).host },
    },
    state: settled ? 'succeeded' : status === 'failed' ? 'failed' : 'queued',
    createdAt: unit.at,
    transferId: settled ? payout.transferId : null,
    failureCode: payout.failureCode,
    failureMessage: payout.failureMessage,
    settledAt: settled ? unit.at : null,
  })
}

/** The payout as it is now. */
export async function readPayout(deps: Deps, payout: Pick<Payout, 'id' | 'orgId'>): Promise<Payout> {
  return one(
    await deps.db.read
      .select()
      .from(payouts)
      .where(and(eq(payouts.id, payout.id), eq(payouts.orgId, payout.orgId))),
  )
}

export type Commission = typeof commissions.$inferSelect

/**
 * A commission as it is booked, with its ledger entry: imported and released a moment ago unless given. `amount` in minor units,
 * negative for what is taken back, which then corrects `originId`; in the partner's currency and first program unless given.
 */
export async function aCommission(
  deps: Deps,
  given: { partner: Partner } & Partial<Omit<typeof commissions.$inferInsert, 'orgId' | 'partnerId'>>,
): Promise<Commission> {
  const { partner, ...values } = given
  return work(deps, { orgId: partner.orgId, actor: system }, async unit => {
    const { amount = 10_000, currency = partner.currency, kind = 'imported' } = values
    const row = one(
      await unit.tx
        .insert(commissions)
        .values({
          id: unit.id('com'),
          orgId: partner.orgId,
          number: await takeNumbers(unit, 'commissions', 1),
          partnerId: partner.id,
          programId: `prg_${partner.orgId}`,
          stream: 'base',
          period: periodOf(unit.at, 'UTC'),
          releaseAt: unit.at - 1,
          snapshot: {
            ...{ currency, deal: null, run: null, credit: null, rule: null, defaultRateBp: null, losing: [] },
            ...{ steps: [{ op: 'fixed' as const, result: amount }], installment: 1 },
          },
          createdBy: 'system',
          createdAt: unit.at,
          updatedAt: unit.at,
          ...values,
          ...{ amount, currency, kind },
        })
        .returning(),
    )
    await post(unit, [
      {
        kind: row.amount > 0 ? 'commission' : 'commission_reversal',
        commissionId: row.id,
        partnerId: partner.id,
        amount: Math.abs(row.amount),
        currency: row.currency,
      },
    ])
    return row
  })
}

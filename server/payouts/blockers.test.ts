import { expect, test } from 'vitest'
import type { TransfersStatus } from '#db/schema/index.ts'
import { blockers, manualBlockers, type PayFacts } from './blockers.ts'
import { type PayoutStatus, saysOf } from './rules.ts'

const now = Date.UTC(2026, 2, 2, 9)

function facts({ partner, org, ...payout }: PartialFacts = {}): PayFacts {
  return {
    ...{ status: 'approved', amount: 5_000, currency: 'USD', needsReview: false, approvals: 1, now },
    ...{ approvedDigest: 'seen', currentDigest: 'seen' },
    ...payout,
    partner: {
      ...{ name: 'Northwind', archived: false, transfersStatus: 'active', requirements: [], holdUntil: null },
      ...partner,
    },
    org: { ...{ approvalsRequired: 1, minimum: null, pausedReason: null, timeZone: 'UTC' }, ...org },
  }
}

type PartialFacts = Partial<Omit<PayFacts, 'partner' | 'org'>> & {
  partner?: Partial<PayFacts['partner']>
  org?: Partial<PayFacts['org']>
}

const found = (given: PartialFacts) => blockers(facts(given)).map(({ code, message }) => `${code}: ${message}`)

test('nothing stands in the way of what is approved, payable and allowed', () => {
  expect(blockers(facts())).toEqual([])
  expect(blockers(facts({ status: 'failed' }))).toEqual([])
})

test.each<[TransfersStatus, boolean, string, string]>([
  ['none', false, 'no_account', 'Northwind has not set up payouts with Stripe.'],
  ['disconnected', false, 'no_account', 'Northwind disconnected from Stripe.'],
  [
    'pending',
    false,
    'account_pending',
    "Stripe is checking Northwind's details. It usually takes minutes, sometimes two days.",
  ],
  ['pending', true, 'account_pending', 'Stripe still needs from Northwind: a bank account.'],
  ['restricted', false, 'account_restricted', "Stripe has restricted Northwind's account."],
  ['restricted', true, 'account_restricted', "Stripe has restricted Northwind's account; it needs: a bank account."],
  ['closed', false, 'account_closed', "Northwind's Stripe account is closed."],
  ['rejected', false, 'account_closed', "Stripe does not allow payouts to Northwind's account."],
  ['unsupported', false, 'account_closed', "Stripe does not allow payouts to Northwind's account."],
])('an account that is %s (something missing: %s) is %s', (transfersStatus, missing, code, message) => {
  const requirements = missing ? [{ code: 'external_account', text: 'a bank account', deadline: null }] : []
  expect(found({ partner: { transfersStatus, requirements } })).toEqual([`${code}: ${message}`])
})

test('who has to wait for Stripe is told so, and who has to give something is led there', () => {
  const clears = (requirements: PayFacts['partner']['requirements']) =>
    blockers(facts({ partner: { transfersStatus: 'pending', requirements } }))[0]?.clears
  expect(clears([])).toEqual({ who: 'time', label: 'Wait for Stripe', to: null })
  expect(clears([{ code: 'x', text: 'a bank account', deadline: null }])).toMatchObject({ who: 'partner', to: 'setup' })
})

test('approvals, holds, minimums, archived partners and a pause each say what clears them', () => {
  expect(found({ status: 'pending_approval', approvedDigest: null, approvals: 0 })[0]).toMatch(/^not_approved: /)
  expect(
    found({ status: 'pending_approval', approvedDigest: null, approvals: 1, org: { approvalsRequired: 2 } })[0],
  ).toMatch(/^second_approval: /)
  expect(found({ currentDigest: 'another' })[0]).toMatch(/^destination_changed: /)
  expect(found({ partner: { archived: true } })).toEqual(['partner_archived: Northwind is archived.'])
  expect(found({ org: { pausedReason: 'an incident' } })).toEqual([
    'transfers_paused: All transfers are paused: an incident',
  ])
  expect(found({ amount: 999, org: { minimum: 1_000 } })).toEqual(['below_minimum: Below the minimum of USD 10.00.'])
  expect(found({ amount: 1_000, org: { minimum: 1_000 } })).toEqual([])
})

test('a hold binds until its moment, and not in it', () => {
  expect(found({ partner: { holdUntil: now + 1 } })[0]).toMatch(/^on_hold: /)
  expect(blockers(facts({ partner: { holdUntil: now + 1 } }))[0]?.until).toBe(now + 1)
  expect(found({ partner: { holdUntil: now } })).toEqual([])
})

test('what is being sent is blocked only while people must look, and what is over is not blocked', () => {
  const hopeless = { partner: { transfersStatus: 'closed' as const, archived: true } }
  expect(found({ ...hopeless, status: 'processing' })).toEqual([])
  expect(found({ ...hopeless, status: 'processing', needsReview: true })[0]).toMatch(/^needs_review: /)
  for (const status of ['paid', 'rejected', 'canceled', 'reversed'] as const) {
    expect(found({ ...hopeless, status })).toEqual([])
    expect(manualBlockers(facts({ ...hopeless, status }))).toEqual([])
  }
})

test('a payment made elsewhere asks for the approval and a present partner, and nothing of Stripe', () => {
  const codes = (given: PartialFacts) => manualBlockers(facts(given)).map(({ code }) => code)
  const ofStripe = { partner: { transfersStatus: 'none' as const, holdUntil: now + 1 }, org: { pausedReason: 'x' } }
  expect(codes(ofStripe)).toEqual([])
  expect(codes({ ...ofStripe, partner: { archived: true } })).toEqual(['partner_archived'])
  expect(codes({ status: 'pending_approval', approvedDigest: null, approvals: 0 })).toEqual(['not_approved'])
})

test.each<[PayoutStatus, 'stripe' | 'manual' | null, 'in_transit' | 'arrived' | 'failed' | null, string]>([
  ['paid', 'stripe', null, 'In your Stripe balance'],
  ['paid', 'stripe', 'in_transit', 'On its way from your Stripe balance to your bank'],
  ['paid', 'stripe', 'arrived', 'Arrived in your bank'],
  ['paid', 'stripe', 'failed', 'Your bank returned it; it is in your Stripe balance'],
  ['paid', 'manual', null, 'Paid outside Stripe'],
  ['reversed', 'stripe', 'arrived', 'Sent, and then taken back'],
])('%s by %s, bank %s: %s', (status, paidVia, bankStatus, says) => {
  expect(saysOf({ status, paidVia, bankStatus })).toBe(says)
})

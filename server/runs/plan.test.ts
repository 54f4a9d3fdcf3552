import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StoredRate } from '../rates/rate.ts'
import { type OpenCommission, type Payee, planRun, type RunFacts } from './plan.ts'

const now = Date.UTC(2026, 10, 3, 9)
const day = 24 * 60 * 60_000
let count = 0

function line(values: Partial<OpenCommission> = {}): OpenCommission {
  count++
  return {
    id: `com_${String(count).padStart(6, '0')}`,
    number: count,
    partnerId: 'p1',
    programId: 'prg',
    amount: 10_000,
    currency: 'USD',
    kind: (values.amount ?? 1) < 0 ? 'reversal' : 'earned',
    stream: 'base',
    installment: 1,
    originId: null,
    note: null,
    deal: { name: 'Acme renewal', number: 7 },
    ...values,
  }
}

function payee(values: Partial<Payee> = {}): Payee {
  return {
    id: 'p1',
    name: 'Alice Ltd',
    archived: false,
    currency: 'USD',
    settlement: 'one',
    transfersStatus: 'active',
    requirements: [],
    holdUntil: null,
    destinationChangedAt: null,
    payouts: 3,
    everPaid: true,
    last: {},
    ...values,
  }
}

const rate = (base: string, quote: string, text: number, on = '2026-10-30'): StoredRate => ({
  id: `fx_${base}${quote}`,
  base,
  quote,
  day: on,
  rateE8: Math.round(text * 1e8),
  source: 'ecb',
})

function facts(
  commissions: OpenCommission[],
  values: Partial<RunFacts> & { payees?: never; of?: Payee[] } = {},
): RunFacts {
  const { of = [payee()], ...rest } = values
  return {
    now,
    rateDay: '2026-10-31',
    timeZone: 'UTC',
    commissions,
    programs: new Map([
      ['prg', { name: 'Partner program', debtCapBp: 10_000 }],
      ['half', { name: 'Half program', debtCapBp: 5_000 }],
    ]),
    minimums: { organization: {}, program: new Map(), partner: new Map() },
    rates: [rate('EUR', 'USD', 1.25), rate('EUR', 'GBP', 0.8)],
    ...rest,
    payees: new Map(of.map(one => [one.id, one])),
  }
}

const only = (given: RunFacts) => {
  const rows = planRun(given)
  if (rows.length !== 1 || !rows[0]) throw new Error(`${rows.length} rows`)
  return rows[0]
}

test('lines of a partner are one payout, and what is taken back is netted', () => {
  const row = only(
    facts([line({ amount: 30_000 }), line({ amount: -5_000 }), line({ amount: 2_500, stream: 'spiff' })]),
  )
  expect(row).toMatchObject({ outcome: 'pay', amount: 27_500, currency: 'USD', reason: null, carries: [] })
  expect(row.lines.map(one => one.description.split(' · ')[0])).toEqual([
    'Commission: Acme renewal (D-000007)',
    'Taken back: Acme renewal (D-000007)',
    'Bonus: Acme renewal (D-000007)',
  ])
})

test('debts that eat everything up roll over, with the amount', () => {
  expect(only(facts([line({ amount: 5_000 }), line({ amount: -8_000 })]))).toMatchObject({
    outcome: 'rolls_over',
    amount: -3_000,
    reason: 'Owes USD\u00a030.00: taken from what is earned next.',
  })
  expect(only(facts([line({ amount: 5_000 }), line({ amount: -5_000 })]))).toMatchObject({
    outcome: 'rolls_over',
    amount: 0,
  })
})

test('over a program’s cap a debt is carried: more now, as much less later, and the partner can read why', () => {
  const debt = line({ amount: -35_000, programId: 'half' })
  const row = only(facts([line({ amount: 30_000, programId: 'half' }), debt]))
  expect(row).toMatchObject({ outcome: 'pay', amount: 15_000 })
  expect(row.carries).toEqual([
    {
      key: 'carry:half',
      programId: 'half',
      originId: debt.id,
      amount: 20_000,
      note: `$200.00 of what is owed back (Taken back: Acme renewal (D-000007) · C-${String(debt.number).padStart(6, '0')}) is carried to your next payout: at most 50 % of a payout is withheld.`,
    },
  ])
  expect(row.lines.at(-1)).toMatchObject({ commissionId: 'carry:half', amount: 20_000 })
})

test('what is refunded before it was paid meets its commission whole, whatever the cap: only what is left over is a debt', () => {
  const own = line({ amount: 100_000, programId: 'half' })
  const refund = line({ amount: -100_000, programId: 'half', originId: own.id })
  expect(only(facts([own, refund]))).toMatchObject({ outcome: 'rolls_over', amount: 0 })
  const other = line({ amount: 40_000, programId: 'half' })
  expect(only(facts([own, refund, other]))).toMatchObject({ outcome: 'pay', amount: 40_000, carries: [] })
  // Of a debt beside it the cap takes half of what is left after the refund.
  const debt = line({ amount: -30_000, programId: 'half' })
  expect(only(facts([own, refund, other, debt]))).toMatchObject({ amount: 20_000, carries: [{ amount: 10_000 }] })
})

test('of programs with the same cap, debts are taken in the order of their ids, whatever order they came in', () => {
  const debts = [
    line({ programId: 'half', amount: -6_000 }),
    line({ programId: 'also', amount: -6_000 }),
    line({ programId: 'prg', amount: 10_000 }),
  ]
  const programs = new Map([
    ['prg', { name: 'Partner program', debtCapBp: 10_000 }],
    ['half', { name: 'Half program', debtCapBp: 5_000 }],
    ['also', { name: 'Also half', debtCapBp: 5_000 }],
  ])
  const carriesOf = (lines: OpenCommission[]) => only(facts(lines, { programs })).carries
  expect(carriesOf(debts).map(({ programId }) => programId)).toEqual(['also', 'half'])
  expect(carriesOf(debts.toReversed())).toEqual(carriesOf(debts))
})

test('each program’s debts have their own cap, of the whole payout, and together never more than the largest', () => {
  const row = only(
    facts([line({ amount: 40_000 }), line({ amount: -30_000, programId: 'half' }), line({ amount: -5_000 })]),
  )
  // half: at most 20,000 of 40,000; the other program's 5,000 whole.
  expect(row).toMatchObject({ outcome: 'pay', amount: 15_000, carries: [{ amount: 10_000 }] })
  const both = only(
    facts([line({ amount: 40_000 }), line({ amount: -30_000, programId: 'half' }), line({ amount: -30_000 })]),
  )
  expect(both).toMatchObject({ outcome: 'rolls_over', amount: -20_000, carries: [] })
})

test('a carried pair that came back with a canceled payout cancels itself, and is not counted as earned', () => {
  const pair = [
    line({ amount: 20_000, kind: 'carry', programId: 'half' }),
    line({ amount: -20_000, kind: 'carry', programId: 'half' }),
  ]
  const row = only(
    facts([line({ amount: 30_000, programId: 'half' }), line({ amount: -35_000, programId: 'half' }), ...pair]),
  )
  expect(row).toMatchObject({ outcome: 'pay', amount: 15_000, carries: [{ amount: 20_000 }] })
})

test('the largest minimum counts: of the organization, of a program in it, of the partner', () => {
  const minimums = {
    organization: { USD: 5_000 },
    program: new Map([
      ['prg', { USD: 8_000 }],
      ['half', { USD: 99_000 }],
    ]),
    partner: new Map([['p1', { USD: 7_000, EUR: 50_000 }]]),
  }
  expect(only(facts([line({ amount: 7_999 })], { minimums }))).toMatchObject({
    outcome: 'rolls_over',
    amount: 7_999,
    reason: 'Below the minimum of USD\u00a080.00 of Partner program: carried to the next run.',
  })
  expect(only(facts([line({ amount: 8_000 })], { minimums }))).toMatchObject({ outcome: 'pay' })
  expect(only(facts([line({ amount: 7_000 })], { minimums: { ...minimums, program: new Map() } }))).toMatchObject({
    outcome: 'pay',
  })
  expect(only(facts([line({ amount: 6_999 })], { minimums: { ...minimums, program: new Map() } })).reason).toBe(
    'Below the minimum of USD\u00a070.00 for this partner: carried to the next run.',
  )
})

test('settled in one currency, each line is converted by itself with a stored rate, debts too', () => {
  const row = only(
    facts(
      [line({ amount: 10_001 }), line({ amount: 5_000, currency: 'EUR' }), line({ amount: -1_000, currency: 'GBP' })],
      {
        of: [payee({ currency: 'EUR' })],
      },
    ),
  )
  // 100.01 / 1.25 = 80.008; 10 / 0.8 = 12.50
  expect(row.lines.map(one => one.amount)).toEqual([8_001, 5_000, -1_250])
  expect(row).toMatchObject({ currency: 'EUR', amount: 11_751, outcome: 'pay' })
  expect(row.lines[0]?.conversion).toEqual({
    from: { amount: 10_001, currency: 'USD' },
    to: { amount: 8_001, currency: 'EUR' },
    rate: '0.8',
    day: '2026-10-30',
    source: 'ecb',
    rateIds: ['fx_EURUSD'],
  })
  expect(row.lines[1]?.conversion).toBeNull()
})

test('settled in each currency, nothing is converted and each is its own payout', () => {
  const rows = planRun(
    facts([line({ amount: 10_000 }), line({ amount: 5_000, currency: 'CHF' })], {
      of: [payee({ settlement: 'each' })],
    }),
  )
  expect(rows.map(row => [row.currency, row.amount, row.outcome])).toEqual([
    ['CHF', 5_000, 'pay'],
    ['USD', 10_000, 'pay'],
  ])
})

test('without a rate nothing of the partner is paid, and the sentence says which rate is missing', () => {
  const rows = planRun(
    facts([line({ amount: 10_000, currency: 'EUR' }), line({ amount: 500_000, currency: 'JPY' })], {
      of: [payee({ currency: 'EUR' })],
    }),
  )
  expect(rows.map(row => [row.currency, row.amount, row.outcome])).toEqual([
    ['EUR', 10_000, 'blocked'],
    ['JPY', 500_000, 'blocked'],
  ])
  expect(rows[0]?.reason).toBe(
    'No JPY→EUR rate on or up to 7 days before 31 Oct 2026. Enter one, or import the European Central Bank’s file.',
  )
})

test('an archived partner, and more than one payout can be, are blocked with what clears it', () => {
  expect(only(facts([line()], { of: [payee({ archived: true })] }))).toMatchObject({
    outcome: 'blocked',
    reason: 'Alice Ltd is archived. Restore the partner, then refresh the run.',
  })
  const large = only(facts([line({ amount: 60_000_000 }), line({ amount: 40_000_000 })]))
  expect(large.outcome).toBe('blocked')
  expect(large.reason).toContain('The most one payout can be is $999,999.99. Plan runs for some of the programs')
})

test('what Stripe can’t send, a third decimal, stays for the next payout', () => {
  const row = only(facts([line({ amount: 5_124, currency: 'KWD' })], { of: [payee({ currency: 'KWD' })] }))
  expect(row).toMatchObject({ outcome: 'pay', amount: 5_120, carries: [{ key: 'carry:rest', amount: -4 }] })
  expect(only(facts([line({ amount: 4, currency: 'KWD' })], { of: [payee({ currency: 'KWD' })] })).outcome).toBe(
    'rolls_over',
  )
})

test('flags say what to look at twice', () => {
  const flags = (values: Partial<Payee>, amount = 10_000) =>
    only(facts([line({ amount })], { of: [payee(values)] })).flags.map(flag => flag.code)
  expect(flags({})).toEqual([])
  expect(flags({ payouts: 0, everPaid: false })).toEqual(['first_payout'])
  expect(flags({ everPaid: false })).toEqual(['never_paid'])
  expect(flags({ last: { USD: 6_666 } })).toEqual(['big_change'])
  expect(flags({ last: { USD: 6_667 } })).toEqual([])
  expect(flags({ last: { USD: 20_000 } })).toEqual([])
  expect(flags({ last: { USD: 20_001 } })).toEqual(['big_change'])
  expect(flags({ last: { EUR: 1 } })).toEqual([])
  expect(flags({ destinationChangedAt: now - 29 * day })).toEqual(['destination_changed'])
  expect(flags({ destinationChangedAt: now - 31 * day })).toEqual([])
  expect(only(facts([line({ amount: 18_000 })], { of: [payee({ last: { USD: 10_000 } })] })).flags[0]?.says).toBe(
    'USD\u00a0180.00 after USD\u00a0100.00 in the last run: +80 %.',
  )
})

test('the largest twentieth of each currency is flagged from twenty rows on', () => {
  const many = (rows: number) => {
    const of = Array.from({ length: rows }, (_, index) => payee({ id: `p${String(index).padStart(2, '0')}` }))
    return planRun(
      facts(
        of.map((one, index) => line({ partnerId: one.id, amount: 1_000 + index })),
        { of },
      ),
    )
  }
  expect(many(19).flatMap(row => row.flags)).toEqual([])
  expect(
    many(39)
      .filter(row => row.flags.length > 0)
      .map(row => row.amount),
  ).toEqual([1_038])
  expect(
    many(40)
      .filter(row => row.flags.length > 0)
      .map(row => row.amount),
  ).toEqual([1_038, 1_039])
})

test('what the payee’s account lacks is told, and keeps no payout from being made', () => {
  const row = only(facts([line()], { of: [payee({ transfersStatus: 'none', holdUntil: now + day })] }))
  expect(row.outcome).toBe('pay')
  expect(row.blockers.map(blocker => [blocker.code, blocker.clears])).toEqual([
    ['no_account', 'Set up payouts'],
    ['on_hold', 'Wait until the hold ends'],
  ])
})

const currencies = ['USD', 'EUR', 'GBP'] as const
const someLines = fc.array(
  fc.record({
    partnerId: fc.constantFrom('p1', 'p2', 'p3'),
    programId: fc.constantFrom('prg', 'half'),
    amount: fc.integer({ min: -30_000, max: 60_000 }).filter(amount => amount !== 0),
    currency: fc.constantFrom(...currencies),
  }),
  { minLength: 1, maxLength: 12 },
)

test('properties: the order of facts changes nothing, no line is lost or twice, and a cap is never passed', () => {
  const of = [payee(), payee({ id: 'p2', currency: 'EUR' }), payee({ id: 'p3', settlement: 'each' })]
  fc.assert(
    fc.property(someLines, fc.infiniteStream(fc.nat()), (lines, numbers) => {
      const commissions = lines.map(one => line({ ...one, kind: one.amount < 0 ? 'reversal' : 'earned' }))
      const rows = planRun(facts(commissions, { of }))
      const shuffled = commissions
        .map(one => ({ one, at: numbers.next().value ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one)
      expect(planRun(facts(shuffled, { of })).map(row => row.digest)).toEqual(rows.map(row => row.digest))
      const ids = rows.flatMap(row => row.lines.map(one => one.commissionId)).filter(id => !id.startsWith('carry:'))
      expect([...ids].sort()).toEqual(commissions.map(one => one.id).sort())
      for (const row of rows) {
        expect(row.lines.reduce((sum, one) => sum + one.amount, 0)).toBe(row.amount)
        if (row.outcome !== 'pay') continue
        expect(row.amount).toBeGreaterThan(0)
        const earned = row.lines.filter(one => one.amount > 0 && !one.commissionId.startsWith('carry:'))
        const sum = earned.reduce((total, one) => total + one.amount, 0)
        const byId = new Map(commissions.map(one => [one.id, one]))
        const capped = row.lines.filter(one => one.amount < 0 && byId.get(one.commissionId)?.programId === 'half')
        const carried = row.carries.reduce((total, carry) => total + (carry.programId === 'half' ? carry.amount : 0), 0)
        const taken = -capped.reduce((total, one) => total + one.amount, 0) - carried
        expect(taken).toBeLessThanOrEqual(Math.ceil(sum / 2))
        expect(carried).toBeGreaterThanOrEqual(0)
      }
    }),
    { numRuns: 10_000 },
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { halfEven } from '../lib/shares.ts'
import { type BookedRow, type Difference, decidedNow, differences, type Situation, type Target } from './plan.ts'

const key = { partnerId: 'p', stream: 'base' as const, installment: 1 }
const won: Situation = { stage: 'won', amount: 1_000_000, refunds: [], now: 100 }
const target = (amount: number): Target => ({ ...key, amount, clawbackUntil: 50 })

/** What a booking writes, as far as the plan reads it. */
function apply(booked: BookedRow[], made: Difference[], targets: readonly Target[]): BookedRow[] {
  return [
    ...booked,
    ...made.map(({ partnerId, stream, installment, kind, amount }, index) => ({
      id: `row ${booked.length + index}`,
      partnerId,
      stream,
      installment,
      kind,
      amount,
      originId: null,
      clawbackUntil:
        targets.find(one => one.partnerId === partnerId && one.stream === stream && one.installment === installment)
          ?.clawbackUntil ?? null,
    })),
  ]
}

function amounts(rows: { kind: string; amount: number }[]) {
  return rows.map(({ kind, amount }) => [kind, amount])
}

test('first it is earned, then corrected, each time by the difference', () => {
  const first = differences([], [target(90_000)], won)
  expect(amounts(first)).toEqual([['earned', 90_000]])
  const booked = apply([], first, [target(90_000)])
  expect(differences(booked, [target(90_000)], won)).toEqual([])
  expect(differences(booked, [target(108_000)], won)).toMatchObject([
    { kind: 'adjustment', amount: 18_000, booked: 90_000, target: 108_000, originId: 'row 0' },
  ])
  expect(amounts(differences(booked, [], won))).toEqual([['adjustment', -90_000]])
})

test('two targets for one thing, or corrections of nothing, are bugs and stop here', () => {
  expect(() => differences([], [target(1), target(2)], won)).toThrow('two targets')
  const correction = {
    ...key,
    id: 'row 0',
    kind: 'adjustment' as const,
    amount: 5,
    originId: null,
    clawbackUntil: null,
  }
  expect(() => differences([correction], [target(1)], won)).toThrow('corrections of nothing')
})

test('a target of nothing books nothing', () => {
  expect(differences([], [target(0)], won)).toEqual([])
})

test('a dispute’s row that is about nothing any more changes no difference', () => {
  const earned = apply([], differences([], [target(1_000)], won), [target(1_000)])
  const dispute = { ...key, id: 'dispute', kind: 'dispute' as const, amount: -100, originId: null, clawbackUntil: null }
  expect(differences([...earned, dispute], [target(1_000)], won)).toEqual([])
})

test('partial refunds take back their cumulative share: no cent is lost between two', () => {
  let booked = apply([], differences([], [target(100)], won), [target(100)])
  const refunds: Situation['refunds'][number][] = []
  const taken: number[] = []
  for (const id of ['a', 'b', 'c']) {
    refunds.push({ id, amount: 333_333, at: 10 })
    const made = differences(booked, [target(100)], { ...won, refunds })
    taken.push(...made.map(row => row.amount))
    booked = apply(booked, made, [target(100)])
  }
  expect(taken).toEqual([-33, -34, -33])
  expect(differences(booked, [target(100)], { ...won, refunds })).toEqual([])
})

test('a lost deal gives everything back once, and gets it again when it is won again', () => {
  const targets = [target(100)]
  let booked = apply([], differences([], targets, won), targets)
  const lost: Situation = { ...won, stage: 'lost', now: 40 }
  const made = differences(booked, [], lost)
  expect(made).toMatchObject([{ kind: 'reversal', amount: -100, taken: { because: 'lost' } }])
  booked = apply(booked, made, targets)
  expect(differences(booked, [], lost)).toEqual([])
  // Looked at again after the window: what was taken back in time stays taken back.
  expect(differences(booked, [], { ...lost, now: 60 })).toEqual([])
  expect(differences(booked, targets, won)).toMatchObject([
    { kind: 'reversal', amount: 100, taken: { because: 'won_again' } },
  ])
})

test('after the clawback window neither a loss nor a refund takes anything back; an undone import always does', () => {
  const targets = [target(100)]
  const booked = apply([], differences([], targets, won), targets)
  expect(differences(booked, [], { ...won, stage: 'lost', now: 51 })).toEqual([])
  const refunds = [
    { id: 'in time', amount: 500_000, at: 50 },
    { id: 'late', amount: 500_000, at: 51 },
  ]
  expect(differences(booked, targets, { ...won, refunds })).toMatchObject([
    { amount: -50, taken: { refunded: 500_000, refundIds: ['in time'], late: ['late'] } },
  ])
  expect(amounts(differences(booked, [], { ...won, stage: 'removed', now: 51 }))).toEqual([['reversal', -100]])
})

test('a correction after a refund corrects what the refund took back, too', () => {
  const refunds = [{ id: 'a', amount: 250_000, at: 10 }]
  const targets = [target(100)]
  let booked = apply([], differences([], targets, won), targets)
  booked = apply(booked, differences(booked, targets, { ...won, refunds }), targets)
  const made = differences(booked, [target(60)], { ...won, refunds })
  expect(made).toMatchObject([
    { kind: 'adjustment', amount: -40 },
    { kind: 'reversal', amount: 10, taken: { because: 'corrected', before: 25 } },
  ])
})

test('what was booked of other kinds stands on its own, and so does a dispute of it', () => {
  const booked: BookedRow[] = [
    { ...key, id: 'e', kind: 'earned', amount: 100, originId: null, clawbackUntil: null },
    { ...key, id: 'd', kind: 'dispute', amount: 40, originId: 'e', clawbackUntil: null },
    { ...key, id: 'c', kind: 'carry', amount: -7, originId: 'e', clawbackUntil: null },
    { ...key, id: 'i', kind: 'imported', amount: 70, originId: null, clawbackUntil: null },
    { ...key, id: 'f', kind: 'dispute', amount: 30, originId: 'i', clawbackUntil: null },
  ]
  expect(differences(booked, [target(100)], won)).toEqual([])
  expect(amounts(differences(booked, [], { ...won, stage: 'lost' }))).toEqual([['reversal', -140]])
})

function settled(booked: BookedRow[], amount: number, originId = 'row 0'): BookedRow[] {
  return [...booked, { ...key, id: `row ${booked.length}`, kind: 'dispute', amount, originId, clawbackUntil: null }]
}

const all = [{ id: 'all', amount: 1_000_000, at: 10 }]

test.each<[string, number, number, Partial<Situation>, [string, number][]]>([
  ['settled to nothing, then lost: no more', -1_500, 1_500, { stage: 'lost', now: 40 }, []],
  ['settled to nothing, then refunded: no more', -1_500, 1_500, { refunds: all }, []],
  ['added to, then refunded: all of it', 500, 1_500, { refunds: all }, [['reversal', -2_000]]],
  [
    'added to, then half refunded',
    500,
    1_500,
    { refunds: [{ id: 'h', amount: 500_000, at: 10 }] },
    [['reversal', -1_000]],
  ],
  ['added to, then lost', 500, 1_500, { stage: 'lost', now: 40 }, [['reversal', -2_000]]],
  ['added to, then removed, late', 500, 1_500, { stage: 'removed', now: 60 }, [['reversal', -2_000]]],
  ['lessened, then removed', -500, 1_500, { stage: 'removed' }, [['reversal', -1_000]]],
  ['added to, then corrected: the calculated part only', 500, 2_000, {}, [['adjustment', 500]]],
  ['lessened, then corrected below: nothing is owed back', -1_500, 1_000, {}, []],
  ['lessened a little, then corrected below', -1_200, 1_000, {}, [['adjustment', -300]]],
  ['added to, then credited no more', 500, 0, {}, [['adjustment', -1_500]]],
])('%s', (_, decided, wanted, change, made) => {
  const booked = settled(apply([], differences([], [target(1_500)], won), [target(1_500)]), decided)
  const situation = { ...won, ...change }
  const rows = differences(booked, [target(wanted)], situation)
  expect(amounts(rows)).toEqual(made)
  expect(differences(apply(booked, rows, [target(wanted)]), [target(wanted)], situation)).toEqual([])
})

test('what a dispute of a reversal gave back is neither taken again nor given twice, and goes with an undone import', () => {
  const targets = [target(1_500)]
  const lost: Situation = { ...won, stage: 'lost', now: 40 }
  let booked = apply([], differences([], targets, won), targets)
  booked = apply(booked, differences(booked, [], lost), targets)
  booked = settled(booked, 1_500, 'row 1')
  expect(differences(booked, [], lost)).toEqual([])
  expect(differences(booked, targets, won)).toEqual([])
  expect(amounts(differences(booked, [], { ...won, stage: 'removed' }))).toEqual([['reversal', -1_500]])
})

const change = fc.oneof(
  fc.record({ what: fc.constant('credit' as const), amounts: fc.array(fc.nat(1_000_000), { maxLength: 3 }) }),
  fc.record({ what: fc.constant('refund' as const), part: fc.integer({ min: 1, max: 999 }) }),
  fc.record({
    what: fc.constant('stage' as const),
    stage: fc.constantFrom('won' as const, 'lost' as const, 'open' as const),
  }),
  fc.record({ what: fc.constant('time' as const), ms: fc.nat(20) }),
  fc.record({
    what: fc.constant('dispute' as const),
    line: fc.nat(20),
    amount: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  }),
  fc.record({ what: fc.constant('amount' as const), percent: fc.integer({ min: 1, max: 300 }) }),
)

test('after any corrections, refunds, losses and reopenings the rows sum to the target, and asking again adds nothing', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 12 }),
      fc.option(fc.nat(120), { nil: null }),
      fc.integer({ min: 1, max: 999_999_999_999 }),
      (changes, clawbackUntil, amount) => {
        let situation: Situation = { stage: 'won', amount, refunds: [], now: 0 }
        let targets: Target[] = []
        let booked: BookedRow[] = []
        for (const one of changes) {
          const { now, refunds } = situation
          if (one.what === 'credit')
            targets = one.amounts.map((sum, index) => ({ ...key, partnerId: `p${index}`, amount: sum, clawbackUntil }))
          else if (one.what === 'stage') situation = { ...situation, stage: one.stage }
          else if (one.what === 'time') situation = { ...situation, now: now + one.ms }
          else if (one.what === 'amount') {
            const left = refunds.reduce((sum, refund) => sum + refund.amount, 0)
            const other = Math.ceil((situation.amount / 100) * one.percent)
            situation = { ...situation, amount: Math.min(Math.max(other, left), 999_999_999_999) }
          } else if (one.what === 'dispute') {
            const lines = booked.filter(row => row.kind !== 'dispute')
            const line = lines[one.line % lines.length]
            // As much as the service lets through: no more than what stands of the line, and of the whole.
            const whole = booked.filter(row => row.partnerId === line?.partnerId)
            const standing = line ? line.amount + sumOf(booked.filter(row => row.originId === line.id)) : 0
            const sum = Math.max(one.amount, -Math.max(0, Math.min(standing, sumOf(whole))))
            const { partnerId = '', id: originId = '' } = line ?? {}
            if (line && sum !== 0) {
              const id = `row ${booked.length}`
              const wanted = targets.find(one => one.partnerId === partnerId)?.amount ?? 0
              const decided = decidedNow(booked, { ...key, partnerId }, wanted, situation)
              booked = [
                ...booked,
                { ...key, partnerId, id, kind: 'dispute', amount: sum, originId, clawbackUntil: null, decided },
              ]
              // What was decided stands in full: nothing of it is booked back.
              expect(differences(booked, targets, situation)).toEqual([])
            }
          } else {
            const left = situation.amount - refunds.reduce((sum, refund) => sum + refund.amount, 0)
            const part = Number((BigInt(left) * BigInt(one.part)) / 1_000n)
            if (part > 0)
              situation = { ...situation, refunds: [...refunds, { id: `r${refunds.length}`, amount: part, at: now }] }
          }
          const made = differences(booked, targets, situation)
          expect(made.every(row => row.amount !== 0)).toBe(true)
          booked = apply(booked, made, targets)
          expect(differences(booked, targets, situation)).toEqual([])
          // Nothing is ever owed back beyond what was earned.
          for (const partnerId of new Set(booked.map(row => row.partnerId)))
            expect(sumOf(booked.filter(row => row.partnerId === partnerId))).toBeGreaterThanOrEqual(0)
          const undone = differences(booked, [], { ...situation, stage: 'removed' })
          expect(sumOf(booked) + sumOf(undone)).toBe(0)
          if (situation.stage !== 'won') continue
          for (const wanted of targets) {
            const origin = booked.find(row => row.partnerId === wanted.partnerId && row.kind === 'earned')
            const until = origin ? origin.clawbackUntil : wanted.clawbackUntil
            const counted = situation.refunds.filter(refund => until === null || refund.at <= until)
            const refunded = counted.reduce((sum, refund) => sum + refund.amount, 0)
            const ofPartner = booked.filter(row => row.partnerId === wanted.partnerId)
            if (ofPartner.some(row => row.kind === 'dispute')) continue
            const back = Number(halfEven(BigInt(wanted.amount) * BigInt(refunded), BigInt(situation.amount)))
            const rows = booked.filter(row => row.partnerId === wanted.partnerId)
            expect(sumOf(rows)).toBe(wanted.amount - back)
          }
        }
      },
    ),
    { numRuns: 10_000 },
  )
}, 120_000)

function sumOf(rows: { amount: number }[]): number {
  return rows.reduce((sum, row) => sum + row.amount, 0)
}

/** A decision about the first booking, of now. */
function decide(booked: BookedRow[], amount: number, situation: Situation, wanted = 1_500): BookedRow[] {
  const decided = decidedNow(booked, key, wanted, situation)
  const id = `row ${booked.length}`
  return [...booked, { ...key, id, kind: 'dispute', amount, originId: 'row 0', clawbackUntil: null, decided }]
}

/** Books, and books again: what was made by kind and amount, and what all rows come to. */
function bookTwice(booked: BookedRow[], targets: Target[], situation: Situation) {
  const made = differences(booked, targets, situation)
  const rows = apply(booked, made, targets)
  expect(differences(rows, targets, situation)).toEqual([])
  return { made: amounts(made), rows, sum: sumOf(rows) }
}

const refundsOf = (...parts: number[]) => parts.map((amount, index) => ({ id: `r${index}`, amount, at: 10 }))

test.each<[string, number, number, number, [string, number][], number]>([
  ['half refunded, the other half taken by the decision, nothing comes back', 500_000, -750, 0, [], 0],
  ['and nothing is owed back when the rest is refunded', 500_000, -750, 500_000, [], 0],
  ['a quarter more takes half of what was left', 500_000, -300, 250_000, [['reversal', -225]], 225],
  ['so it does of what was added', 500_000, 300, 250_000, [['reversal', -525]], 525],
  ['all refunded: what was added goes too', 500_000, 300, 500_000, [['reversal', -1_050]], 0],
  ['what was added after everything was refunded stays', 1_000_000, 300, 0, [], 300],
])('a decision is net: %s', (_, before, decided, more, made, sum) => {
  const targets = [target(1_500)]
  const first = bookTwice([], targets, won)
  const refunded = bookTwice(first.rows, targets, { ...won, refunds: refundsOf(before) })
  const settledRows = decide(refunded.rows, decided, { ...won, refunds: refundsOf(before) })
  const refunds = refundsOf(before, ...(more > 0 ? [more] : []))
  const last = bookTwice(settledRows, targets, { ...won, refunds })
  expect([last.made, last.sum]).toEqual([made, sum])
})

test('what was added while a deal is lost stays, also once it is won again', () => {
  const targets = [target(1_500)]
  const lost: Situation = { ...won, stage: 'lost', now: 40 }
  const { rows } = bookTwice(bookTwice([], targets, won).rows, [], lost)
  const added = decide(rows, 200, lost)
  expect(bookTwice(added, [], lost)).toMatchObject({ made: [], sum: 200 })
  expect(bookTwice(added, targets, won)).toMatchObject({ made: [['reversal', 1_500]], sum: 1_700 })
})

test('what is added after a correction that a decision went ahead of stays added', () => {
  const { rows } = bookTwice([], [target(1_500)], won)
  // 500 taken, then no credit any more: the correction stops at nothing. The 500 given since are given.
  const corrected = bookTwice(decide(rows, -500, won), [], won)
  expect(corrected.sum).toBe(0)
  expect(bookTwice(decide(corrected.rows, 500, won, 0), [], won)).toMatchObject({ made: [], sum: 500 })
  // Taken and given before the correction, it takes everything.
  expect(bookTwice(decide(decide(rows, -500, won), 500, won), [], won).sum).toBe(0)
})

test('a deal whose amount is corrected after a decision keeps the part that was left then', () => {
  const targets = [target(1_500)]
  const half = { ...won, refunds: refundsOf(500_000) }
  const rows = decide(bookTwice(bookTwice([], targets, won).rows, targets, half).rows, -300, half)
  // Twice the deal, and a quarter of it refunded: the decision is about what was left, and nothing was refunded since.
  const doubled = bookTwice(rows, [target(3_000)], { ...half, amount: 2_000_000 })
  expect(doubled.sum).toBe(3_000 - 750 - 300)
  // Half the deal, all of it refunded: nothing is left to earn or to take.
  expect(bookTwice(rows, [target(750)], { ...half, amount: 500_000 }).sum).toBe(0)
})

test('what a dispute took of a commission given back when the deal was won again stays taken', () => {
  const targets = [target(1_500)]
  let booked = apply([], differences([], targets, won), targets)
  booked = apply(booked, differences(booked, [], { ...won, stage: 'lost', now: 40 }), targets)
  booked = apply(booked, differences(booked, targets, won), targets)
  booked = settled(booked, -500, 'row 2')
  expect(differences(booked, targets, won)).toEqual([])
  expect(amounts(differences(booked, [], { ...won, stage: 'lost', now: 40 }))).toEqual([['reversal', -1_000]])
})

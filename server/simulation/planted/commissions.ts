import type { Planted } from './planted.ts'

/** What a payout is made of: commissions, conversions, refunds, shares. */
export const commissionBugs: Planted[] = [
  {
    name: 'A commission that is in one payout goes into the next one too',
    costs: 'The company pays each commission once a month.',
    parts: [
      {
        file: 'server/payouts/service.ts',
        find: "SET status = 'in_payout', payout_id = j.payout, updated_at",
        replace: 'SET updated_at',
      },
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: 'CREATE UNIQUE INDEX payout_lines_once',
        replace: 'CREATE INDEX payout_lines_once',
      },
    ],
  },
  {
    name: 'What a partner disputes is paid before anybody has decided',
    costs: 'A partner gets the amount it called wrong, and the company has to claim it back.',
    parts: [
      { file: 'server/runs/facts.ts', find: 'AND c.disputed_at IS NULL AND', replace: 'AND' },
      { file: 'server/payouts/service.ts', find: '\n      AND commissions.disputed_at IS NULL', replace: '' },
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: "WHEN NEW.status = 'in_payout' AND NEW.disputed_at IS NOT NULL",
        replace: 'WHEN 1 = 0',
      },
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: "CHECK (disputed_at IS NULL OR status <> 'in_payout')",
        replace: 'CHECK (true)',
      },
    ],
  },
  {
    name: 'A canceled payout keeps its commissions',
    costs: 'A partner never gets the commissions of a payout that was canceled.',
    parts: [
      {
        file: 'server/payouts/lines.ts',
        find: "move.to === 'rejected' || move.to === 'canceled'",
        replace: "move.to === 'rejected'",
      },
    ],
  },
  {
    name: 'A canceled payout’s conversions stay booked',
    costs: 'Finance carries exchange differences of payments that were never made.',
    parts: [{ file: 'server/payouts/lines.ts', find: '  await voidConversions(work, closed)\n', replace: '' }],
  },
  {
    name: 'Amounts in different currencies are added up',
    costs: 'A partner gets a yen for each dollar, or a dollar for each yen.',
    parts: [
      {
        file: 'server/runs/plan.ts',
        find: 'const rate = one.currency === currency ? null : rates(one.currency, currency)',
        replace: "const rate = one.currency !== '' ? null : rates(one.currency, currency)",
      },
    ],
  },
  {
    name: 'A conversion goes the wrong way round',
    costs: 'A partner gets 150 times too little, or the company pays 150 times too much.',
    parts: [
      {
        file: 'server/rates/rate.ts',
        find: 'halfEven(BigInt(amount) * rate.numerator * up, rate.denominator * down)',
        replace: 'halfEven(BigInt(amount) * rate.denominator * up, rate.numerator * down)',
      },
    ],
  },
  {
    name: 'A second refund takes back again what the first took back',
    costs: 'A partner loses more commission than the customer got back.',
    parts: [
      {
        file: 'server/commissions/plan.ts',
        find: "kind: 'reversal', amount: from - amount,",
        replace: "kind: 'reversal', amount: -amount,",
      },
    ],
  },
  {
    name: 'Shares are cut off, and their cents are lost',
    costs: 'Partners who share a deal are short a cent, for each deal.',
    parts: [
      {
        file: 'server/lib/shares.ts',
        find: 'for (const { index } of byRemainder.slice(0, left)) parts[index]! += 1n',
        replace: 'for (const { index } of byRemainder.slice(left)) parts[index]! += 0n',
      },
    ],
  },
  {
    name: 'What a paid payout is made of stays open',
    costs: 'Finance lists commissions as unpaid that were paid.',
    parts: [{ file: 'server/payouts/lines.ts', find: 'if (paid.length > 0)', replace: 'if (paid.length > 1)' }],
  },
  {
    name: 'What is taken back is booked as earned',
    costs: 'Finance reports an expense where there was a credit.',
    parts: [
      {
        file: 'server/commissions/book.ts',
        find: "kind: row.amount > 0 ? 'commission' : 'commission_reversal',",
        replace: "kind: 'commission',",
      },
    ],
  },
]

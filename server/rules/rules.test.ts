import { expect, test } from 'vitest'
import { blankWording, readRule, type Wording } from './rules.ts'

const base = { stream: 'base' as const, programName: null }

test.each<[Partial<Wording>, Parameters<typeof readRule>[1], string]>([
  [
    {},
    base,
    'All partners: 10 % of the credited amount. For deals closed from 1 Jan 2026; held for 30 days, refunds count for 90 days.',
  ],
  [
    {
      conditions: {
        tiers: ['gold'],
        partnerTypes: ['reseller'],
        territories: ['EMEA'],
        dealTypes: ['new'],
        sizeFrom: 1_000_000,
      },
      currency: 'USD',
      pay: { kind: 'percent', rateBp: 1_500 },
      cap: 100_000,
    },
    base,
    'Gold resellers in EMEA on USD new deals from $10,000.00: 15 % of the credited amount, at most $1,000.00. For deals closed from 1 Jan 2026; held for 30 days, refunds count for 90 days.',
  ],
  [
    {
      currency: 'EUR',
      pay: {
        kind: 'brackets',
        brackets: [
          { upTo: 1_000_000, rateBp: 1_000 },
          { upTo: 2_000_000, rateBp: 1_250 },
          { upTo: null, rateBp: 1_500 },
        ],
      },
      floor: 5_000,
      months: 12,
      holdingDays: 0,
      clawbackDays: 1,
      effectiveTo: '2026-06-30',
    },
    { stream: 'base', programName: 'Cloud' },
    'All partners on EUR deals in the program “Cloud”: 10 % of the credited amount up to €10,000.00, 12.5 % of what is up to €20,000.00, 15 % of the rest, at least €50.00, again each month for 12 months. For deals closed from 1 Jan 2026 to 30 Jun 2026; payable at once, refunds count for 1 day.',
  ],
  [
    { currency: 'USD', pay: { kind: 'flat', amount: 50_000 }, conditions: { products: ['Sync', 'Vault'] } },
    { stream: 'spiff', programName: null },
    'All partners on USD deals of Sync and Vault: $500.00 a deal, shared by credit, on top of the base. For deals closed from 1 Jan 2026; held for 30 days, refunds count for 90 days.',
  ],
])('a rule reads as somebody would say it (%#)', (but, about, text) => {
  expect(readRule({ ...blankWording('2026-01-01'), ...but }, about)).toBe(text)
})

import type { Planted } from './planted.ts'

/** What becomes of a payout once Stripe has answered, and what is booked of it. */
export const settlingBugs: Planted[] = [
  {
    name: 'A payout’s status is not compared before it is set',
    costs: 'The company pays a partner whose payout was canceled, or cancels in its books what was paid.',
    parts: [
      {
        file: 'server/payouts/transition.ts',
        find: '  if (!payoutMachine.allows(action, payout.status)) throw await conflict(work, payout.id)\n',
        replace: '',
      },
      {
        file: 'server/payouts/transition.ts',
        find: ' AND +payouts.version = j.seen\n      AND +payouts.status IN (SELECT value FROM json_each(${JSON.stringify(step.from)}))',
        replace: '',
      },
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: "WHEN OLD.status <> NEW.status AND NOT (\n     (OLD.status = 'pending_approval'",
        replace: "WHEN OLD.status <> NEW.status AND 1 = 0 AND NOT (\n     (OLD.status = 'pending_approval'",
      },
    ],
  },
  {
    name: 'A payment is settled without an entry in the ledger',
    costs: 'Finance cannot close the month: money left Stripe that the books still show.',
    parts: [
      {
        file: 'server/payouts/settle.ts',
        find: "await post(work, [entry('settle', payout, payout.amount)])",
        replace: '',
      },
    ],
  },
  {
    name: 'A refusal gives nothing back in the ledger',
    costs: 'A partner is owed money that the books call sent.',
    parts: [
      {
        file: 'server/payouts/settle.ts',
        find: "await post(work, [entry('fail', payout, payout.amount)])",
        replace: '',
      },
    ],
  },
  {
    name: 'A payment made elsewhere is booked a cent short',
    costs: 'A partner stays owed a cent for ever, once for each wire.',
    parts: [
      {
        file: 'server/payouts/pay.ts',
        find: "kind: 'manual_payment',\n      payoutId: payout.id,\n      partnerId: payout.partnerId,\n      amount: payout.amount,",
        replace:
          "kind: 'manual_payment',\n      payoutId: payout.id,\n      partnerId: payout.partnerId,\n      amount: Math.max(1, payout.amount - 1),",
      },
    ],
  },
  {
    name: 'What is paid can be paid again',
    costs: 'The company pays twice for one slow double click.',
    parts: [
      {
        file: 'server/payouts/rules.ts',
        find: "  markPaid: {\n    from: ['approved', 'failed'],",
        replace: "  markPaid: {\n    from: ['approved', 'failed', 'paid'],",
      },
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: "(OLD.status = 'paid' AND NEW.status = 'reversed')",
        replace: "(OLD.status = 'paid' AND NEW.status IN ('reversed', 'processing'))",
      },
      {
        file: 'db/migrations/0001_foundation.sql',
        find: 'CREATE UNIQUE INDEX payout_attempts_one_live',
        replace: 'CREATE INDEX payout_attempts_one_live',
      },
    ],
  },
  {
    name: 'Reversals are added up from their events',
    costs: 'A partner is shown to owe twice what was taken back, once for each time a webhook comes.',
    parts: [
      {
        file: 'server/payouts/settle.ts',
        find: 'if (!payout || total <= payout.amountReversed) return',
        replace:
          'if (!payout || total === 0) return\n  total = Math.min(payout.amount, payout.amountReversed + total)\n  if (total <= payout.amountReversed) return',
      },
    ],
  },
  {
    name: 'After a reversal of a part, the whole payout is owed again',
    costs: 'The company pays a partner again what the partner has kept.',
    parts: [
      {
        file: 'server/payouts/settle.ts',
        find: 'partnerId: payout.partnerId,\n        amount: open,',
        replace: 'partnerId: payout.partnerId,\n        amount: payout.amount,',
      },
    ],
  },
  {
    name: 'A payout that Stripe confirms again is announced again',
    costs: 'A partner is told of a second payment that does not exist.',
    parts: [
      {
        file: 'server/payouts/settle.ts',
        find: '  if (confirmed) await confirm(work, payout.id)',
        replace:
          "  if (confirmed) {\n    await confirm(work, payout.id)\n    notify(work, {\n      template: 'payoutOnItsWay',\n      eventId: `${payout.id}:${work.at}`,\n      to: { partnerId: payout.partnerId },\n      about: { payoutId: payout.id },\n    })\n  }",
      },
    ],
  },
]

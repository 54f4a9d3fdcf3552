import type { Planted } from './planted.ts'

/** How a transfer is sent, and what no answer means. */
export const sendingBugs: Planted[] = [
  {
    name: 'A key for each try, not for each attempt',
    costs: 'The company pays a partner once for every answer that the network lost.',
    parts: [
      {
        file: 'server/payouts/transfer.ts',
        find: '{ idempotencyKey: claimed.idempotencyKey }',
        replace: '{ idempotencyKey: `${claimed.idempotencyKey}:${claimed.sends}` }',
      },
    ],
  },
  {
    name: 'No answer is taken for a refusal',
    costs: 'The company pays again what had gone through, since its books say that it failed.',
    parts: [
      {
        file: 'server/payouts/transfer.ts',
        find: "      await note(deps, attempt, 'unknown', verdict.message)\n      throw error",
        replace:
          "      await work(deps, scope, unit =>\n        failAttempt(unit, attempt.id, { code: verdict.code, message: verdict.message, requestId: null }),\n      )\n      return 'done'",
      },
    ],
  },
  {
    name: 'A key is used again after Stripe has forgotten it',
    costs: 'The company pays twice whatever was in doubt for longer than a day.',
    parts: [
      {
        file: 'server/payouts/transfer.ts',
        find: 'now - attempt.firstSentAt >= keyLifeMs',
        replace: 'attempt.sends < 0',
      },
    ],
  },
  {
    name: 'The next attempt uses the first one’s key',
    costs: 'A partner whose transfer was refused once can never be paid: Stripe repeats the refusal.',
    parts: [
      {
        file: 'server/payouts/pay.ts',
        find: 'key: `payout:${payout.id}:a${number}`',
        replace: 'key: `payout:${payout.id}`',
      },
      {
        file: 'db/migrations/0001_foundation.sql',
        find: 'idempotency_key TEXT NOT NULL UNIQUE',
        replace: 'idempotency_key TEXT NOT NULL',
      },
    ],
  },
  {
    name: 'What is sent differs from try to try',
    costs: 'The company pays again under a new attempt what its first key had already moved.',
    parts: [
      {
        file: 'server/payouts/transfer.ts',
        find: 'deps.stripe.transfers.create(claimed.request,',
        replace:
          'deps.stripe.transfers.create({ ...claimed.request, description: `${claimed.request.description} (${claimed.sends})` },',
      },
      {
        file: 'server/payouts/transfer.ts',
        find: "    case 'key_conflict':\n      await note(deps, attempt, 'unknown', verdict.message)\n      return lookUp(deps, attempt)",
        replace:
          "    case 'key_conflict':\n      await work(deps, scope, unit =>\n        failAttempt(unit, attempt.id, { code: verdict.code, message: verdict.message, requestId: null }),\n      )\n      return 'done'",
      },
    ],
  },
  {
    name: 'A payout is settled without looking whether the transfer is its own',
    costs: 'A partner reads that it was paid, by a transfer that paid something else.',
    parts: [
      {
        file: 'server/payouts/transfer.ts',
        find: 'transfer_group: attempt.request.transfer_group,\n    limit',
        replace: 'destination: attempt.request.destination,\n    limit',
      },
      {
        file: 'server/payouts/settle.ts',
        find: 'const problem = mismatch(attempt, transfer) ?? rival(attempt, payout, transfer)',
        replace: 'const problem = rival(attempt, payout, transfer)',
      },
    ],
  },
  {
    name: 'Nobody looks whether transfers are paused before sending',
    costs: 'The company’s money goes on leaving while somebody looks into why it should not.',
    parts: [
      {
        file: 'server/payouts/transfer.ts',
        find: '  if (org.pausedReason !== null) return paused(org.pausedReason)\n  if (attempt',
        replace: '  if (attempt',
      },
      {
        file: 'server/payouts/transfer.ts',
        find: 'sql`NOT EXISTS (SELECT 1 FROM organizations o WHERE o.id = payout_attempts.org_id AND o.transfers_paused_at IS NOT NULL)`,',
        replace: 'sql`true`,',
      },
    ],
  },
  {
    name: 'Nobody looks at the hold before sending',
    costs: 'A partner whose mailbox was stolen loses a payout to the thief’s bank before it can object.',
    parts: [
      {
        file: 'server/payouts/transfer.ts',
        find: 'if (partner.holdUntil !== null && partner.holdUntil > now)\n    return {',
        replace: 'if (partner.holdUntil !== null && partner.holdUntil < 0)\n    return {',
      },
      {
        file: 'server/payouts/blockers.ts',
        find: 'if (partner.holdUntil !== null && partner.holdUntil > now)',
        replace: 'if (partner.holdUntil !== null && partner.holdUntil < 0)',
      },
    ],
  },
  {
    name: 'A payout in doubt is released on one person’s word',
    costs: 'The company pays twice if one tired person misreads Stripe’s list.',
    parts: [
      { file: 'server/payouts/settle.ts', find: 'if (earlier.length >= 1)', replace: 'if (earlier.length >= 0)' },
    ],
  },
]

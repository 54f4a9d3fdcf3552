import type { Planted } from './planted.ts'

/** What all rooms stand on: webhooks, keys, jobs, mails, totals. */
export const platformBugs: Planted[] = [
  {
    name: 'A webhook’s signature is not checked',
    costs: 'Anybody on the internet tells the company what Stripe is said to have done.',
    parts: [
      {
        file: 'server/stripe/webhook.ts',
        find: '    verifier.verifyHeader(rawBody, signature, deps.config[secrets[endpoint]], toleranceSeconds, undefined, time * 1000)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'A webhook may be as old as it likes',
    costs: 'Whoever recorded a webhook can send it again years later.',
    parts: [
      {
        file: 'server/stripe/webhook.ts',
        find: 'if (Math.abs(off) <= toleranceSeconds) return event',
        replace: 'return event',
      },
    ],
  },
  {
    name: 'A key with another body gets the first body’s answer',
    costs: 'A company believes that its corrected amount was taken, and pays the old one.',
    parts: [{ file: 'server/work.ts', find: 'if (seen.bodyHash !== bodyHash)', replace: "if (seen.bodyHash === '')" }],
  },
  {
    name: 'A request that comes again is done again',
    costs: 'The company has two payouts for one click on a bad line.',
    parts: [
      { file: 'server/work.ts', find: '    if (seen) {', replace: "    if (seen && seen.bodyHash === '') {" },
      {
        file: 'server/work.ts',
        find: '    await unit.tx.insert(idempotency).values({\n      orgId: scope.orgId,\n      actorId: scope.actor.id,\n      procedure: intent.procedure,\n      key,',
        replace:
          "    await unit.tx.insert(idempotency).values({\n      orgId: scope.orgId,\n      actorId: scope.actor.id,\n      procedure: intent.procedure,\n      key: unit.id('key'),",
      },
    ],
  },
  {
    name: 'The totals leave out what a payout was before',
    costs: 'Finance reads sums on the first page that are none.',
    parts: [
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: "    WHERE org_id = OLD.org_id AND partner_id IN ('', OLD.partner_id) AND currency = OLD.currency AND status = OLD.status;\n  INSERT",
        replace:
          '    WHERE org_id = OLD.org_id AND partner_id = OLD.partner_id AND currency = OLD.currency AND status = OLD.status;\n  INSERT',
      },
    ],
  },
  {
    name: 'A mail goes out before its payout is committed',
    costs: 'A partner is told of a payment that was rolled back.',
    parts: [
      {
        file: 'server/payouts/settle.ts',
        find: "  work.changed('payouts', payout.partnerId)\n}\n\nasync function confirm",
        replace:
          "  await work.deps.mailer.send({\n    to: 'partner@example.org',\n    subject: 'Paid',\n    html: '',\n    text: '',\n    messageId: `${payout.id}@early`,\n  })\n  work.changed('payouts', payout.partnerId)\n}\n\nasync function confirm",
      },
    ],
  },
  {
    name: 'A payment leaves no trace in the audit log',
    costs: 'The auditor cannot tell why a payout is paid.',
    parts: [
      {
        file: 'server/payouts/settle.ts',
        find: "    action: 'payout.settled',\n    target: { type: 'payout', id: payout.id },\n    before: { status: 'processing' },\n    after: { status: 'paid', transfer",
        replace: "    action: 'payout.settled',\n    target: { type: 'payout', id: payout.id },\n    after: { transfer",
      },
    ],
  },
  {
    name: 'Yen are sent as if they had cents',
    costs: 'The company pays a partner in Japan a hundred times what it is owed.',
    parts: [
      {
        file: 'server/lib/money.ts',
        find: 'export function toStripeAmount(amount: number, currency: string): number {',
        replace:
          "export function toStripeAmount(amount: number, currency: string): number {\n  if (currency === 'JPY') return amount * 100",
      },
    ],
  },
]

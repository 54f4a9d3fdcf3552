import type { Planted } from './planted.ts'

/** Who may approve, what an approval is of, and whose payouts are whose. */
export const approvalBugs: Planted[] = [
  {
    name: 'Whoever prepared a payout may approve it',
    costs: 'The company loses whatever one dishonest person types in.',
    parts: [
      {
        file: 'server/payouts/service.ts',
        find: 'if (!policy.creatorMayApprove && (',
        replace: "if (viewer.userId === '' && (",
      },
      {
        file: 'db/migrations/0001_foundation.sql',
        find: 'o.creator_may_approve = 0 AND',
        replace: 'o.creator_may_approve = 9 AND',
      },
    ],
  },
  {
    name: 'Whoever would be paid may approve',
    costs: 'The company loses what a partner’s own employee waves through.',
    parts: [
      {
        file: 'server/payouts/service.ts',
        find: 'if (viewer.email === partner.email || viewer.partnerIds.has(partner.id))',
        replace: "if (viewer.email === '' && viewer.partnerIds.has(partner.id))",
      },
      {
        file: 'db/migrations/0001_foundation.sql',
        find: 'WHERE p.id = NEW.payout_id AND (u.email = r.email',
        replace: 'WHERE p.id = NEW.payout_id AND 1 = 0 AND (u.email = r.email',
      },
    ],
  },
  {
    name: 'One approval is enough where two are required',
    costs: 'The company loses the second pair of eyes that its auditors were promised.',
    parts: [
      {
        file: 'server/payouts/service.ts',
        find: 'const complete = eligible.filter(one => one.approvers.length + 1 >= policy.approvalsRequired)',
        replace: 'const complete = eligible',
      },
      {
        file: 'server/payouts/service.ts',
        find: 'const waiting = eligible.filter(one => one.approvers.length + 1 < policy.approvalsRequired)',
        replace: 'const waiting = eligible.slice(eligible.length)',
      },
      {
        file: 'server/payouts/service.ts',
        find: 'const done = approvers.length + 1 >= policy.approvalsRequired',
        replace: 'const done = approvers.length + 1 >= 1',
      },
    ],
  },
  {
    name: 'The same person’s second approval counts as another’s',
    costs: 'The company loses what one person approves twice.',
    parts: [
      {
        file: 'server/payouts/service.ts',
        find: 'if (approvers.includes(viewer.userId)) return',
        replace: 'if (approvers.length > 9) return',
      },
    ],
  },
  {
    name: 'An edit leaves a payout approved',
    costs: 'The company pays an amount that nobody has approved.',
    parts: [
      {
        file: 'server/payouts/service.ts',
        find: "  const open = await backToPending(work, 'update', [payout])\n  await transitionOne(work, 'update', open[0] ?? payout, 'pending_approval', after)",
        replace: "  await transitionOne(work, 'update', payout, payout.status, after)",
      },
      {
        file: 'server/payouts/service.ts',
        find: "  await voidApprovals(work, [payout.id])\n  work.audit({ action: 'payouts.update'",
        replace: "  work.audit({ action: 'payouts.update'",
      },
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: "\n  OR (OLD.status <> 'pending_approval' AND (OLD.partner_id <> NEW.partner_id OR OLD.amount <> NEW.amount OR OLD.currency <> NEW.currency))",
        replace: '',
      },
      {
        file: 'db/migrations/0002_deals_and_commissions.sql',
        find: "WHEN (SELECT status FROM payouts WHERE id = OLD.payout_id) <> 'pending_approval'",
        replace: 'WHEN 1 = 0',
      },
    ],
  },
  {
    name: 'A payout sent back for approval stays booked as owed',
    costs: 'Finance shows a debt to a partner twice once it is approved again.',
    parts: [
      {
        file: 'server/payouts/service.ts',
        find: 'changed.filter(isBookedAtApproval)',
        replace: 'changed.filter(payout => payout.repays !== null)',
      },
    ],
  },
  {
    name: 'Another bank account leaves the approval as it was',
    costs: 'A partner loses a payout to whoever got into its Stripe account.',
    parts: [
      {
        file: 'server/payouts/blockers.ts',
        find: 'approvedDigest !== null && approvedDigest !== currentDigest',
        replace: "approvedDigest !== null && approvedDigest === ''",
      },
      { file: 'server/payouts/transfer.ts', find: ' || facts.approvedDigest !== facts.currentDigest', replace: '' },
      {
        file: 'server/partners/sync.ts',
        find: "  if (destination.change !== 'same') await voidApprovals(unit, partner.id, destination.change)\n",
        replace: '',
      },
    ],
  },
  {
    name: 'An organization’s payouts are found by their id alone',
    costs: 'One company’s people read and approve another company’s payouts.',
    parts: [{ file: 'server/payouts/facts.ts', find: 'AND ${payouts.orgId} = ${scope.orgId} AND', replace: 'AND' }],
  },
]

import type { Counts } from './counts.ts'

/** A third of what was seen. So many of a thousand histories' actions must at least have been accepted, or a run proves less than it says. */
const leastAccepted: Record<string, number> = {
  account: 51,
  addRate: 95,
  approve: 432,
  archive: 32,
  bank: 205,
  bankDay: 65,
  bulkApprove: 282,
  bulkMarkPaid: 146,
  cancel: 76,
  catchUp: 65,
  changeRole: 32,
  clock: 666,
  closeAccount: 14,
  closePeriod: 25,
  crash: 322,
  create: 868,
  deauthorize: 10,
  decideReversal: 7,
  deliver: 805,
  disable: 54,
  discardRun: 3,
  dispute: 14,
  down: 36,
  edit: 62,
  executeRun: 87,
  fault: 498,
  forge: 51,
  importPayouts: 252,
  look: 95,
  mail: 98,
  markPaid: 256,
  movePartner: 40,
  network: 106,
  openDeal: 1113,
  pause: 47,
  payManually: 18,
  periodic: 36,
  planRun: 293,
  refund: 47,
  reject: 14,
  release: 10,
  reopenDeal: 3,
  repeat: 84,
  replay: 18,
  resolveDispute: 7,
  retryJobs: 54,
  reverse: 36,
  setUp: 21,
  settings: 146,
  spoilWebhooks: 219,
  stranger: 18,
  sweep: 124,
  syncPartner: 62,
  together: 336,
  topUp: 157,
  unapprove: 21,
  winDeal: 212,
  withdrawDispute: 3,
  work: 2069,
  loseDeal: 1,
  resume: 1,
  enable: 1,
  restore: 1,
}

/** What must be refused, and so often. */
const leastRefused: Record<string, number> = { trespass: 47, repeatOther: 25 }

/** So many of a thousand histories' faults must at least have struck. */
const leastStruck: Record<string, number> = {
  crash_web_after: 25,
  crash_web_before: 14,
  crash_worker_after: 98,
  crash_worker_before: 139,
  down: 73,
  forged_changed: 18,
  forged_not_json: 10,
  forged_old: 3,
  forged_other_endpoint: 3,
  forged_other_secret: 7,
  forged_unsigned: 7,
  mail_no_answer: 10,
  mail_refused: 43,
  mail_refused_for_good: 10,
  mail_slow: 3,
  network_doubled: 43,
  network_slow_answer: 21,
  stripe_bad_gateway_after: 29,
  stripe_bad_gateway_before: 14,
  stripe_conflict: 18,
  stripe_error_after: 36,
  stripe_error_before: 14,
  stripe_hang_after: 47,
  stripe_hang_before: 43,
  stripe_latency: 25,
  stripe_lock_timeout: 29,
  stripe_rate_limit: 18,
  stripe_reset_after: 14,
  stripe_reset_before: 51,
  stripe_truncate: 1,
  stripe_unauthorized: 7,
  webhook_corrupt_signature: 36,
  webhook_delay: 43,
  webhook_drop: 14,
  webhook_duplicate: 73,
  webhook_reorder: 18,
  webhook_replayed: 18,
  webhook_stale: 32,
  webhook_wrong_secret: 21,
}

/** What was exercised less than it must be in so many histories, in sentences; a few histories, where chance weighs more, owe half. */
export function shortfalls(counts: Counts, histories: number): string[] {
  const due = (perThousand: number) => Math.floor((perThousand * histories) / (histories < 1_000 ? 2_000 : 1_000))
  return [
    ...Object.entries(leastAccepted).flatMap(([action, least]) => {
      const accepted = counts.actions[action]?.accepted ?? 0
      return accepted < due(least) ? `${action} was accepted ${accepted} times, and should be ${due(least)} times` : []
    }),
    ...Object.entries(leastRefused).flatMap(([action, least]) => {
      const refused = counts.actions[action]?.refused ?? 0
      return refused < due(least) ? `${action} was refused ${refused} times, and should be ${due(least)} times` : []
    }),
    ...Object.entries(leastStruck).flatMap(([fault, least]) => {
      const struck = counts.faults[fault]?.struck ?? 0
      return struck < due(least) ? `${fault} struck ${struck} times, and should ${due(least)} times` : []
    }),
  ]
}

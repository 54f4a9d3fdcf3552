import type { Fault } from '../simulator/faults.ts'
import type { SwitchKind } from '../simulator/switches.ts'
import { type Random, randomFrom } from './random.ts'

/**
 * One thing that happens, as plain data. Numbers called `org`, `by`, `partner`, `which` choose among what is there when it happens
 * (the number modulo how many there are), so a history stays meaningful when some of it is left out.
 */
export type Operation = Human | Machine | Outside | { do: 'together'; all: (Human | Machine)[] }

/** `any`: also what the action does not fit, to see it refused. */
interface Chosen {
  org: number
  by: number
  which: number
  any: boolean
}
interface Asked {
  org: number
  by: number
}

/** What people ask of Remit. Amounts in minor units. */
export type Human =
  | (Asked & { do: 'create'; partner: number; amount: number })
  | (Chosen & { do: 'edit'; amount: number | null })
  | (Chosen & { do: 'approve'; stale: boolean })
  | (Chosen & { do: 'unapprove' | 'reject' | 'cancel' | 'markPaid' | 'payManually' | 'release' })
  | (Chosen & { do: 'decideReversal'; owed: boolean })
  | (Chosen & { do: 'bulkApprove' | 'bulkMarkPaid'; count: number })
  | (Asked & { do: 'importPayouts'; rows: { partner: number; amount: number; wrong: boolean }[] })
  | (Asked & { do: 'openDeal'; amount: number; currency: string; touches: number[] })
  | (Chosen & { do: 'winDeal' | 'loseDeal' | 'reopenDeal' })
  | (Chosen & { do: 'refund'; percent: number })
  | (Asked & { do: 'dispute'; which: number })
  | (Asked & { do: 'resolveDispute'; which: number; percent: number | null })
  | (Asked & { do: 'withdrawDispute'; which: number })
  | (Asked & { do: 'planRun'; monthsBack: number })
  | (Asked & { do: 'executeRun'; which: number; leaveOut: number | null; stale: boolean })
  | (Asked & { do: 'discardRun'; which: number })
  | (Asked & { do: 'closePeriod' })
  | (Asked & { do: 'addRate'; rate: number })
  | (Asked & {
      do: 'settings'
      set: { approvalsRequired?: 1 | 2; creatorMayApprove?: boolean; destinationHoldHours?: number; minimum?: number }
    })
  | (Asked & { do: 'pause' | 'resume' })
  | (Asked & { do: 'changeRole'; who: number; role: 'admin' | 'manager' | 'viewer' | 'owner' })
  | (Asked & { do: 'disable' | 'enable'; who: number })
  | (Asked & { do: 'archive' | 'restore' | 'syncPartner' | 'setUp'; partner: number })
  | (Asked & { do: 'movePartner'; partner: number })
  | (Asked & { do: 'retryJobs'; topic: number })
  | (Asked & { do: 'trespass'; which: number; how: 'get' | 'approve' | 'markPaid' | 'cancel' | 'update' | 'partner' })
  | (Asked & { do: 'look'; which: number; how: 'list' | 'get' | 'pending' | 'runs' | 'audit' })
  /** A client sends an earlier request once more, with its key: as it was, or with another body. */
  | { do: 'repeat'; back: number; other: boolean }

/** What Remit does by itself, as its processes would. */
export type Machine =
  | { do: 'work'; worker: 0 | 1 }
  | { do: 'deliver'; most: number }
  | { do: 'sweep' }
  | { do: 'catchUp' }
  | { do: 'periodic' }

export const crashPlaces = ['web', 'worker'] as const
export const mailTroubles = ['refused', 'refused_for_good', 'no_answer', 'slow'] as const
export const forgeries = ['unsigned', 'other_secret', 'old', 'changed', 'other_endpoint', 'not_json'] as const
export const stripeFaults = [
  'reset_before',
  'reset_after',
  'hang_before',
  'hang_after',
  'truncate',
  'latency',
  'unauthorized',
  'conflict',
  'rate_limit',
  'lock_timeout',
  'error_before',
  'error_after',
  'bad_gateway_before',
  'bad_gateway_after',
] as const satisfies readonly Fault['kind'][]
export const networkFaults = ['doubled', 'slow_answer'] as const
export const webhookFaults = [
  'duplicate',
  'drop',
  'delay',
  'reorder',
  'corrupt_signature',
  'wrong_secret',
  'stale',
] as const satisfies readonly SwitchKind[]

/** What happens elsewhere: at Stripe, at banks, on the network, to machines. */
export type Outside =
  | { do: 'clock'; ms: number }
  | { do: 'bank'; org: number; partner: number; number: string; returns: boolean }
  | { do: 'account'; org: number; partner: number; transfers: 'active' | 'pending' | 'restricted' | 'rejected' }
  | { do: 'closeAccount' | 'deauthorize'; org: number; partner: number }
  | { do: 'reverse'; which: number; percent: number }
  | { do: 'stranger'; org: number; partner: number; amount: number }
  | { do: 'topUp'; currency: 'usd' | 'eur' | 'jpy'; amount: number }
  | { do: 'bankDay'; until: 'paid' | 'final' }
  | { do: 'fault'; kind: (typeof stripeFaults)[number]; on: 'transfers' | 'any'; nth: number; count: number }
  | { do: 'network'; kind: (typeof networkFaults)[number]; nth: number }
  | { do: 'spoilWebhooks'; kind: (typeof webhookFaults)[number]; count: number }
  | { do: 'down'; count: number }
  | { do: 'forge'; how: (typeof forgeries)[number] }
  | { do: 'replay'; which: number }
  | { do: 'crash'; who: (typeof crashPlaces)[number]; nth: number; when: 'before' | 'after' }
  | { do: 'mail'; trouble: (typeof mailTroubles)[number]; nth: number }

export type Kind = Operation['do']

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** How often each happens. Money comes first, and what breaks it close behind. */
const weights = {
  create: 6,
  edit: 4,
  approve: 14,
  unapprove: 3,
  reject: 2,
  cancel: 3,
  markPaid: 16,
  payManually: 3,
  release: 2,
  decideReversal: 3,
  bulkApprove: 4,
  bulkMarkPaid: 5,
  importPayouts: 2,
  openDeal: 3,
  winDeal: 5,
  loseDeal: 1,
  reopenDeal: 1,
  refund: 3,
  dispute: 2,
  resolveDispute: 2,
  withdrawDispute: 1,
  planRun: 3,
  executeRun: 4,
  discardRun: 1,
  closePeriod: 1,
  addRate: 1,
  settings: 3,
  pause: 1.5,
  resume: 2,
  changeRole: 1,
  disable: 1,
  enable: 1,
  archive: 1,
  restore: 1.5,
  syncPartner: 2,
  setUp: 1.5,
  movePartner: 1,
  retryJobs: 1.5,
  trespass: 2,
  look: 3,
  repeat: 4,
  work: 22,
  deliver: 14,
  sweep: 3,
  catchUp: 2,
  periodic: 1.5,
  clock: 14,
  bank: 3,
  account: 2,
  closeAccount: 0.5,
  deauthorize: 0.4,
  reverse: 4,
  stranger: 1,
  topUp: 3,
  bankDay: 2.5,
  fault: 12,
  network: 4,
  spoilWebhooks: 6,
  down: 1.5,
  forge: 2,
  replay: 2,
  crash: 8,
  mail: 4,
  together: 12,
} satisfies Record<Kind, number>

const concurrent = {
  create: 1,
  edit: 2,
  approve: 5,
  unapprove: 2,
  cancel: 3,
  markPaid: 6,
  payManually: 2,
  bulkMarkPaid: 3,
  bulkApprove: 2,
  executeRun: 2,
  resolveDispute: 1,
  dispute: 1,
  refund: 1,
  pause: 1,
  disable: 1,
  settings: 1,
  syncPartner: 1,
  release: 2,
  decideReversal: 1,
  repeat: 2,
  work: 14,
  deliver: 6,
  sweep: 1,
  catchUp: 1,
} satisfies Partial<Record<Human['do'] | Machine['do'], number>>

type Step = Exclude<Operation, { do: 'together' }>
type Thread = (random: Random) => Step[]

const pay = (random: Random): Step[] => [
  choose('create', random),
  fitting(choose('approve', random)),
  fitting(choose('markPaid', random)),
  choose('work', random),
]
const earn = (random: Random): Step[] => [
  choose('openDeal', random),
  fitting(choose('winDeal', random)),
  { ...choose('planRun', random), monthsBack: 0 } as Step,
  choose('executeRun', random),
]
const payAll = (random: Random): Step[] => [
  fitting(choose('bulkApprove', random)),
  fitting(choose('bulkMarkPaid', random)),
  choose('work', random),
]
const unanswered = (random: Random): Step => ({
  do: 'fault',
  kind: random.pick(['hang_before', 'hang_after', 'reset_before', 'error_before', 'error_after', 'bad_gateway_before']),
  on: 'transfers',
  nth: 1,
  count: 12,
})
const aDay: Step = { do: 'clock', ms: 24 * 60 * 60_000 + 20 * 60_000 }

/**
 * What hangs together: left to chance alone, few histories would get so far. Its steps stand in the history in this order, with
 * whatever else happens between them.
 */
const threads = {
  pay: random => [...pay(random), choose('deliver', random)],
  payMany: random => [
    choose('create', random),
    choose('create', random),
    choose('importPayouts', random),
    ...payAll(random),
  ],
  earn: random => [...earn(random), ...payAll(random)],
  refund: random => [
    ...earn(random),
    ...payAll(random),
    fitting(choose('refund', random)),
    choose('openDeal', random),
    fitting(choose('winDeal', random)),
    { ...choose('planRun', random), monthsBack: 0 } as Step,
    choose('executeRun', random),
  ],
  dispute: random => [
    choose('openDeal', random),
    fitting(choose('winDeal', random)),
    choose('dispute', random),
    choose(random.pick(['resolveDispute', 'withdrawDispute']), random),
  ],
  doubt: random => [
    ...pay(random).slice(0, 3),
    unanswered(random),
    choose('work', random),
    choose('clock', random),
    choose('work', random),
    aDay,
    choose('work', random),
    fitting(choose('release', random)),
    fitting(choose('release', random)),
    fitting(choose('markPaid', random)),
    choose('work', random),
  ],
  reversal: random => [
    ...pay(random),
    choose('deliver', random),
    choose('reverse', random),
    choose('deliver', random),
    choose('work', random),
    fitting(choose('decideReversal', random)),
    fitting(choose('bulkApprove', random)),
  ],
  destination: random => [
    ...pay(random).slice(0, 2),
    choose('bank', random),
    choose(random.pick(['syncPartner', 'deliver', 'markPaid']), random),
    choose('work', random),
    fitting(choose('approve', random)),
    fitting(choose('markPaid', random)),
    choose('work', random),
  ],
  twoApprovals: random => [
    { do: 'settings', org: 0, by: 1 + random.below(8), set: { approvalsRequired: 2 } },
    choose('create', random),
    fitting(choose('approve', random)),
    fitting(choose('approve', random)),
    fitting(choose('markPaid', random)),
    choose('work', random),
  ],
  death: random => [
    ...pay(random).slice(0, 3),
    { ...choose('crash', random), who: 'worker' } as Step,
    choose('work', random),
    choose('work', random),
    { do: 'clock', ms: 121_000 },
    choose('work', random),
  ],
} satisfies Record<string, Thread>

function fitting(step: Step): Step {
  return 'any' in step ? { ...step, any: false } : step
}

/** Everything that will happen in the history of this seed: about forty operations, of which some hang together. */
export function chooseHistory(seed: number): Operation[] {
  const random = randomFrom(seed)
  const rest = Array.from({ length: 16 + random.below(14) }, () => chooseOperation(random))
  let history: Operation[] = rest
  for (let count = 2 + random.below(2); count > 0; count--) history = merged(history, randomThread(random), random)
  return history
}

function randomThread(random: Random): Operation[] {
  return threads[random.pick(Object.keys(threads) as (keyof typeof threads)[])](random)
}

/** Both, each in its own order. */
function merged(one: Operation[], other: Operation[], random: Random): Operation[] {
  const [left, right] = [[...one], [...other]]
  const both: Operation[] = []
  while (left.length + right.length > 0) {
    const from = random.below(left.length + right.length) < left.length ? left : right
    both.push(...from.splice(0, 1))
  }
  return both
}

function chooseOperation(random: Random): Operation {
  const kind = random.weighed(weights)
  if (kind !== 'together') return choose(kind, random)
  const all = Array.from({ length: 2 + random.below(2) }, () => choose(random.weighed(concurrent), random))
  return { do: 'together', all: all as (Human | Machine)[] }
}

function choose(kind: Exclude<Kind, 'together'>, random: Random): Exclude<Operation, { do: 'together' }> {
  const below = random.below
  // Most happens in one company, so that much happens to the same payouts.
  const asked = { org: random.chance(0.75) ? 0 : 1, by: below(1_000) }
  const chosen = { ...asked, which: below(1_000), any: random.chance(0.12) }
  const partner = below(1_000)
  const which = below(1_000)
  switch (kind) {
    case 'create':
      return { do: kind, ...asked, partner, amount: amountOf(random) }
    case 'edit':
      return { do: kind, ...chosen, amount: random.chance(0.6) ? amountOf(random) : null }
    case 'approve':
      return { do: kind, ...chosen, stale: random.chance(0.08) }
    case 'unapprove':
    case 'reject':
    case 'cancel':
    case 'markPaid':
    case 'payManually':
    case 'release':
    case 'winDeal':
    case 'loseDeal':
    case 'reopenDeal':
      return { do: kind, ...chosen }
    case 'decideReversal':
      return { do: kind, ...chosen, owed: random.chance(0.6) }
    case 'bulkApprove':
    case 'bulkMarkPaid':
      return { do: kind, ...chosen, count: 2 + below(4) }
    case 'importPayouts':
      return {
        do: kind,
        ...asked,
        rows: Array.from({ length: 1 + below(3) }, () => ({
          partner: below(1_000),
          amount: amountOf(random),
          wrong: random.chance(0.15),
        })),
      }
    case 'openDeal':
      return {
        do: kind,
        ...asked,
        amount: 10_000 + below(2_000_000),
        currency: random.pick(['USD', 'USD', 'EUR']),
        touches: Array.from({ length: 1 + below(3) }, () => below(1_000)),
      }
    case 'refund':
      return { do: kind, ...chosen, percent: random.pick([5, 33, 50, 100]) }
    case 'dispute':
    case 'withdrawDispute':
    case 'discardRun':
      return { do: kind, ...asked, which }
    case 'resolveDispute':
      return { do: kind, ...asked, which, percent: random.pick([null, -100, -40, 15]) }
    case 'planRun':
      return { do: kind, ...asked, monthsBack: below(2) }
    case 'executeRun':
      return {
        do: kind,
        ...asked,
        which,
        leaveOut: random.chance(0.25) ? below(1_000) : null,
        stale: random.chance(0.1),
      }
    case 'closePeriod':
    case 'pause':
    case 'resume':
      return { do: kind, ...asked }
    case 'addRate':
      return { do: kind, ...asked, rate: 10_500 + below(1_000) }
    case 'settings':
      return {
        do: kind,
        ...asked,
        set: random.pick([
          { approvalsRequired: 2 },
          { approvalsRequired: 1 },
          { creatorMayApprove: true },
          { creatorMayApprove: false },
          { destinationHoldHours: random.pick([0, 24, 72]) },
          { minimum: random.pick([0, 5_000]) },
        ]),
      }
    case 'changeRole':
      return { do: kind, ...asked, who: which, role: random.pick(['admin', 'admin', 'manager', 'viewer', 'owner']) }
    case 'disable':
    case 'enable':
      return { do: kind, ...asked, who: which }
    case 'archive':
    case 'restore':
    case 'syncPartner':
    case 'setUp':
    case 'movePartner':
      return { do: kind, ...asked, partner }
    case 'retryJobs':
      return { do: kind, ...asked, topic: which }
    case 'trespass':
      return {
        do: kind,
        ...asked,
        which,
        how: random.pick(['get', 'approve', 'markPaid', 'cancel', 'update', 'partner']),
      }
    case 'look':
      return { do: kind, ...asked, which, how: random.pick(['list', 'get', 'pending', 'runs', 'audit']) }
    case 'repeat':
      return { do: kind, back: random.chance(0.6) ? 0 : below(8), other: random.chance(0.3) }
    case 'work':
      return { do: kind, worker: random.chance(0.5) ? 0 : 1 }
    case 'deliver':
      return { do: kind, most: random.pick([1, 3, 20, 100]) }
    case 'sweep':
    case 'catchUp':
    case 'periodic':
      return { do: kind }
    case 'clock':
      return { do: kind, ms: timeOf(random) }
    case 'bank':
      return {
        do: kind,
        org: asked.org,
        partner,
        number: random.pick(['000123456789', '000999999991', '000555555555', '000111111113', '000111111116']),
        returns: random.chance(0.25),
      }
    case 'account':
      return {
        do: kind,
        org: asked.org,
        partner,
        transfers: random.weighed({ active: 6, pending: 1, restricted: 3, rejected: 0.4 }),
      }
    case 'closeAccount':
    case 'deauthorize':
      return { do: kind, org: asked.org, partner }
    case 'reverse':
      return { do: kind, which, percent: random.pick([10, 30, 50, 100, 100]) }
    case 'stranger':
      return { do: kind, org: asked.org, partner, amount: 100 + below(5_000) }
    case 'topUp':
      return { do: kind, currency: random.pick(['usd', 'usd', 'eur', 'jpy']), amount: 100_000 + below(2_000_000) }
    case 'bankDay':
      return { do: kind, until: random.chance(0.5) ? 'paid' : 'final' }
    case 'fault':
      return {
        do: kind,
        kind: random.pick(stripeFaults),
        on: random.chance(0.6) ? 'transfers' : 'any',
        nth: 1 + below(2),
        count: random.chance(0.75) ? 1 : 2 + below(6),
      }
    case 'network':
      return { do: kind, kind: random.pick(networkFaults), nth: 1 + below(3) }
    case 'spoilWebhooks':
      return { do: kind, kind: random.pick(webhookFaults), count: 1 + below(4) }
    case 'down':
      return { do: kind, count: 1 + below(5) }
    case 'forge':
      return { do: kind, how: random.pick(forgeries) }
    case 'replay':
      return { do: kind, which }
    case 'crash':
      return {
        do: kind,
        who: random.chance(0.75) ? 'worker' : 'web',
        nth: 1 + below(9),
        when: random.chance(0.5) ? 'before' : 'after',
      }
    case 'mail':
      return { do: kind, trouble: random.pick(mailTroubles), nth: 1 + below(3) }
  }
}

function amountOf(random: Random): number {
  return random.weighed({ small: 2, usual: 8, large: 1, tiny: 0.3 }) === 'usual'
    ? 1_000 + random.below(200_000)
    : random.pick([1, 49, 100, 999, 4_999, 1_000_000, 3_000_000])
}

function timeOf(random: Random): number {
  const kind = random.weighed({
    seconds: 6,
    minutes: 8,
    lease: 4,
    hours: 4,
    day: 2,
    keyLife: 1.5,
    week: 0.6,
    back: 0.6,
  })
  switch (kind) {
    case 'seconds':
      return (1 + random.below(30)) * second
    case 'minutes':
      return (1 + random.below(30)) * minute
    // Just past the leases, two and five minutes.
    case 'lease':
      return random.pick([121 * second, 301 * second])
    case 'hours':
      return (1 + random.below(12)) * hour
    case 'day':
      return day + random.below(12) * hour
    // Just before and after the day that Stripe keeps a key for.
    case 'keyLife':
      return random.pick([22 * hour + 55 * minute, 23 * hour + 5 * minute, 24 * hour + 20 * minute])
    case 'week':
      return (3 + random.below(6)) * day
    // A machine's clock that is set right.
    case 'back':
      return -random.below(20) * second
  }
}

import { type DemoPartner, lumenPartners } from '#db/seed/partners.ts'
import { lumen, lumenStaff } from '#db/seed.ts'
import type { Actor } from '#server/work.ts'
import { addPartner, type CastPartner, type Company, openCompany } from './cast.ts'
import { planDeals } from './deals.ts'
import { planEarnings } from './earnings.ts'
import { type Entry, earningsOf, type Outcome, planRun } from './history.ts'
import { planEndings, planPresent } from './present.ts'
import { day, hour, type Stage } from './stage.ts'

/** What happened in particular: by how many runs ago, and to whom. Everything else is left to chance. */
const told: Record<string, Pick<Entry, 'outcome' | 'code' | 'decided'>> = {
  '1 oakline': { outcome: 'retried' },
  '1 prairie': { outcome: 'lost' },
  '1 wharfside': { outcome: 'paid_today' },
  '1 clairval': { outcome: 'rejected' },
  '1 ponte': { outcome: 'failed', code: 'transfers_not_allowed' },
  '1 cedarpoint': { outcome: 'approved' },
  '1 fenland': { outcome: 'approved' },
  '2 brightpath': { outcome: 'partly_reversed' },
  '2 moorlane': { outcome: 'canceled' },
  '2 blueharbor': { outcome: 'manual' },
  '3 redwood': { outcome: 'reversed', decided: 'owed' },
  '4 hafenblick': { outcome: 'partly_reversed', decided: 'not_owed' },
  '6 northwind': { outcome: 'rejected' },
  '7 thistle': { outcome: 'reversed', decided: 'not_owed' },
  '9 northwind': { outcome: 'partly_reversed', decided: 'not_owed' },
  '11 atelier': { outcome: 'retried' },
}

/** The last run, three days ago: half of it is on its way, the rest waits, each for a reason of its own. */
const lastRun: Record<string, Outcome> = {
  northwind: 'paid',
  brightpath: 'paid',
  atelier: 'paid',
  hafenblick: 'paid',
  thistle: 'paid',
  redwood: 'paid',
  kestrel: 'paid',
  oakline: 'paid',
  prairie: 'paid',
  summit: 'failed',
  lantern: 'approved',
  polderwerk: 'approved',
  nordlicht: 'approved',
  clairval: 'approved',
  moorlane: 'approved',
  blueharbor: 'approved',
  granite: 'approved',
  cedarpoint: 'approved',
  fenland: 'approved',
  copperline: 'approved',
  ponte: 'approved',
  rionorte: 'approved',
  tidewater: 'approved',
  alpenrand: 'rejected',
}

export interface Cast {
  company: Company
  partners: Map<string, CastPartner>
  staff: Record<keyof typeof lumenStaff, Actor>
}

/** Plans Lumen Cloud's history: `runs` payout runs, one every two weeks, up to today. */
export async function planLumen(stage: Stage, passwordHash: string, runs: number): Promise<Cast> {
  const { today, clock } = stage
  const opened = today - (runs + 1) * 14 * day - 20 * day
  clock.set(opened)
  const company = await openCompany(stage, lumen, lumenStaff, passwordHash)
  const cast: Cast = { company, partners: new Map(), staff: company.staff as Cast['staff'] }
  for (const [index, data] of lumenPartners.entries()) {
    const at = Math.max(opened + (index + 1) * hour, today - data.since * 30.4 * day)
    stage.plan(at, async () => {
      cast.partners.set(data.key, await addPartner(stage, company, cast.staff.tom, data, index + 1, passwordHash))
    })
  }
  for (let ago = runs; ago >= 1; ago--) planOrdinaryRun(stage, cast, ago)
  planLastRun(stage, cast)
  const dealsSince = Math.min(170, runs * 14)
  planDeals(stage, cast, dealsSince)
  planEarnings(stage, cast, dealsSince)
  planEndings(stage, cast)
  planPresent(stage, cast)
  return cast
}

/** Office hours, and never on a weekend. */
function workday(at: number): number {
  const morning = Math.floor(at / day) * day + 14 * hour
  const weekday = new Date(morning).getUTCDay()
  return morning - (weekday === 0 ? 2 : weekday === 6 ? 1 : 0) * day
}

function planOrdinaryRun(stage: Stage, cast: Cast, ago: number): void {
  const { staff } = cast
  const importAt = workday(stage.today - 3 * day - ago * 14 * day) + stage.chance.between(0, 90) * 60_000
  // Two take turns, so that who prepares never approves, and who approves seldom pays.
  const [approver, payer] = ago % 2 === 0 ? [staff.marcus, staff.aisha] : [staff.aisha, staff.elena]
  // Who is in it is known only when it is imported: a partner may not have joined yet.
  stage.plan(importAt - hour, async () => {
    const entries = lumenPartners.flatMap(data => entryOf(stage, cast, data, ago, importAt))
    planRun(stage, cast.company, {
      importAt,
      approveAt: importAt + 19 * hour + stage.chance.between(0, 200) * 60_000,
      payAt: importAt + 43 * hour + stage.chance.between(0, 200) * 60_000,
      entries,
      by: { prepares: staff.tom, approves: [approver], pays: payer },
    })
  })
}

function entryOf(stage: Stage, cast: Cast, data: DemoPartner, ago: number, at: number): Entry[] {
  const partner = cast.partners.get(data.key)
  const fixed = told[`${ago} ${data.key}`]
  if (!partner || (!fixed && stage.chance.fraction() >= data.often)) return []
  const amount = earningsOf(stage, partner, at)
  if (fixed) return [{ partner, amount, ...fixed }]
  return [{ partner, amount, outcome: outcomeOf(stage, partner, ago) }]
}

function outcomeOf(stage: Stage, { accountId, ending }: CastPartner, ago: number): Outcome {
  // Without an account, or with one that Stripe has refused, somebody pays by hand.
  if (accountId === null || (ending === 'rejected' && ago < 7)) return 'manual'
  const luck = stage.chance.fraction()
  if (luck < 0.03) return 'rejected'
  if (luck < 0.045) return 'canceled'
  if (luck < 0.075) return 'manual'
  if (luck < 0.09) return 'retried'
  return 'paid'
}

function planLastRun(stage: Stage, cast: Cast): void {
  const { today, chance } = stage
  const { staff, company } = cast
  const importAt = today - 3 * day - 4 * hour
  stage.plan(importAt - hour, async () => {
    const entries = lumenPartners.flatMap(data => {
      const partner = cast.partners.get(data.key)
      const outcome = lastRun[data.key]
      if (!partner || !outcome) return []
      // One is too small to send.
      const amount = data.key === 'granite' ? 1_840 : earningsOf(stage, partner, importAt)
      return [{ partner, amount, outcome, code: 'balance_insufficient' }]
    })
    planRun(stage, company, {
      importAt,
      approveAt: today - 2 * day - 5 * hour,
      payAt: today - 26 * hour - chance.between(0, 30) * 60_000,
      entries,
      by: { prepares: staff.tom, approves: [staff.aisha], pays: staff.marcus },
    })
  })
}

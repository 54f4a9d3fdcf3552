import { groupBy } from '#server/lib/group.ts'
import { type Money, sumByCurrency } from '#server/lib/money.ts'
import type { Blocker } from '#server/payouts/blockers.ts'
import type { PayoutRow, Stats } from '#server/payouts/view.ts'
import type { Caller } from '#server/router.ts'

/** Some payouts, as a number and sums; amounts in minor units, by currency. */
export interface Pile {
  count: number
  amounts: Money[]
}

/** What stands between payouts and their money: one reason, how much waits for it, and who. */
export interface Obstacle extends Pile {
  code: Blocker['code']
  clears: Blocker['clears']
  message: string
  partners: { id: string; name: string }[]
}

export interface WaitingPartner extends Pile {
  id: string
  name: string
  message: string
}

export interface Inbox {
  stats: Stats
  /** Those that this viewer may approve, and may send. */
  toApprove: Pile
  toPay: Pile
  failed: { pile: Pile; rows: PayoutRow[] }
  review: PayoutRow[]
  obstacles: Obstacle[]
  waitingPartners: WaitingPartner[]
  /** More payouts are open than were looked at; figures from rows are then lower bounds. */
  partial: boolean
}

/** What waits, for whom and why. Read from the oldest hundred of each status, whose rows carry actions and blockers. */
export async function readInbox(api: Caller): Promise<Inbox> {
  const oldest = (status: PayoutRow['status']) => api.payouts.list({ status: [status], sort: 'oldest', limit: 100 })
  const [stats, pending, approved, failed, processing] = await Promise.all([
    api.payouts.stats(),
    oldest('pending_approval'),
    oldest('approved'),
    oldest('failed'),
    oldest('processing'),
  ])
  const open = [...pending.rows, ...approved.rows, ...failed.rows]
  return {
    stats,
    toApprove: pile(pending.rows.filter(row => may(row, 'approve'))),
    toPay: pile(approved.rows.filter(row => may(row, 'markPaid'))),
    failed: { pile: stats.failed, rows: failed.rows.slice(0, 5) },
    review: processing.rows.filter(row => row.blockers.some(({ code }) => code === 'needs_review')),
    obstacles: obstaclesOf(open),
    waitingPartners: waitingPartners(open),
    partial: [pending, approved, failed].some(page => page.next !== null),
  }
}

function may(row: PayoutRow, action: 'approve' | 'markPaid'): boolean {
  return row.actions.some(offer => offer.action === action && offer.refusal === null)
}

function pile(rows: PayoutRow[]): Pile {
  const amounts = sumByCurrency(rows).sort((a, b) => a.currency.localeCompare(b.currency))
  return { count: rows.length, amounts }
}

/** That nobody has approved it is no obstacle but the work itself; it stands above. */
function realBlockers(row: PayoutRow): Blocker[] {
  return row.blockers.filter(({ code }) => code !== 'not_approved' && code !== 'second_approval')
}

function obstaclesOf(rows: PayoutRow[]): Obstacle[] {
  const pairs = rows.flatMap(row => realBlockers(row).map(blocker => ({ row, blocker })))
  return [...groupBy(pairs, ({ blocker }) => blocker.code)]
    .flatMap(([code, found]) => {
      const [first] = found
      if (!first) return []
      const own = found.map(({ row }) => row)
      const partners = new Map(own.map(row => [row.partner.id, row.partner]))
      return [
        {
          code,
          clears: first.blocker.clears,
          message: first.blocker.message,
          partners: [...partners.values()],
          ...pile(own),
        },
      ]
    })
    .sort((a, b) => b.count - a.count)
}

/** Partners whose own account keeps their money waiting. */
function waitingPartners(rows: PayoutRow[]): WaitingPartner[] {
  const blocked = rows.flatMap(row => {
    const blocker = row.blockers.find(({ code }) => code.startsWith('account_') || code === 'no_account')
    return blocker ? [{ row, blocker }] : []
  })
  return [...groupBy(blocked, ({ row }) => row.partner.id)]
    .flatMap(([id, found]) => {
      const [first] = found
      if (!first) return []
      return [
        { id, name: first.row.partner.name, message: first.blocker.message, ...pile(found.map(({ row }) => row)) },
      ]
    })
    .sort((a, b) => b.count - a.count)
}

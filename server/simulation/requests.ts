import { type SQL, sql } from 'drizzle-orm'
import type { Permission } from '../auth/rules.ts'
import { topicLabels } from '../outbox/rules.ts'
import { type PayoutStatus, payoutNumber } from '../payouts/rules.ts'
import type { Human } from './operations.ts'
import type { World } from './world.ts'

const day = 24 * 60 * 60_000

/** What a person asks: a procedure and its input, and the words for the story. */
export interface Asking {
  procedure: string
  input: Record<string, unknown>
  says: string
}

/** What each action needs; people who may are asked more often than those who may not. */
export const needs: Record<Exclude<Human['do'], 'repeat'>, Permission> = {
  create: 'payouts.prepare',
  edit: 'payouts.prepare',
  approve: 'payouts.approve',
  unapprove: 'payouts.approve',
  reject: 'payouts.approve',
  cancel: 'payouts.pay',
  markPaid: 'payouts.pay',
  payManually: 'payouts.pay',
  release: 'payouts.pay',
  decideReversal: 'payouts.pay',
  bulkApprove: 'payouts.approve',
  bulkMarkPaid: 'payouts.pay',
  importPayouts: 'payouts.prepare',
  openDeal: 'deals.manage',
  winDeal: 'deals.manage',
  loseDeal: 'deals.manage',
  reopenDeal: 'deals.manage',
  refund: 'deals.manage',
  dispute: 'commissions.dispute',
  resolveDispute: 'disputes.resolve',
  withdrawDispute: 'commissions.dispute',
  planRun: 'runs.prepare',
  executeRun: 'runs.prepare',
  discardRun: 'runs.prepare',
  closePeriod: 'periods.close',
  addRate: 'rates.manage',
  settings: 'settings.manage',
  pause: 'transfers.pause',
  resume: 'transfers.pause',
  changeRole: 'team.manage',
  disable: 'team.manage',
  enable: 'team.manage',
  archive: 'partners.manage',
  restore: 'partners.manage',
  syncPartner: 'partners.manage',
  setUp: 'partners.connect',
  movePartner: 'partners.manage',
  retryJobs: 'jobs.retry',
  trespass: 'payouts.pay',
  look: 'payouts.read',
}

/** Which payouts an action is meant for. */
const statusesFor: Partial<Record<Human['do'], PayoutStatus[]>> = {
  edit: ['pending_approval', 'approved', 'failed'],
  approve: ['pending_approval'],
  unapprove: ['approved', 'failed'],
  reject: ['pending_approval'],
  cancel: ['pending_approval', 'approved', 'failed'],
  markPaid: ['approved', 'failed'],
  payManually: ['approved', 'failed'],
  release: ['processing'],
  decideReversal: ['paid', 'reversed'],
  bulkApprove: ['pending_approval'],
  bulkMarkPaid: ['approved', 'failed'],
}

interface PayoutRow {
  id: string
  number: number
  version: number
  status: PayoutStatus
}

export function pickFrom<T>(items: readonly T[], which: number): T | undefined {
  return items.length === 0 ? undefined : items[which % items.length]
}

/** What the operation comes to now; empty where there is nothing that it could be about. What comes later in the list depends on what is before it. */
export async function askingsOf(world: World, operation: Exclude<Human, { do: 'repeat' }>): Promise<Asking[]> {
  const { db } = world
  const company = world.companies[operation.org % world.companies.length]!
  const orgId = company.org.id
  const all = <T>(query: SQL) => db.read.all<T>(query)
  const one = (procedure: string, input: Record<string, unknown>, says: string) => [{ procedure, input, says }]

  async function payoutsFor(operation: { do: Human['do']; any: boolean }, extra = sql`true`): Promise<PayoutRow[]> {
    const statuses = operation.any ? undefined : statusesFor[operation.do]
    const fits = statuses ? sql`status IN (SELECT value FROM json_each(${JSON.stringify(statuses)}))` : sql`true`
    return all<PayoutRow>(
      sql`SELECT id, number, version, status FROM payouts WHERE org_id = ${orgId} AND ${fits} AND ${extra} ORDER BY number`,
    )
  }
  /** Every other time as from a page that shows a version. */
  const at = ({ id, version }: PayoutRow, which: number) =>
    which % 2 === 0 ? { payoutId: id, version } : { payoutId: id }

  switch (operation.do) {
    case 'create': {
      const partner = pickFrom(company.partners, operation.partner)!
      return one(
        'payouts.create',
        { partnerId: partner.id, amount: operation.amount },
        `creates a payout of ${operation.amount} ${partner.currency} to ${partner.name}`,
      )
    }
    case 'edit': {
      const payout = pickFrom(await payoutsFor(operation), operation.which)
      if (!payout) return []
      const change =
        operation.amount === null ? { notes: `Noted at ${world.clock.now()}` } : { amount: operation.amount }
      return one(
        'payouts.update',
        { ...at(payout, operation.which), ...change },
        `edits ${payoutNumber(payout.number)}${operation.amount === null ? '' : ` to ${operation.amount}`}`,
      )
    }
    case 'approve': {
      const payout = pickFrom(await payoutsFor(operation), operation.which)
      if (!payout) return []
      return one(
        'payouts.approve',
        { ...at(payout, operation.which), ...(operation.stale ? { digest: 'f'.repeat(64) } : {}) },
        `approves ${payoutNumber(payout.number)}${operation.stale ? ' from a stale page' : ''}`,
      )
    }
    case 'unapprove':
    case 'reject':
    case 'cancel':
    case 'markPaid':
    case 'payManually':
    case 'release':
    case 'decideReversal': {
      const extra = operation.any
        ? sql`true`
        : operation.do === 'decideReversal'
          ? sql`amount_reversed > 0`
          : operation.do === 'release'
            ? sql`needs_review = 1`
            : sql`true`
      const payout = pickFrom(await payoutsFor(operation, extra), operation.which)
      if (!payout) return []
      const target = at(payout, operation.which)
      const number = payoutNumber(payout.number)
      const today = new Date(world.clock.now()).toISOString().slice(0, 10)
      switch (operation.do) {
        case 'unapprove':
          return one('payouts.unapprove', target, `sends ${number} back for approval`)
        case 'reject':
          return one('payouts.reject', { ...target, reason: 'Not agreed.' }, `rejects ${number}`)
        case 'cancel':
          return one('payouts.cancel', target, `cancels ${number}`)
        case 'markPaid':
          return one('payouts.markPaid', target, `marks ${number} paid`)
        case 'payManually':
          return one(
            'payouts.markPaid',
            { ...target, manual: { method: 'wise', reference: `Wire for ${number}`, paidOn: today } },
            `records ${number} as paid outside Stripe`,
          )
        case 'release':
          return one(
            'payouts.release',
            { ...target, evidence: 'Looked at Stripe’s list: no such transfer.' },
            `releases ${number}`,
          )
        case 'decideReversal':
          return one(
            'payouts.decideReversal',
            { ...target, decision: operation.owed ? 'owed' : 'not_owed' },
            `decides that what was taken back of ${number} is ${operation.owed ? '' : 'not '}owed`,
          )
      }
      break
    }
    case 'bulkApprove':
    case 'bulkMarkPaid': {
      const found = await payoutsFor(operation)
      const from = found.length === 0 ? 0 : operation.which % found.length
      const chosen = found.slice(from, from + operation.count)
      if (chosen.length === 0) return []
      const input = {
        payoutIds: chosen.map(payout => payout.id),
        ...(operation.which % 2 === 0
          ? { versions: Object.fromEntries(chosen.map(payout => [payout.id, payout.version])) }
          : {}),
      }
      const numbers = chosen.map(payout => payoutNumber(payout.number)).join(', ')
      return operation.do === 'bulkApprove'
        ? one('payouts.bulkApprove', input, `approves ${numbers} together`)
        : one('payouts.bulkMarkPaid', input, `marks ${numbers} paid together`)
    }
    case 'importPayouts': {
      const lines = operation.rows.map(({ partner, amount, wrong }) => {
        const { email, currency } = pickFrom(company.partners, partner)!
        const text =
          currency === 'JPY' ? String(amount) : `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`
        return `${email},${wrong ? 'a lot' : text}`
      })
      const text = ['partner email,amount', ...lines].join('\n')
      return [
        {
          procedure: 'payouts.importDraft',
          input: { fileName: 'sheet.csv', text },
          says: `uploads a sheet of ${lines.length}`,
        },
        {
          procedure: 'payouts.importCommit',
          input: { importId: '', skipDuplicates: true, skipErrors: true },
          says: 'imports it',
        },
      ]
    }
    case 'openDeal': {
      const now = world.clock.now()
      const touches = operation.touches.map((which, index) => ({
        procedure: 'deals.addTouch',
        input: {
          dealId: '',
          partnerId: pickFrom(company.partners, which)!.id,
          type: pickFrom(['referral', 'introduction', 'demo', 'proposal'], which)!,
          at: now - (index + 1) * day,
        },
        says: `adds a touch of ${pickFrom(company.partners, which)!.name}`,
      }))
      return [
        {
          procedure: 'deals.create',
          input: {
            name: 'Forty seats',
            accountName: 'Northwind',
            amount: operation.amount,
            currency: operation.currency,
            openedAt: now - 30 * day,
          },
          says: `opens a deal of ${operation.amount} ${operation.currency}`,
        },
        ...touches,
      ]
    }
    case 'winDeal':
    case 'loseDeal':
    case 'reopenDeal':
    case 'refund': {
      const stages = { winDeal: ['open'], loseDeal: ['open', 'won'], reopenDeal: ['won', 'lost'], refund: ['won'] }
      const fits = operation.any
        ? sql`true`
        : sql`stage IN (SELECT value FROM json_each(${JSON.stringify(stages[operation.do])}))`
      const deals = await all<{ id: string; number: number; amount: number }>(
        sql`SELECT id, number, amount FROM deals WHERE org_id = ${orgId} AND ${fits} ORDER BY number`,
      )
      const deal = pickFrom(deals, operation.which)
      if (!deal) return []
      const [dealId, name] = [deal.id, `deal ${deal.number}`]
      switch (operation.do) {
        case 'winDeal':
          return one('deals.win', { dealId }, `wins ${name}`)
        case 'loseDeal':
          return one('deals.lose', { dealId }, `loses ${name}`)
        case 'reopenDeal':
          return one('deals.reopen', { dealId, reason: 'Signed too early.' }, `reopens ${name}`)
        case 'refund':
          return one(
            'deals.refund',
            {
              dealId,
              amount: Math.max(1, Math.floor((deal.amount * operation.percent) / 100)),
              reason: 'Fewer seats.',
            },
            `refunds ${operation.percent} % of ${name}`,
          )
      }
      break
    }
    case 'dispute': {
      const rows = await all<{ id: string; number: number }>(sql`
        SELECT id, number FROM commissions WHERE org_id = ${orgId}
          AND partner_id IN (SELECT partner_id FROM memberships WHERE org_id = ${orgId} AND partner_id IS NOT NULL) ORDER BY number`)
      const row = pickFrom(rows, operation.which)
      return row
        ? one(
            'disputes.open',
            { commissionId: row.id, reason: 'It should be more.' },
            `disputes commission ${row.number}`,
          )
        : []
    }
    case 'resolveDispute':
    case 'withdrawDispute': {
      const rows = await all<{ id: string; amount: number }>(sql`
        SELECT d.id, c.amount FROM disputes d JOIN commissions c ON c.id = d.commission_id
        WHERE d.org_id = ${orgId} AND d.status = 'open' ORDER BY d.opened_at, d.id`)
      const row = pickFrom(rows, operation.which)
      if (!row) return []
      if (operation.do === 'withdrawDispute')
        return one('disputes.withdraw', { disputeId: row.id }, 'withdraws a dispute')
      const amount = operation.percent === null ? 0 : Math.trunc((row.amount * operation.percent) / 100)
      return amount === 0
        ? one(
            'disputes.resolve',
            { disputeId: row.id, decision: 'release', reason: 'As agreed.' },
            'keeps what was disputed',
          )
        : one(
            'disputes.resolve',
            { disputeId: row.id, decision: 'adjust', amount, reason: 'You are right.' },
            `adjusts what was disputed by ${amount}`,
          )
    }
    case 'planRun': {
      const now = new Date(world.clock.now())
      const period = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - operation.monthsBack, 1))
        .toISOString()
        .slice(0, 7)
      return one('runs.plan', { period }, `plans a payout run for ${period}`)
    }
    case 'executeRun':
    case 'discardRun': {
      const runs = await all<{ id: string; number: number; digest: string }>(
        sql`SELECT id, number, digest FROM payout_runs WHERE org_id = ${orgId} AND status = 'draft' ORDER BY number`,
      )
      const run = pickFrom(runs, operation.which)
      if (!run) return []
      if (operation.do === 'discardRun') return one('runs.discard', { runId: run.id }, `discards run ${run.number}`)
      const execute = {
        procedure: 'runs.execute',
        input: { runId: run.id, digest: operation.stale ? 'f'.repeat(64) : run.digest },
        says: `executes run ${run.number}${operation.stale ? ' from a stale page' : ''}`,
      }
      const rows = await all<{ id: string }>(
        sql`SELECT id FROM payout_run_rows WHERE run_id = ${run.id} AND outcome = 'pay' ORDER BY id`,
      )
      const out = operation.leaveOut === null ? undefined : pickFrom(rows, operation.leaveOut)
      if (!out) return [execute]
      return [
        {
          procedure: 'runs.include',
          input: { runId: run.id, rowIds: [out.id], included: false },
          says: `leaves a row out of run ${run.number}`,
        },
        execute,
      ]
    }
    case 'closePeriod': {
      const [last] = await all<{ period: string | null }>(
        sql`SELECT max(period) AS period FROM closed_periods WHERE org_id = ${orgId}`,
      )
      const [year, month] = (last?.period ?? '2026-01').split('-').map(Number) as [number, number]
      const period = new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7)
      return one('periods.close', { period }, `closes ${period}`)
    }
    case 'addRate': {
      const today = new Date(world.clock.now()).toISOString().slice(0, 10)
      const rate = `${Math.floor(operation.rate / 10_000)}.${String(operation.rate % 10_000).padStart(4, '0')}`
      return [
        {
          procedure: 'rates.add',
          input: { base: 'EUR', quote: 'USD', rate, day: today },
          says: `enters ${rate} dollars for a euro`,
        },
        {
          procedure: 'rates.add',
          input: { base: 'USD', quote: 'JPY', rate: '150.25', day: today },
          says: 'enters the rate of the yen',
        },
      ]
    }
    case 'settings': {
      const { minimum, ...set } = operation.set
      const minimums =
        minimum === undefined ? {} : { minimums: minimum === 0 ? [] : [{ currency: 'USD', amount: minimum }] }
      return one('orgs.updateSettings', { ...set, ...minimums }, `sets ${JSON.stringify(operation.set)}`)
    }
    case 'pause':
      return one('orgs.pauseTransfers', { reason: 'We look into something.' }, 'stops all transfers')
    case 'resume':
      return one('orgs.resumeTransfers', {}, 'resumes transfers')
    case 'changeRole':
    case 'disable':
    case 'enable': {
      const filter = operation.do === 'enable' ? sql`disabled_at IS NOT NULL` : sql`disabled_at IS NULL`
      const members = await all<{ id: string }>(
        sql`SELECT id FROM memberships WHERE org_id = ${orgId} AND ${filter} ORDER BY id`,
      )
      const member = pickFrom(members, operation.who)
      if (!member) return []
      const name = company.people.find(person => person.membershipId === member.id)?.name ?? member.id
      if (operation.do === 'changeRole')
        return one(
          'orgs.changeRole',
          { membershipId: member.id, role: operation.role },
          `makes ${name} ${operation.role}`,
        )
      return operation.do === 'disable'
        ? one('orgs.disableMember', { membershipId: member.id }, `disables ${name}`)
        : one('orgs.enableMember', { membershipId: member.id }, `enables ${name}`)
    }
    case 'archive':
    case 'restore':
    case 'syncPartner':
    case 'movePartner': {
      const filter = operation.do === 'restore' ? sql`archived_at IS NOT NULL` : sql`archived_at IS NULL`
      const rows = await all<{ id: string; name: string }>(
        sql`SELECT id, name FROM partners WHERE org_id = ${orgId} AND ${filter} ORDER BY id`,
      )
      const partner = pickFrom(rows, operation.partner)
      if (!partner) return []
      const partnerId = partner.id
      switch (operation.do) {
        case 'archive':
          return one('partners.archive', { partnerId }, `archives ${partner.name}`)
        case 'restore':
          return one('partners.restore', { partnerId }, `restores ${partner.name}`)
        case 'syncPartner':
          return one('partners.sync', { partnerId }, `reads ${partner.name}'s account`)
        case 'movePartner':
          return one(
            'partners.update',
            { partnerId, email: `${partner.name.toLowerCase()}.${operation.partner}@example.net` },
            `writes to ${partner.name} elsewhere`,
          )
      }
      break
    }
    case 'setUp':
      return one('partners.startSetup', {}, 'goes on with the set-up at Stripe')
    case 'retryJobs': {
      const topic = pickFrom(Object.keys(topicLabels), operation.topic)!
      return one('jobs.retryAll', { topic }, `retries parked jobs of ${topic}`)
    }
    case 'trespass': {
      const other = world.companies[(operation.org + 1) % world.companies.length]!
      if (operation.how === 'partner') {
        const partner = pickFrom(other.partners, operation.which)!
        return one(
          'payouts.create',
          { partnerId: partner.id, amount: 1_000 },
          `creates a payout for a foreign partner, ${partner.name}`,
        )
      }
      const rows = await all<{ id: string; number: number }>(
        sql`SELECT id, number FROM payouts WHERE org_id = ${other.org.id} ORDER BY number`,
      )
      const payout = pickFrom(rows, operation.which)
      if (!payout) return []
      const input = { payoutId: payout.id, ...(operation.how === 'update' ? { amount: 1 } : {}) }
      return one(
        `payouts.${operation.how}`,
        input,
        `tries to ${operation.how} a foreign payout, ${payoutNumber(payout.number)} of ${other.org.name}`,
      )
    }
    case 'look': {
      switch (operation.how) {
        case 'list':
          return one('payouts.list', {}, 'lists payouts')
        case 'pending':
          return one('commissions.calculatePending', {}, 'asks what is owed')
        case 'runs':
          return one('runs.list', {}, 'lists runs')
        case 'audit':
          return one('audit.list', {}, 'reads the log')
        case 'get': {
          const payout = pickFrom(await payoutsFor({ do: 'look', any: true }), operation.which)
          return payout ? one('payouts.get', { payoutId: payout.id }, `looks at ${payoutNumber(payout.number)}`) : []
        }
      }
    }
  }
  return []
}

import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { checkInvariants } from '../invariants/check.ts'
import { reconcile } from '../stripe/reconcile.ts'
import { judgeDecisions } from './judge-decisions.ts'
import type { World } from './world.ts'

/** Made by hand at Stripe: Remit marks its own. */
const isStranger = (transfer: Stripe.Transfer) => transfer.metadata?.env === undefined

interface Paying {
  id: string
  org: string
  number: number
  status: string
  amount: number
  currency: string
  reversed: number
  destination: string | null
  transfer: string | null
  via: string | null
  needsReview: number
  approvedDigest: string | null
}

/** Cheap enough for every few steps: what Stripe holds against what was approved. */
export async function judgeMoney(world: World): Promise<string[]> {
  const rows = await world.db.read.all<Paying>(sql`
    SELECT id, org_id AS org, number, status, amount, currency, amount_reversed AS reversed, destination, transfer_id AS transfer,
      paid_via AS via, needs_review AS needsReview, approved_digest AS approvedDigest FROM payouts`)
  const payouts = new Map(rows.map(row => [row.id, row]))
  const incidents = new Set(
    (
      await world.db.read.all<{ id: string }>(sql`SELECT target_id AS id FROM audit WHERE action = 'payout.incident'`)
    ).map(row => row.id),
  )
  const problems: string[] = []
  const live = new Map<string, number>()
  for (const transfer of world.control<Stripe.Transfer[]>('GET', '/_sim/transfers')) {
    if (isStranger(transfer)) continue
    const payout = payouts.get(transfer.metadata?.payout_id ?? '')
    if (!payout) {
      problems.push(`${transfer.id} pays no payout`)
      continue
    }
    const about = `payout ${payout.number} of ${payout.org.slice(-4)} (${payout.status})`
    if (!transfer.reversed) live.set(payout.id, (live.get(payout.id) ?? 0) + 1)
    // Dollars, euros and yen are the same number at Stripe as here: reckoned with the product's own function, its mistakes would hide.
    if (transfer.amount !== payout.amount || transfer.currency !== payout.currency.toLowerCase())
      problems.push(
        `${about} is ${payout.amount} ${payout.currency}, and ${transfer.amount} ${transfer.currency} was sent`,
      )
    if (payout.destination !== null && transfer.destination !== payout.destination)
      problems.push(
        `${about} was approved for ${payout.destination}, and ${transfer.id} went to ${transfer.destination}`,
      )
    if (!['processing', 'paid', 'reversed'].includes(payout.status) && !incidents.has(payout.id))
      problems.push(`${about} has transfer ${transfer.id}, and no incident says so`)
    if (payout.via === 'manual') problems.push(`${about} was paid outside, and by ${transfer.id}`)
  }
  for (const [id, count] of live)
    if (count > 1)
      problems.push(
        `payout ${payouts.get(id)?.number} was sent ${count} times${incidents.has(id) ? ' (on record)' : ''}`,
      )
  return problems
}

/** After everything has come to rest. */
export async function judge(world: World): Promise<string[]> {
  return [
    ...(await judgeMoney(world)),
    ...(await judgeRest(world)),
    ...(await judgeBooks(world)),
    ...(await judgeDatabase(world)),
    ...(await judgeMails(world)),
    ...(await judgeReconciliation(world)),
    ...(await judgeDecisions(world)),
  ]
}

async function judgeRest({ db, control }: World): Promise<string[]> {
  const open = await db.read.all<{ topic: string; key: string; status: string; error: string }>(
    sql`SELECT topic, key, status, last_error AS error FROM outbox WHERE status NOT IN ('done', 'parked')`,
  )
  const attempts = await db.read.all<{ id: string; state: string }>(
    sql`SELECT id, state FROM payout_attempts WHERE state IN ('queued', 'sending', 'unknown')`,
  )
  const processing = await db.read.all<{ number: number }>(sql`SELECT number FROM payouts WHERE status = 'processing'`)
  const parked = await db.read.all<{ topic: string; error: string }>(
    sql`SELECT topic, last_error AS error FROM outbox WHERE status = 'parked'`,
  )
  const paid = await db.read.all<{ number: number; transfer: string | null }>(
    sql`SELECT number, transfer_id AS transfer FROM payouts WHERE status = 'paid' AND paid_via = 'stripe'`,
  )
  const transfers = new Set(
    control<Stripe.Transfer[]>('GET', '/_sim/transfers')
      .filter(one => !isStranger(one))
      .map(one => one.id),
  )
  return [
    ...open.map(job => `the job ${job.topic} ${job.key} is ${job.status}: ${job.error}`),
    ...parked.map(job => `a job ${job.topic} stays parked: ${job.error}`),
    ...attempts.map(one => `the attempt ${one.id} stays ${one.state}`),
    ...processing.map(one => `payout ${one.number} stays processing`),
    ...paid
      .filter(one => !transfers.has(one.transfer ?? ''))
      .map(one => `payout ${one.number} is paid by ${one.transfer}, which Stripe does not have`),
  ]
}

async function judgeBooks({ db, control }: World): Promise<string[]> {
  const problems: string[] = []
  const held = new Map<string, number>()
  for (const one of control<Stripe.Transfer[]>('GET', '/_sim/transfers')) {
    if (isStranger(one)) continue
    const factor = one.amount / Math.max(1, one.amount)
    held.set(one.currency, (held.get(one.currency) ?? 0) + (one.amount - one.amount_reversed) * factor)
  }
  const booked = await db.read.all<{ currency: string; amount: number }>(sql`
    SELECT currency, sum(CASE WHEN credit = 'stripe_balance' THEN amount WHEN debit = 'stripe_balance' THEN -amount ELSE 0 END) AS amount
    FROM ledger_entries GROUP BY currency`)
  for (const currency of new Set([...held.keys(), ...booked.map(row => row.currency.toLowerCase())])) {
    const ours = booked.find(row => row.currency.toLowerCase() === currency)?.amount ?? 0
    const theirs = held.get(currency) ?? 0
    if (ours !== theirs) problems.push(`the ledger says ${ours} ${currency} were sent, and Stripe ${theirs}`)
  }
  return problems
}

/** All that the database alone shows: history, approvals, ledger, links, outbox. */
async function judgeDatabase({ db, clock }: World): Promise<string[]> {
  const found = await checkInvariants(db.read, { now: clock.now() })
  return found.map(({ invariant, says }) => `${invariant}: ${says}`)
}

async function judgeMails({ db, mails }: World): Promise<string[]> {
  const rows = await db.read.all<{ payout: string; recipient: string; count: number }>(sql`
    SELECT payout_id AS payout, recipient, count(*) AS count FROM emails
    WHERE template IN ('payoutOnItsWay', 'payoutPaidOutside') GROUP BY 1, 2 HAVING count(*) > 1`)
  const problems = rows.map(({ payout, recipient, count }) => `${recipient} got ${count} mails that ${payout} is paid`)
  const known = new Set(
    (await db.read.all<{ id: string }>(sql`SELECT message_id AS id FROM emails`)).map(row => row.id),
  )
  const untold = await db.read.all<{ number: number }>(sql`
    SELECT number FROM payouts p WHERE status = 'paid' AND amount_reversed = 0
      AND NOT EXISTS (SELECT 1 FROM emails m WHERE m.payout_id = p.id AND m.template IN ('payoutOnItsWay', 'payoutPaidOutside'))`)
  problems.push(...untold.map(({ number }) => `nobody was told that payout ${number} is paid`))
  const messages = new Map<string, string>()
  for (const mail of mails) {
    if (!known.has(mail.messageId)) problems.push(`${mail.to} got ${mail.messageId}, which is on no record`)
    const before = messages.get(mail.messageId)
    if (before !== undefined && before !== mail.to)
      problems.push(`${mail.messageId} went to ${before} and to ${mail.to}`)
    messages.set(mail.messageId, mail.to)
  }
  return problems
}

async function judgeReconciliation(world: World): Promise<string[]> {
  const { differences } = await reconcile({
    config: world.config,
    db: world.db,
    clock: world.clock,
    stripe: world.dashboard,
  })
  return differences.filter(one => !(one.kind === 'unknown_origin')).map(one => `reconcile: ${one.says}`)
}

/** The end of a history in one number: equal for equal histories, to the byte. */
export async function hashOf(world: World): Promise<string> {
  const heads = await world.db.read.all(sql`SELECT org_id, max(seq), hash FROM audit GROUP BY org_id ORDER BY 1`)
  const jobs = await world.db.read.all(sql`SELECT * FROM outbox ORDER BY id`)
  const mails = world.mails.map(mail => [mail.to, mail.messageId, mail.subject])
  return createHash('sha256')
    .update(JSON.stringify([world.story, heads, jobs, mails]))
    .digest('hex')
}

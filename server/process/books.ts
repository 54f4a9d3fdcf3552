import { asc, eq, inArray, ne, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import type { Database } from '#db/client.ts'
import { emails, outbox, payoutAttempts, payouts } from '#db/schema/index.ts'
import { checkInvariants } from '../invariants/check.ts'

type Payout = typeof payouts.$inferSelect

/**
 * What must be so whenever a process died, however it died: every invariant holds, Stripe's side agrees, and each thing that happened
 * was written and told once. For a company whose payouts were approved and then marked paid, nothing else.
 * @param transfers all that Stripe holds
 * @param settled whether the work has been done to its end since: then nothing may be open any more
 * @returns what is wrong, in sentences; empty when all is well
 */
export async function checkBooks(db: Database, transfers: Stripe.Transfer[], settled: boolean): Promise<string[]> {
  const rows = await db.read.select().from(payouts).orderBy(asc(payouts.number))
  const groups = new Map<string, Stripe.Transfer[]>()
  for (const transfer of transfers) {
    const group = transfer.transfer_group ?? 'none'
    groups.set(group, [...(groups.get(group) ?? []), transfer])
  }
  const problems = await Promise.all(
    rows.map(payout => checkPayout(db, payout, groups.get(`payout_${payout.id}`) ?? [], settled)),
  )
  for (const group of groups.keys())
    if (!rows.some(({ id }) => `payout_${id}` === group)) problems.push([`a transfer of ${group}, which nobody has`])
  // Whoever was at work is dead: what waits is not late.
  const now = Date.now()
  const broken = await checkInvariants(db.read, { now, workingSince: now })
  return [...problems.flat(), ...broken.map(({ says }) => says), ...(settled ? await checkOutbox(db) : [])]
}

async function checkPayout(
  db: Database,
  payout: Payout,
  transfers: Stripe.Transfer[],
  settled: boolean,
): Promise<string[]> {
  const { id, status } = payout
  const problems: string[] = []
  const must = (holds: boolean, what: string) => {
    if (!holds) problems.push(`payout ${payout.number} (${id}, ${status}): ${what}`)
  }
  const attempts = await db.read.select().from(payoutAttempts).where(eq(payoutAttempts.payoutId, id))
  must(transfers.length <= 1, `${transfers.length} transfers`)
  must(attempts.length === (status === 'approved' ? 0 : 1), `${attempts.length} attempts`)
  if (status === 'approved') must(transfers.length === 0, 'a transfer that nobody asked for')
  if (status === 'paid') {
    const [transfer] = transfers
    must(transfer !== undefined && transfer.id === payout.transferId, `its transfer is ${transfer?.id}, not its own`)
    must(
      transfer?.amount === payout.amount && transfer.currency.toUpperCase() === payout.currency,
      `${transfer?.amount} ${transfer?.currency} were sent`,
    )
    must(transfer?.destination === payout.destination, `the money went to ${transfer?.destination}`)
    must(payout.paidVia === 'stripe' && payout.simulated, 'it does not say how it was paid')
  }
  problems.push(...(await checkAudit(db, payout)))
  if (settled && status !== 'approved') {
    must(status === 'paid', 'it was never finished')
    must(payout.confirmedAt !== null, 'no webhook confirmed it')
    const mails = await db.read.select().from(emails).where(eq(emails.payoutId, id))
    const onTheirWay = mails.filter(mail => mail.template === 'payoutOnItsWay').map(mail => mail.status)
    must(onTheirWay.join() === 'sent', `mails that say so: ${onTheirWay.join() || 'none'}`)
  }
  return problems
}

/** Who did what is written once for each thing that happened. */
async function checkAudit(db: Database, { id, number, status }: Payout): Promise<string[]> {
  const rows = await db.read.all<{ action: string }>(
    sql`SELECT action FROM audit WHERE target_type = 'payout' AND target_id = ${id} AND action NOT IN ('payouts.create', 'payouts.approve') ORDER BY seq`,
  )
  const expected = { approved: [], processing: ['payouts.markPaid'], paid: ['payouts.markPaid', 'payout.settled'] }
  const found = rows.map(row => row.action).join()
  return found === (expected[status as keyof typeof expected] ?? []).join()
    ? []
    : [`payout ${number} is ${status}, and its history says ${found}`]
}

export async function checkOutbox(db: Database): Promise<string[]> {
  const open = await db.read.select().from(outbox).where(ne(outbox.status, 'done'))
  const attempts = await db.read
    .select()
    .from(payoutAttempts)
    .where(inArray(payoutAttempts.state, ['queued', 'sending', 'unknown']))
  return [
    ...open.map(({ topic, key, status, lastError }) => `the job ${topic} ${key} is ${status}: ${lastError}`),
    ...attempts.map(({ id, state }) => `the attempt ${id} is ${state}`),
  ]
}

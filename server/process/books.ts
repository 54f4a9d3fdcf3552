import { asc, eq, inArray, ne, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import type { Database } from '#db/client.ts'
import { emails, ledgerEntries, outbox, payoutAttempts, payouts } from '#db/schema/index.ts'
import { chainIds, verifyChain } from '../audit/verify.ts'

type Payout = typeof payouts.$inferSelect

/** By status, what has been posted for a payout that was never refused: no more and no less, each once. */
const posted: Record<string, string[]> = {
  approved: ['accrual'],
  processing: ['accrual', 'mark_paid'],
  paid: ['accrual', 'mark_paid', 'settle'],
}

/**
 * What must be so whenever a process died, however it died: nobody is paid twice, nobody is short a cent, and every number says
 * why. For a company whose payouts were approved and then marked paid, nothing else.
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
  return [...problems.flat(), ...(await checkFile(db)), ...(settled ? await checkOutbox(db) : [])]
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
  const entries = await db.read
    .select()
    .from(ledgerEntries)
    .where(eq(ledgerEntries.payoutId, id))
    .orderBy(asc(ledgerEntries.seq), asc(ledgerEntries.id))
  const kinds = entries.map(entry => entry.kind)
  must(kinds.join() === (posted[status] ?? []).join(), `its ledger says ${kinds.join(', ')}`)
  must(
    entries.every(entry => entry.amount === payout.amount && entry.currency === payout.currency),
    'an entry of another amount',
  )
  must(transfers.length <= 1, `${transfers.length} transfers`)
  must(attempts.length === (status === 'approved' ? 0 : 1), `${attempts.length} attempts`)
  if (status === 'approved') must(transfers.length === 0, 'a transfer that nobody asked for')
  if (status === 'processing') must(attempts[0]?.state !== 'succeeded', 'its attempt is done, and it is not')
  if (status === 'paid') {
    const [transfer] = transfers
    must(attempts[0]?.state === 'succeeded', `its attempt is ${attempts[0]?.state}`)
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

/** The file is sound, its chains are whole, and what is kept in sums is the sum. */
async function checkFile(db: Database): Promise<string[]> {
  const problems: string[] = []
  const [sound] = await db.read.all<{ integrity_check: string }>(sql`SELECT * FROM pragma_integrity_check`)
  if (sound?.integrity_check !== 'ok') problems.push(`the file is damaged: ${sound?.integrity_check}`)
  if ((await db.read.all(sql`SELECT * FROM pragma_foreign_key_check`)).length > 0) problems.push('a row points nowhere')
  for (const orgId of await chainIds(db.read)) {
    const { firstProblem } = await verifyChain(db.read, orgId)
    if (firstProblem) problems.push(`the audit chain of ${orgId}: ${firstProblem.says}`)
  }
  const sums = await db.read.all<{ status: string; kept: number; counted: number }>(sql`
    SELECT status, sum(kept) AS kept, sum(counted) AS counted FROM (
      SELECT org_id, currency, status, amount + count AS kept, 0 AS counted FROM payout_totals WHERE partner_id = ''
      UNION ALL SELECT org_id, currency, status, 0, sum(amount) + count(*) FROM payouts GROUP BY org_id, currency, status)
    GROUP BY org_id, currency, status HAVING sum(kept) <> sum(counted)`)
  for (const { status, kept, counted } of sums)
    problems.push(`the total of ${status} is ${kept}, and should be ${counted}`)
  return problems
}

async function checkOutbox(db: Database): Promise<string[]> {
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

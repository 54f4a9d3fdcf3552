import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import canonicalize from 'canonicalize'
import { asc, eq, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { type Database, openDatabase } from '#db/client.ts'
import { idempotency, payoutAttempts, payouts } from '#db/schema/index.ts'
import { freshMs } from '../auth/rules.ts'
import { readConfig } from '../config.ts'
import { checkInvariants } from '../invariants/check.ts'
import { checkOutbox } from './books.ts'
import { bundle } from './bundle.ts'
import { aCaller } from './client.ts'
import { fileOf, makeCompany, onFile } from './company.ts'
import { type Acknowledged, createLoad } from './load.ts'
import type { Account, Orders } from './orders.ts'
import { aFolder, aPort, settingsFor, start, startRemit, startSimulator, stripeSecrets } from './processes.ts'
import { numbers } from './random.ts'

export interface TortureReport {
  cycles: number
  seed: number
  /** ISO, UTC. */
  date: string
  /** How often the process died while it was still getting up. */
  killedAtStart: number
  /** Writes that were answered, in all and by procedure. */
  acknowledged: number
  byProcedure: Record<string, number>
  refused: Record<string, number>
  /** Transfers that Stripe holds at the end. */
  transfers: number
  /** Acknowledged writes that the file does not know. */
  lost: string[]
  /** Whatever else is not as it must be, in sentences. */
  violations: string[]
}

const clients = 6
/** A process lives for up to so many answered writes. */
const mostAnswers = 24

/**
 * The real process on a real file, under a load of all kinds of work, killed at a random moment and started again, over and over. After
 * each kill the file is copied and looked through while the next process gets up: every answered write is there, every invariant holds,
 * and Stripe's side fits. Stops at the first cycle that shows anything wrong.
 */
export async function torture({ cycles, seed }: { cycles: number; seed: number }): Promise<TortureReport> {
  const random = numbers(seed)
  const folder = aFolder()
  const port = await aPort()
  const simulator = await startSimulator({ ...stripeSecrets, SIMULATOR_STATE: join(folder, 'simulator.db') }, port)
  const env = settingsFor({ folder, port, stripe: simulator.url })
  const config = readConfig(env)
  const company = await makeCompany(env, simulator, 20)
  const program = await bundle(new URL('../main.ts', import.meta.url), folder)
  const people = {
    owner: aCaller(config.PUBLIC_URL, company.cookie),
    manager: aCaller(config.PUBLIC_URL, company.managerCookie),
    partnerId: company.partnerId,
    partnerEmail: company.partnerEmail,
  }
  const load = createLoad(people, random, clients)
  let signedInAt = Date.now()
  const transfers = () => simulator.control<Stripe.Transfer[]>('GET', '/_sim/transfers')
  const lost: string[] = []
  const violations: string[] = []
  let killedAtStart = 0
  let checked = 0
  let checking = Promise.resolve()
  let done = 0

  /** Looks through a copy of what the dead process left. */
  async function check(copy: string, held: Stripe.Transfer[], known: number, cycle: number): Promise<void> {
    const db = await openDatabase({ url: `file:${copy}`, lock: false })
    try {
      const fresh = load.acknowledged.slice(checked, known)
      checked = known
      lost.push(...(await forgotten(db, fresh)).map(what => `cycle ${cycle}: ${what}`))
      const found = [...(await wrongIn(db)), ...(await wrongAtStripe(db, held))]
      violations.push(...found.map(what => `cycle ${cycle}: ${what}`))
      await load.look(db.read)
    } finally {
      await db.close()
      removeDatabase(copy)
    }
  }

  for (let cycle = 1; cycle <= cycles && lost.length + violations.length === 0; cycle++, done++) {
    const remit = startRemit(env, program)
    const stop = new AbortController()
    const atStart = random() < 0.12
    const before = load.acknowledged.length
    const working = load.work(stop.signal)
    working.catch(() => {})
    if (atStart) {
      killedAtStart++
      await new Promise(resolve => setTimeout(resolve, random() * 800))
    } else {
      await remit.said(/Remit is running/)
      // So many answers, and a moment more: a slow machine is not killed before it has done anything.
      const answers = before + 1 + Math.floor(random() * mostAnswers)
      while (load.acknowledged.length < answers && load.wrong.length === 0) await new Promise(setImmediate)
      await new Promise(resolve => setTimeout(resolve, random() * 10))
    }
    remit.child.kill('SIGKILL')
    stop.abort()
    const { output } = await remit.ended
    await working
    await checking
    // Nothing is wrong at Stripe or with the mail, so nothing fails but by the kill.
    const complaint = /^.*("level":[56]0|"msg":"a job failed").*$/m.exec(output)
    if (complaint) violations.push(`cycle ${cycle}: it logged ${complaint[0].slice(0, 500)}`)
    violations.push(...load.wrong.splice(0).map(what => `cycle ${cycle}: ${what}`))
    const copy = join(folder, 'look.db')
    copyDatabase(fileOf(config), copy)
    checking = check(copy, await transfers(), load.acknowledged.length, cycle)
    checking.catch(() => {})
    // In the long tier they prove again who they are, as people do who pay for longer than ten minutes.
    if (Date.now() - signedInAt > freshMs / 2) {
      const { cookie, managerCookie } = await onFile(config, company.signIn)
      people.owner = aCaller(config.PUBLIC_URL, cookie)
      people.manager = aCaller(config.PUBLIC_URL, managerCookie)
      signedInAt = Date.now()
    }
  }
  await checking

  // All that was begun is brought to its end, and then nothing may be open.
  const survivor = start(await bundle(new URL('./killable.ts', import.meta.url), folder), { env })
  const orders: Orders = {
    cookie: company.cookie,
    payout: company.payouts[0]!,
    story: 'finish',
    killAt: null,
    newKeys: false,
  }
  const { error } = await new Promise<Account>((resolve, reject) => {
    survivor.child.once('message', account => resolve(account as Account))
    survivor.child.send(orders)
    survivor.ended.then(({ output }) => reject(new Error(output)), reject)
  })
  if (error) violations.push(`the end: ${error}`)
  const held = await transfers()
  await onFile(config, async ({ db }) => {
    lost.push(...(await forgotten(db, load.acknowledged)).map(what => `at the end: ${what}`))
    const found = [...(await wrongIn(db)), ...(await wrongAtStripe(db, held)), ...(await checkOutbox(db))]
    violations.push(...found.map(what => `at the end: ${what}`))
  })
  return {
    cycles: done,
    seed,
    date: new Date().toISOString(),
    killedAtStart,
    acknowledged: load.acknowledged.length,
    byProcedure: countBy(load.acknowledged.map(({ procedure }) => procedure)),
    refused: load.refused,
    transfers: held.length,
    lost,
    violations,
  }
}

/** Each answer was written down in the transaction that made it true: where the answer is, the write is. */
async function forgotten(db: Database, writes: Acknowledged[]): Promise<string[]> {
  const keys = JSON.stringify(writes.map(({ key }) => key))
  const rows = await db.read
    .select({ procedure: idempotency.procedure, key: idempotency.key, response: idempotency.response })
    .from(idempotency)
    .where(sql`${idempotency.key} IN (SELECT value FROM json_each(${keys}))`)
  const known = new Map(rows.map(row => [row.key, row]))
  return writes.flatMap(({ procedure, key, answer }) => {
    const row = known.get(key)
    if (!row || row.procedure !== procedure) return [`${key} was answered and is forgotten`]
    return canonicalize(row.response) === canonicalize(answer ?? null)
      ? []
      : [`${key} was answered otherwise than it is known`]
  })
}

async function wrongIn(db: Database): Promise<string[]> {
  const found = await checkInvariants(db.read, { now: Date.now() })
  return found.map(({ invariant, subject, says }) => `${invariant}: ${subject.type} ${subject.id} ${says}`)
}

/** Each transfer is one payout's, of its amount and to its account; each payout that says so has its own. */
async function wrongAtStripe(db: Database, held: Stripe.Transfer[]): Promise<string[]> {
  const rows = await db.read
    .select({ payout: payouts, attempt: payoutAttempts })
    .from(payouts)
    .innerJoin(payoutAttempts, eq(payoutAttempts.payoutId, payouts.id))
    .orderBy(asc(payouts.number))
  const attempts = new Map(rows.map(row => [row.attempt.id, row]))
  const problems: string[] = []
  const paid = new Set<string>()
  for (const { id, metadata, amount, currency, destination } of held) {
    const row = attempts.get(metadata.attempt_id ?? '')
    if (!row) problems.push(`${id} is a transfer that nobody asked for`)
    else if (paid.has(row.payout.id)) problems.push(`${row.payout.id} was paid twice`)
    else {
      const { payout } = row
      paid.add(payout.id)
      if (!['processing', 'paid'].includes(payout.status))
        problems.push(`${payout.id} is ${payout.status}, and ${id} exists`)
      if (amount !== payout.amount || currency.toUpperCase() !== payout.currency || destination !== payout.destination)
        problems.push(`${payout.id} was approved otherwise than ${id} was sent`)
    }
  }
  const ids = new Set(held.map(({ id }) => id))
  for (const { payout } of rows)
    if (payout.status === 'paid' && !ids.has(payout.transferId ?? ''))
      problems.push(`${payout.id} says it was paid by ${payout.transferId}, which Stripe does not have`)
  return problems
}

function copyDatabase(from: string, to: string): void {
  removeDatabase(to)
  for (const part of ['', '-wal']) if (existsSync(from + part)) copyFileSync(from + part, to + part)
}

function removeDatabase(file: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true })
}

function countBy(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names.sort()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

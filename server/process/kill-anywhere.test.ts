import { join } from 'node:path'
import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { payouts } from '#db/schema/index.ts'
import { readConfig } from '../config.ts'
import { checkBooks } from './books.ts'
import { bundle } from './bundle.ts'
import { makeCompany, onFile } from './company.ts'
import type { Account, Orders } from './orders.ts'
import { aFolder, aPort, settingsFor, start, startRemit, startSimulator, stripeSecrets } from './processes.ts'

const rounds = 10
const clients = 3
/** Which moments are hit; given again, they are the same as far as a machine's pace allows. */
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const repeat = `repeat: SEED=${seed} npx vitest run server/process/kill-anywhere.test.ts`

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function numbers(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('killed at any moment under load, again and again, nothing that was answered is lost and nobody is paid twice', {
  timeout: 600_000,
}, async () => {
  const random = numbers(seed)
  const folder = aFolder()
  const port = await aPort()
  const simulator = await startSimulator({ ...stripeSecrets, SIMULATOR_STATE: join(folder, 'simulator.db') }, port)
  const env = settingsFor({ folder, port, stripe: simulator.url })
  const config = readConfig(env)
  const company = await makeCompany(env, simulator, 300)
  const transfers = () => simulator.control<Stripe.Transfer[]>('GET', '/_sim/transfers')
  const waiting = [...company.payouts]
  const answered = new Set<string>()

  /** Presses Mark paid for one payout after the other; what got no answer is pressed again, as the same intent. */
  async function press(signal: AbortSignal): Promise<void> {
    for (let payout = waiting.shift(); payout; payout = signal.aborted ? undefined : waiting.shift()) {
      const { id: payoutId, version } = payout
      try {
        const answer = await fetch(`${env.PUBLIC_URL}/api/trpc/payouts.markPaid`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', cookie: company.cookie, origin: config.PUBLIC_URL },
          body: JSON.stringify({ payoutId, version, idempotencyKey: `intent of ${payoutId}` }),
        })
        const text = await answer.text()
        expect(answer.status, text).toBe(200)
        answered.add(payoutId)
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
        // Nobody was there, or the answer broke off.
        waiting.unshift(payout)
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    }
  }

  const deaths: string[] = []
  for (let round = 0; round < rounds; round++) {
    // What Stripe could not bring while nobody was there comes again.
    await simulator.control('POST', '/_sim/clock', { advance: 11_000 })
    const remit = startRemit(env)
    const stopped = new AbortController()
    const pressing = Promise.all(Array.from({ length: clients }, () => press(stopped.signal)))
    pressing.catch(() => {})
    const before = answered.size
    // One in five dies while it is still getting up.
    if (round % 5 === 4) await new Promise(resolve => setTimeout(resolve, random() * 1_500))
    else {
      await remit.said(/Remit is running/)
      await expect.poll(() => answered.size, { timeout: 60_000, interval: 1 }).toBeGreaterThan(before)
      await new Promise(resolve => setTimeout(resolve, random() * 800))
    }
    remit.child.kill('SIGKILL')
    stopped.abort()
    const { output } = await remit.ended
    await pressing
    // Nothing is wrong at Stripe or with the mail, so nothing fails but by the kill.
    expect(output, repeat).not.toMatch(/"level":[56]0|"msg":"a job failed"/)
    const problems = await onFile(config, async ({ db }) => {
      const rows = await db.read.select({ id: payouts.id, status: payouts.status }).from(payouts)
      const forgotten = rows.filter(({ id, status }) => answered.has(id) && status === 'approved')
      const count = (status: string) => rows.filter(row => row.status === status).length
      deaths.push(`${answered.size} answered, ${count('processing')} processing, ${count('paid')} paid`)
      return [
        ...forgotten.map(({ id }) => `${id} was answered and is forgotten`),
        ...(await checkBooks(db, await transfers(), false)),
      ]
    })
    expect(problems, `round ${round + 1}; ${repeat}\n${output.slice(-5_000)}`).toEqual([])
  }
  // Those that had got up were at work.
  expect(answered.size, `${repeat}\n${deaths.join('\n')}`).toBeGreaterThanOrEqual(rounds * 0.8)
  const survivor = start(await bundle(new URL('./killable.ts', import.meta.url), folder), { env })
  const orders: Orders = { ...company, payout: company.payouts[0]!, story: 'finish', killAt: null, newKeys: false }
  const { error } = await new Promise<Account>((resolve, reject) => {
    survivor.child.once('message', account => resolve(account as Account))
    survivor.child.send({ ...orders, payouts: undefined })
    survivor.ended.then(({ output }) => reject(new Error(output)), reject)
  })
  expect(error, repeat).toBeNull()
  const problems = await onFile(config, async ({ db }) => checkBooks(db, await transfers(), true))
  expect(problems, repeat).toEqual([])
})

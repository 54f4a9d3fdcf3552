import { sql } from 'drizzle-orm'
import { bookDue } from '../commissions/installments.ts'
import { createCaller } from '../router.ts'
import { catchUp } from '../stripe/catch-up.ts'
import { sweep } from '../stripe/sweeper.ts'
import { type Endpoint, receiveWebhook } from '../stripe/webhook.ts'
import { contextFor } from '../test/callers.ts'
import { createWorker } from '../worker/worker.ts'
import { jobsAtOnce } from './perform.ts'
import type { Process } from './processes.ts'
import { type Company, signedIn, startingBalance, type World } from './world.ts'

const minute = 60_000
const hour = 60 * minute
/** More rounds than any history needs; one that needs them all is not drained, and the judge says what is left. */
const rounds = 60

/**
 * Lets everything come to rest: nothing goes wrong any more, time goes on, webhooks come or are caught up on, the sweeper and the
 * worker do what is left, and people decide what waits for them.
 */
export async function drain(world: World): Promise<void> {
  const { control, troubles } = world
  control('DELETE', '/_sim/faults')
  control('DELETE', '/_sim/webhooks/switches')
  troubles.crashes.length = 0
  troubles.mails.length = 0
  troubles.network.length = 0
  world.downFor = 0
  for (const currency of Object.keys(startingBalance))
    control('POST', '/_sim/balance', { currency, amount: 50_000_000 })
  const process = world.desk
  // Past every lease that a crash has left.
  world.clock.advance(6 * minute)
  for (let round = 0; round < rounds; round++) {
    await settle(world, process)
    const people = await decide(world, process)
    const next = await nextDue(world)
    if (next === null && !people) break
    if (!people && next !== null) world.clock.advance(Math.min(Math.max(next - world.clock.now(), 1_000), 30 * hour))
  }
  // Three days on money is in banks, and what no webhook brought is caught up on.
  world.clock.advance(76 * hour)
  await deliverAll(world, process)
  await catchUp(process.deps)
  await bookDue(process.deps)
  for (let round = 0; round < rounds; round++) {
    await settle(world, process)
    const people = await decide(world, process)
    const next = await nextDue(world)
    if (next === null && !people) break
    if (!people && next !== null) world.clock.advance(Math.max(next - world.clock.now(), 1_000))
  }
  world.story.push('Everything comes to rest.')
}

async function settle(world: World, process: Process): Promise<void> {
  world.simulator.tick()
  await deliverAll(world, process)
  await sweep(process.deps)
  if ((await createWorker(process.deps, world.handlers).runUntilIdle(jobsAtOnce)) > 0) await deliverAll(world, process)
}

async function deliverAll(world: World, process: Process): Promise<void> {
  for (let batch = world.simulator.pendingDeliveries(); batch.length > 0; batch = world.simulator.pendingDeliveries())
    for (const { id, url, body, headers } of batch) {
      const endpoint = url.slice(url.lastIndexOf('/') + 1) as Endpoint
      const answer = await receiveWebhook(process.deps, endpoint, Buffer.from(body), headers['stripe-signature'])
      world.simulator.settleDelivery(id, answer.status)
    }
}

/** When something happens next: a job, a webhook that is tried again, an attempt that the sweeper takes up. Null at rest. */
async function nextDue(world: World): Promise<number | null> {
  const [jobs] = await world.db.read.all<{ due: number | null }>(
    sql`SELECT min(CASE status WHEN 'queued' THEN run_at ELSE lease_until END) AS due FROM outbox WHERE status IN ('queued', 'leased')`,
  )
  const [attempts] = await world.db.read.all<{ open: number }>(
    sql`SELECT count(*) AS open FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id WHERE a.state IN ('queued', 'sending', 'unknown') AND p.needs_review = 0`,
  )
  const deliveries = world
    .control<{ due: number; state: string }[]>('GET', '/_sim/deliveries')
    .filter(one => one.state === 'pending')
  const due = [
    ...(jobs?.due ? [jobs.due] : []),
    ...(attempts && attempts.open > 0 ? [world.clock.now() + 3 * minute] : []),
    ...deliveries.map(one => one.due),
  ]
  return due.length === 0 ? null : Math.min(...due)
}

/** What waits for people is decided by people: two release what is in doubt, owners resume and retry. */
async function decide(world: World, process: Process): Promise<boolean> {
  let decided = false
  for (const company of world.companies) {
    const { org } = company
    const parked = await world.db.read.all<{ topic: string }>(
      sql`SELECT DISTINCT topic FROM outbox WHERE status = 'parked' AND org_id IN (${org.id}, 'system')`,
    )
    const doubtful = await world.db.read.all<{ id: string }>(
      sql`SELECT id FROM payouts WHERE org_id = ${org.id} AND needs_review = 1 AND status = 'processing'`,
    )
    const [paused] = await world.db.read.all<{ at: number | null }>(
      sql`SELECT transfers_paused_at AS at FROM organizations WHERE id = ${org.id}`,
    )
    if (parked.length === 0 && doubtful.length === 0 && paused?.at === null) continue
    const people = await deciders(world, process, company)
    for (const { id } of doubtful)
      for (const person of people) {
        decided = true
        await person.payouts.release({ payoutId: id, evidence: 'Stripe lists no such transfer.' }).catch(expected)
      }
    const [first] = people
    if (paused?.at !== null) {
      decided = true
      await first?.orgs.resumeTransfers({}).catch(expected)
    }
    for (const { topic } of parked) await first?.jobs.retryAll({ topic }).catch(expected)
    // Once is enough for what fails again at once: it is parked visibly.
    if (parked.length > 0 && world.retried < 4) {
      world.retried++
      decided = true
    }
  }
  return decided
}

/** Two people who may pay; owners first. Whoever has been disabled or demoted is not asked. */
async function deciders(world: World, process: Process, company: Company) {
  const rows = await world.db.read.all<{ id: string }>(sql`
    SELECT id FROM memberships WHERE org_id = ${company.org.id} AND disabled_at IS NULL AND role IN ('owner', 'admin')
    ORDER BY role DESC, id`)
  const callers = []
  for (const { id } of rows) {
    const person = company.people.find(one => one.membershipId === id)
    const session = person && (await signedIn(process.deps, company, person))
    if (session?.viewer.membershipId === id) callers.push(createCaller(contextFor(process.deps, session.viewer)))
    if (callers.length === 2) break
  }
  return callers
}

function expected(error: unknown): void {
  // A person is refused with a sentence, and somebody else decided it already.
  if (!(error instanceof Error && 'code' in error) || error.code === 'INTERNAL_SERVER_ERROR') throw error
}

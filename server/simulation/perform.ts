import { createHmac } from 'node:crypto'
import { TRPCError } from '@trpc/server'
import { sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { allows } from '../auth/rules.ts'
import { createCaller } from '../router.ts'
import { catchUp } from '../stripe/catch-up.ts'
import { sweep } from '../stripe/sweeper.ts'
import { type Endpoint, receiveWebhook } from '../stripe/webhook.ts'
import { contextFor } from '../test/callers.ts'
import { tasks } from '../worker/tasks.ts'
import { createWorker } from '../worker/worker.ts'
import { countAction, countFault } from './counts.ts'
import type { Human, Machine, Operation, Outside } from './operations.ts'
import { type Process, startProcess } from './processes.ts'
import { askingsOf, needs, pickFrom } from './requests.ts'
import { type Company, type Person, type Sent, signedIn, type World } from './world.ts'

/** Lets one operation happen; what comes of it is in the world, and in its story. */
export async function perform(world: World, operation: Operation): Promise<void> {
  if (operation.do !== 'together') return performOne(world, operation)
  tell(world, `At the same time (${operation.all.length}):`)
  countAction(world.counts, 'together', 'accepted')
  await world.turnstile.run(operation.all.map(one => () => performOne(world, one)))
}

function tell(world: World, sentence: string): void {
  world.story.push(sentence)
}

async function performOne(world: World, operation: Exclude<Operation, { do: 'together' }>): Promise<void> {
  if (isMachine(operation)) return runMachine(world, operation)
  if (isOutside(operation)) {
    const said = await letHappen(world, operation)
    countAction(world.counts, operation.do, said === null ? 'refused' : 'accepted')
    if (said !== null) tell(world, said)
    return
  }
  if (operation.do === 'repeat') return repeat(world, operation)
  await ask(world, operation)
}

/** A worker takes some jobs before it begins the first: those that it has not begun when it dies are leased, too. */
export const jobsAtOnce = 4

const machines = new Set(['work', 'deliver', 'sweep', 'catchUp', 'periodic'])
const outsides = new Set(
  'clock bank account closeAccount deauthorize reverse stranger topUp bankDay fault network spoilWebhooks down forge replay crash mail'.split(
    ' ',
  ),
)
function isMachine(operation: Operation): operation is Machine {
  return machines.has(operation.do)
}
function isOutside(operation: Operation): operation is Outside {
  return outsides.has(operation.do)
}

// ---- people -----------------------------------------------------------------------------------------------------

function personFor(company: Company, operation: Exclude<Human, { do: 'repeat' }>): Person {
  const able = company.people.filter(person => allows(person.role, needs[operation.do]))
  // One in nine is just anybody.
  return pickFrom(operation.by % 9 === 0 || able.length === 0 ? company.people : able, Math.floor(operation.by / 9))!
}

async function ask(world: World, operation: Exclude<Human, { do: 'repeat' }>): Promise<void> {
  const company = world.companies[operation.org % world.companies.length]!
  const person = personFor(company, operation)
  const askings = await askingsOf(world, operation)
  if (askings.length === 0) {
    tell(world, `${person.name} of ${company.org.name} finds nothing to ${operation.do}.`)
    return
  }
  let carried: Record<string, unknown> = {}
  for (const { procedure, input, says } of askings) {
    const filled = Object.fromEntries(
      Object.entries(input).map(([name, value]) => [name, value === '' ? carried[name] : value]),
    )
    if (procedure === 'runs.execute' && carried.digest) filled.digest = carried.digest
    const key = `intent-${String(world.keys++).padStart(6, '0')}`
    const sent = await send(
      world,
      { company, person, procedure, input: keyed(procedure, filled, key), says },
      operation.do,
    )
    if (operation.do === 'trespass' && sent.outcome === 'accepted')
      world.violations.push(`${person.name} of ${company.org.name} got through: ${says}`)
    if (sent.outcome !== 'accepted') return
    carried = { ...carried, ...(sent.response as Record<string, unknown>) }
    if (procedure === 'deals.create') carried.dealId = (sent.response as { id: string }).id
  }
}

const withoutKey = /^(payouts\.(get|list)|commissions\.|runs\.list|audit\.|partners\.(sync|startSetup))/

function keyed(procedure: string, input: Record<string, unknown>, key: string): Record<string, unknown> {
  return withoutKey.test(procedure) ? input : { ...input, idempotencyKey: key }
}

interface Letter {
  company: Company
  person: Person
  procedure: string
  input: Record<string, unknown>
  says: string
}

/** Sends one request as the person, in a process that may die of it. */
async function send(world: World, letter: Letter, action: string): Promise<Sent> {
  const { company, person, procedure, input, says } = letter
  const process = world.web
  const before = world.complaints.length
  const sent: Sent = { letter, outcome: 'died', response: null }
  const who = `${person.name} of ${company.org.name} ${says}`
  try {
    const session = await signedIn(world.desk.deps, company, person)
    const caller = createCaller(contextFor(process.deps, session?.viewer ?? null)) as unknown as Record<
      string,
      Record<string, (input: unknown) => Promise<unknown>>
    >
    const [room = '', name = ''] = procedure.split('.')
    sent.response = await caller[room]![name]!(procedure === 'partners.startSetup' ? undefined : input)
    sent.outcome = process.dead ? 'died' : 'accepted'
    tell(world, `${who}: done.`)
  } catch (error) {
    if (process.dead) {
      tell(world, `${who}, and the process dies.`)
      restart(world, process)
    } else {
      const refusal = refusalOf(error)
      sent.outcome = 'refused'
      tell(world, `${who}: ${refusal ?? 'broke'}.`)
      if (refusal === null)
        world.violations.push(
          `${procedure} broke: ${explain(error)} ${world.complaints
            .slice(before)
            .map(({ fields }) => explain((fields as { err?: unknown }).err))
            .join(' ')}`,
        )
    }
  }
  countAction(world.counts, action, sent.outcome)
  if (!withoutKey.test(procedure)) world.sent.unshift(sent)
  world.complaints.splice(before)
  return sent
}

function restart(world: World, process: Process): void {
  if (world.web === process) world.web = startProcess(world, 'web', 'web')
}

function refusalOf(error: unknown): string | null {
  if (!(error instanceof TRPCError) || error.code === 'INTERNAL_SERVER_ERROR') return null
  return `refused (${error.code}: ${error.message.split('\n')[0]?.slice(0, 140)})`
}

function explain(error: unknown): string {
  const words: string[] = []
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    words.push(`${at.name}: ${at.message.split('\n')[0]}`)
  return words.join(' < ')
}

/** The same intent once more: the same answer and nothing done, or, with another body, a conflict. */
async function repeat(world: World, operation: Extract<Human, { do: 'repeat' }>): Promise<void> {
  const earlier = pickFrom(world.sent, operation.back)
  if (!earlier) return
  const { letter, outcome, response } = earlier
  const input = operation.other ? otherBody(letter.input) : letter.input
  if (input === null) return
  const says = `${letter.says}, once more with the same key${operation.other ? ' and another body' : ''}`
  const sent = await send(world, { ...letter, input, says }, operation.other ? 'repeatOther' : 'repeat')
  world.sent.shift()
  if (outcome !== 'accepted' || sent.outcome === 'died') {
    // What was refused, or died on the way, may be done now: the client has its answer from here on.
    if (!operation.other && sent.outcome === 'accepted')
      Object.assign(earlier, { outcome: 'accepted', response: sent.response })
    return
  }
  if (operation.other && sent.outcome === 'accepted')
    world.violations.push(`${letter.procedure} was done twice for one key: ${says}`)
  if (!operation.other && sent.outcome === 'accepted' && JSON.stringify(sent.response) !== JSON.stringify(response))
    world.violations.push(
      `${letter.procedure} answered differently the second time: ${JSON.stringify(response)} and ${JSON.stringify(sent.response)}`,
    )
}

function otherBody(input: Record<string, unknown>): Record<string, unknown> | null {
  if (typeof input.amount === 'number') return { ...input, amount: input.amount + 1 }
  if (typeof input.version === 'number') return { ...input, version: input.version + 1 }
  if (Array.isArray(input.payoutIds))
    return { ...input, payoutIds: [...input.payoutIds].reverse().concat(input.payoutIds[0]) }
  if (typeof input.payoutId === 'string' && input.manual === undefined) return { ...input, version: 99 }
  return null
}

// ---- machines ---------------------------------------------------------------------------------------------------

async function runMachine(world: World, operation: Machine): Promise<void> {
  const died = await asProcess(world, operation)
  countAction(world.counts, operation.do, died ? 'died' : 'accepted')
}

async function asProcess(world: World, operation: Machine): Promise<boolean> {
  switch (operation.do) {
    case 'work': {
      const process = world.workers[operation.worker]
      let done = 0
      const died = await untilDeath(process, async () => {
        done = await createWorker(process.deps, world.handlers).runUntilIdle(jobsAtOnce)
      })
      tell(world, died ? `${process.name} works, and dies.` : `${process.name} does ${done} jobs.`)
      if (died) world.workers[operation.worker] = startProcess(world, 'worker', `worker ${operation.worker + 1}`)
      return died
    }
    case 'deliver': {
      const process = world.web
      const died = await untilDeath(process, () => deliver(world, process, operation.most))
      if (died) {
        tell(world, 'The process dies while it takes a webhook.')
        restart(world, process)
      }
      return died
    }
    case 'sweep':
    case 'catchUp':
    case 'periodic': {
      const index = world.random.below(2) as 0 | 1
      const process = world.workers[index]
      const died = await untilDeath(process, async () => {
        if (operation.do === 'sweep') await sweep(process.deps)
        else if (operation.do === 'catchUp') await catchUp(process.deps)
        else for (const task of tasks) await task.run(process.deps)
      })
      tell(world, `${process.name} does its ${operation.do}${died ? ', and dies' : ''}.`)
      if (died) world.workers[index] = startProcess(world, 'worker', `worker ${index + 1}`)
      return died
    }
  }
}

/** @returns whether the process died of it; other errors are logged where they arise, and the next run comes all the same */
async function untilDeath(process: Process, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run()
  } catch (error) {
    // Stripe may not answer a periodic task; everything else that it throws is a bug.
    if (!process.dead && !(error instanceof Error && 'rawType' in error) && !isStripes(error)) throw error
  }
  return process.dead
}

function isStripes(error: unknown): boolean {
  return error instanceof Error && error.constructor.name.startsWith('Stripe')
}

async function deliver(world: World, process: Process, most: number): Promise<void> {
  let left = most
  const answers: Record<string, number> = {}
  while (left > 0) {
    const batch = world.simulator.pendingDeliveries().slice(0, left)
    if (batch.length === 0) break
    for (const { id, url, body, headers } of batch) {
      left--
      if (world.downFor > 0) {
        world.downFor--
        countFault(world.counts, 'down', 'struck')
        world.simulator.settleDelivery(id, world.downFor % 2 === 0 ? 503 : null)
        continue
      }
      const endpoint = url.slice(url.lastIndexOf('/') + 1) as Endpoint
      const signature = headers['stripe-signature'] ?? ''
      try {
        const answer = await receiveWebhook(process.deps, endpoint, Buffer.from(body), signature)
        answers[answer.body] = (answers[answer.body] ?? 0) + 1
        world.simulator.settleDelivery(id, answer.status)
        if (answer.status === 200) world.received.push({ endpoint, body, signature })
      } catch (error) {
        world.simulator.settleDelivery(id, null)
        throw error
      }
    }
  }
  tell(
    world,
    `Webhooks come: ${
      Object.entries(answers)
        .map(([what, count]) => `${count} ${what}`)
        .join(', ') || 'none'
    }.`,
  )
}

// ---- the rest of the world --------------------------------------------------------------------------------------

async function letHappen(world: World, operation: Outside): Promise<string | null> {
  const { control, dashboard, counts, troubles } = world
  const accountOf = async (one: { org: number; partner: number }) => {
    const company = world.companies[one.org % world.companies.length]!
    const rows = await world.db.read.all<{ name: string; account: string }>(
      sql`SELECT name, stripe_account_id AS account FROM partners WHERE org_id = ${company.org.id} AND stripe_account_id IS NOT NULL ORDER BY id`,
    )
    return pickFrom(rows, one.partner)!
  }
  const tried = async (what: () => unknown): Promise<boolean> => {
    try {
      await what()
      return true
    } catch {
      return false
    }
  }
  switch (operation.do) {
    case 'clock':
      world.clock.advance(operation.ms)
      world.simulator.tick()
      return `${wordsOf(operation.ms)} pass.`
    case 'bank': {
      const { name, account } = await accountOf(operation)
      control('POST', `/_sim/accounts/${account}`, {
        bank_number: operation.number,
        fails_after_paid: operation.returns,
      })
      return `${name} changes to bank account ${operation.number}.`
    }
    case 'account': {
      const { name, account } = await accountOf(operation)
      const { transfers } = operation
      control('POST', `/_sim/accounts/${account}`, {
        transfers,
        payouts: transfers === 'rejected' ? 'rejected' : 'active',
      })
      return `Stripe makes ${name}'s account ${transfers}.`
    }
    case 'closeAccount': {
      const { name, account } = await accountOf(operation)
      const done = await tried(() => dashboard.v2.core.accounts.close(account))
      return done ? `${name}'s account is closed.` : null
    }
    case 'deauthorize': {
      const { name, account } = await accountOf(operation)
      control('POST', `/_sim/accounts/${account}`, { deauthorized: true })
      return `${name} disconnects from the platform.`
    }
    case 'reverse': {
      const transfers = control<Stripe.Transfer[]>('GET', '/_sim/transfers').filter(one => !one.reversed)
      const transfer = pickFrom(transfers, operation.which)
      if (!transfer) return null
      const left = transfer.amount - transfer.amount_reversed
      const amount = Math.max(1, Math.floor((left * operation.percent) / 100))
      const done = await tried(() => dashboard.transfers.createReversal(transfer.id, { amount }))
      return done ? `Somebody reverses ${amount} of ${left} of ${transfer.id} at Stripe.` : null
    }
    case 'stranger': {
      const { name, account } = await accountOf(operation)
      const done = await tried(async () => {
        await dashboard.transfers.create({ amount: operation.amount, currency: 'usd', destination: account })
      })
      if (!done) return null
      return `Somebody sends ${operation.amount} to ${name} by hand at Stripe.`
    }
    case 'topUp':
      control('POST', '/_sim/balance', { currency: operation.currency, amount: operation.amount })
      return `The platform's balance gets ${operation.amount} ${operation.currency}.`
    case 'bankDay':
      control('POST', '/_sim/payouts/run', { until: operation.until })
      return `Stripe pays out to banks, until ${operation.until}.`
    case 'fault': {
      countFault(counts, `stripe_${operation.kind}`, 'injected', operation.count)
      const { id } = control<{ id: number }>('POST', '/_sim/faults', {
        kind: operation.kind,
        ...(operation.on === 'transfers' ? { method: 'POST', path: '/v1/transfers' } : {}),
        nth: operation.nth,
        count: operation.count,
        ms: 30_000,
      })
      world.armed.stripe.set(id, operation.count)
      const which = `${operation.on === 'transfers' ? 'transfer' : 'request'} ${operation.nth}`
      return `From ${which} on, Stripe will do this ${operation.count} times: ${operation.kind}.`
    }
    case 'network':
      countFault(counts, `network_${operation.kind}`, 'injected')
      troubles.network.push({ plan: operation, left: operation.nth })
      return `Request ${operation.nth} to Stripe will meet a ${operation.kind}.`
    case 'spoilWebhooks': {
      countFault(counts, `webhook_${operation.kind}`, 'injected', operation.count)
      const { id } = control<{ id: number }>('POST', '/_sim/webhooks/switches', {
        kind: operation.kind,
        count: operation.count,
        ms: 20 * 60_000,
      })
      world.armed.webhook.set(id, operation.count)
      return `The next ${operation.count} webhooks meet: ${operation.kind}.`
    }
    case 'down':
      countFault(counts, 'down', 'injected', operation.count)
      world.downFor += operation.count
      return `Nobody is there for the next ${operation.count} webhooks.`
    case 'forge':
      countFault(counts, `forged_${operation.how}`, 'injected')
      return forge(world, operation.how)
    case 'replay':
      return replay(world, operation.which)
    case 'crash':
      countFault(counts, `crash_${operation.who}_${operation.when}`, 'injected')
      troubles.crashes.push({ plan: operation, left: operation.nth })
      return `A ${operation.who} will die ${operation.when} its step ${operation.nth}.`
    case 'mail':
      countFault(counts, `mail_${operation.trouble}`, 'injected')
      troubles.mails.push({ plan: operation, left: operation.nth })
      return `Mail ${operation.nth} will be ${operation.trouble}.`
  }
}

/** Bytes that Stripe did not sign, or not now, or not for this endpoint: refused, and nothing of them kept. */
async function forge(world: World, how: Extract<Outside, { do: 'forge' }>['how']): Promise<string> {
  const seconds = Math.floor(world.clock.now() / 1000)
  const id = `evt_forged_${world.keys++}`
  const body =
    how === 'not_json'
      ? 'transfer=1'
      : JSON.stringify({
          id,
          object: 'event',
          type: 'transfer.created',
          created: seconds,
          livemode: false,
          data: { object: { id: 'tr_forged' } },
        })
  const at = how === 'old' ? seconds - 601 : seconds
  const secret =
    how === 'other_secret' ? 'whsec_guessed' : how === 'other_endpoint' ? 'whsec_connect' : 'whsec_platform'
  const signed = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')
  const signature = how === 'unsigned' ? undefined : `t=${at},v1=${signed}`
  const sent = how === 'changed' ? body.replace('tr_forged', 'tr_other') : body
  const answer = await receiveWebhook(world.desk.deps, 'platform', Buffer.from(sent), signature)
  world.complaints.length = 0
  const [kept] = await world.db.read.all(sql`SELECT id FROM stripe_events WHERE id = ${id}`)
  if (answer.status !== 400 || kept) world.violations.push(`a forged webhook (${how}) was answered ${answer.status}`)
  else countFault(world.counts, `forged_${how}`, 'struck')
  return `A forged webhook comes (${how}): ${answer.status}.`
}

/** A webhook that came before comes again, byte for byte: it is known, or its time is over. */
async function replay(world: World, which: number): Promise<string | null> {
  const one = pickFrom(world.received, which)
  if (!one) return null
  countFault(world.counts, 'webhook_replayed', 'injected')
  const answer = await receiveWebhook(world.desk.deps, one.endpoint, Buffer.from(one.body), one.signature)
  world.complaints.length = 0
  if (answer.status === 200 && answer.body !== 'known') world.violations.push(`a replayed webhook was ${answer.body}`)
  countFault(world.counts, 'webhook_replayed', 'struck')
  return `An old webhook comes again: ${answer.status} ${answer.body}.`
}

function wordsOf(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
    [1_000, 'seconds'],
  ]
  const [size, name] = units.find(([size]) => Math.abs(ms) >= size) ?? [1, 'milliseconds']
  return `${Math.round((ms / size) * 10) / 10} ${name}`
}

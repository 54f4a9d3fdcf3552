import { createChanges } from '../changes.ts'
import type { Clock, Deps, Ids } from '../deps.ts'
import type { OutgoingMail } from '../email/send.ts'
import { createSimulator, type Simulator } from '../simulator/core.ts'
import { inProcessStripe } from '../simulator/in-process.ts'
import { type Endpoint, receiveWebhook } from '../stripe/webhook.ts'
import { countedIds, start, type TestClock, testClock, testConfig } from '../test/deps.ts'
import { type Around, aRewindableDatabase, straight } from './races-database.ts'

/** Remit, Stripe and the mail between them, in memory and on one clock, to be put back to a mark as often as one likes. */
export interface World {
  clock: TestClock
  simulator: Simulator
  /** Everything that a mail server accepted, in order. */
  mails: OutgoingMail[]
  /** What a process of ours is given; `around` stands around all that it asks of the world. The same name gets the same ids in each run. */
  process(name: string, around?: Around, clock?: Clock): Deps
  /** Calls a control endpoint of the simulator. */
  control<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): T
  /** Brings the webhooks that are due to this process. True when there were any. */
  deliver(deps: Deps): Promise<boolean>
  /** Remembers what is now: database, Stripe, clock and ids. The function that is returned brings it back and empties the mailbox. */
  mark(): () => void
  /** A process of ours died: what it had not committed is gone. */
  crash(): void
}

const hooks: Record<string, Endpoint> = { platform: 'platform', connect: 'connect', events: 'events' }

export async function aWorld(): Promise<World> {
  const database = await aRewindableDatabase()
  const clock = testClock(start)
  const mails: OutgoingMail[] = []
  let objects = 0
  let marks = 0
  const simulator = createSimulator({
    path: ':memory:',
    now: clock.now,
    baseUrl: testConfig().STRIPE_API_BASE,
    random: () => `${objects++}`.padStart(24, '0'),
  })
  for (const kind of Object.values(hooks))
    simulator.register({ kind, url: `https://remit.example/${kind}`, secret: `whsec_${kind}` })
  const idsByName = new Map<string, { ids: Ids; rewind: (mark: number) => void }>()

  function control<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): T {
    const headers = { 'content-type': 'application/json' }
    const reply = simulator.handle({ method, path, headers, body: body === undefined ? '' : JSON.stringify(body) })
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`)
    return JSON.parse(reply.body) as T
  }

  return {
    clock,
    simulator,
    mails,
    control,
    process(name, around = straight, own = clock) {
      const db = database.door(around)
      const named = idsByName.get(name) ?? rewindableIds(clock, name)
      idsByName.set(name, named)
      return {
        config: testConfig(),
        db,
        clock: own,
        ids: named.ids,
        stripe: inProcessStripe(simulator, {
          isWriting: db.isWriting,
          onTheWay: ({ method, path }, send) =>
            around({ kind: 'stripe', what: `${method} ${path.split('?')[0]?.replace(/_1\d{20,}/g, '…')}` }, send),
        }),
        mailer: {
          send: mail =>
            around({ kind: 'mail', what: String(mail.headers?.['X-Remit-Template']) }, () => {
              mails.push(mail)
              return { messageId: mail.messageId }
            }),
          async close() {},
        },
        changes: createChanges(),
        log: { debug() {}, info() {}, warn() {}, error() {} },
      }
    },
    async deliver(deps) {
      simulator.tick()
      const due = simulator.pendingDeliveries()
      for (const { id, url, body, headers } of due) {
        const endpoint = hooks[url.split('/').at(-1) ?? ''] ?? 'platform'
        const signature = headers['stripe-signature'] ?? headers['Stripe-Signature']
        const answer = await receiveWebhook(deps, endpoint, Buffer.from(body), signature).catch(() => null)
        simulator.settleDelivery(id, answer?.status ?? null)
      }
      return due.length > 0
    },
    crash: () => database.crash(),
    mark() {
      const at = clock.now()
      const stripe = simulator.mark()
      const rewind = database.mark()
      const made = objects
      const number = ++marks
      return () => {
        rewind()
        stripe()
        objects = made
        clock.set(at)
        mails.length = 0
        for (const ids of idsByName.values()) ids.rewind(number)
      }
    },
  }
}

/** Ids that begin anew with each run from a mark, so that a run repeats in every detail. */
function rewindableIds(clock: Clock, name: string): { ids: Ids; rewind: (mark: number) => void } {
  let now = countedIds(clock, name)
  return {
    ids: { id: prefix => now.id(prefix), secret: () => now.secret(), fraction: () => now.fraction() },
    rewind(mark) {
      now = countedIds(clock, `${name} from mark ${mark}`)
    },
  }
}

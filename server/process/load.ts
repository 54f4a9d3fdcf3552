import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import type { Answered, Caller } from './client.ts'

/** A write that was answered: what must be found in the file, whatever happens next. */
export interface Acknowledged {
  procedure: string
  key: string
  answer: unknown
}

export interface People {
  /** Approves and pays. */
  owner: Caller
  /** Creates and edits. */
  manager: Caller
  partnerId: string
  /** Where the imports' rows go to. */
  partnerEmail: string
}

/** What there is to be worked on, as far as the clients know. */
interface Pools {
  pending: string[]
  approved: string[]
  open: string[]
  won: string[]
}

export interface Load {
  /** All that was answered with yes, in the order of the answers. */
  acknowledged: Acknowledged[]
  /** Answers that should not be: 5xx, or a person who is not let in. */
  wrong: string[]
  /** Refusals, by procedure and status: two clients want the same thing, or came late. */
  refused: Record<string, number>
  /** Works until the signal comes; what got no answer is asked again under the same key, in this round or the next. */
  work(signal: AbortSignal): Promise<void>
  /** Looks what there is, in a file that nobody changes. */
  look(read: Drizzle): Promise<void>
}

interface Intent {
  as: keyof Pick<People, 'owner' | 'manager'>
  procedure: string
  input: Record<string, unknown>
  key: string
  /** What comes of the answer. */
  then?: (value: Record<string, unknown>) => Promise<void> | void
}

const day = 24 * 60 * 60_000

/** Several people who do all kinds of things at once, as a seed has it. */
export function createLoad(people: People, random: () => number, clients: number): Load {
  const acknowledged: Acknowledged[] = []
  const wrong: string[] = []
  const refused: Record<string, number> = {}
  const pools: Pools = { pending: [], approved: [], open: [], won: [] }
  /** What got no answer yet: the person presses again, and means the same. */
  const unanswered: Intent[] = []
  let count = 0
  let signal: AbortSignal | undefined

  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))
  const take = (list: string[]): string | undefined => list.splice(Math.floor(random() * list.length), 1)[0]
  const intent = (as: Intent['as'], procedure: string, input: Intent['input'], then?: Intent['then']): Intent => ({
    as,
    procedure,
    input,
    key: `${procedure} ${++count}`,
    ...(then ? { then } : {}),
  })

  async function ask(one: Intent): Promise<void> {
    const answer: Answered<Record<string, unknown>> = await people[one.as](one.procedure, {
      ...one.input,
      idempotencyKey: one.key,
    })
    if (answer.status === 0) {
      unanswered.push(one)
      // Nobody is there; the next try must not come before somebody is.
      await new Promise(resolve => setTimeout(resolve, 20))
      return
    }
    if (answer.status !== 200) {
      const name = `${one.procedure} ${answer.status}`
      refused[name] = (refused[name] ?? 0) + 1
      if (answer.status >= 500 || answer.status === 401 || answer.status === 403)
        wrong.push(`${one.procedure} was answered with ${answer.status}: ${answer.message}`)
      return
    }
    acknowledged.push({ procedure: one.procedure, key: one.key, answer: answer.value })
    await one.then?.(answer.value)
  }

  const kinds: [weight: number, make: () => Intent | '' | undefined][] = [
    [
      4,
      () =>
        intent('manager', 'payouts.create', { partnerId: people.partnerId, amount: between(100, 90_000) }, value => {
          pools.pending.push(String(value.id))
        }),
    ],
    [
      2,
      () => {
        const payoutId = pick(pools.pending)
        return payoutId && intent('manager', 'payouts.update', { payoutId, amount: between(100, 90_000) })
      },
    ],
    [
      3,
      () => {
        const payoutId = take(pools.pending)
        return (
          payoutId &&
          intent('owner', 'payouts.approve', { payoutId }, () => {
            pools.approved.push(payoutId)
          })
        )
      },
    ],
    [
      1,
      () => {
        const payoutIds = pools.pending.splice(0, between(2, 6))
        return payoutIds.length > 0
          ? intent('owner', 'payouts.bulkApprove', { payoutIds }, () => {
              pools.approved.push(...payoutIds)
            })
          : undefined
      },
    ],
    [
      4,
      () => {
        const payoutId = take(pools.approved)
        return payoutId && intent('owner', 'payouts.markPaid', { payoutId })
      },
    ],
    [
      1,
      () => {
        const payoutId = random() < 0.5 ? take(pools.pending) : take(pools.approved)
        return payoutId && intent('owner', 'payouts.cancel', { payoutId, reason: 'Not owed after all' })
      },
    ],
    [1, importSpreadsheet],
    [
      2,
      () =>
        intent('manager', 'deals.create', dealInput(), value => {
          pools.open.push(String(value.id))
        }),
    ],
    [
      2,
      () => {
        const dealId = pick(pools.open)
        const touch = { partnerId: people.partnerId, type: 'referral', at: Date.now() - 80 * day }
        return dealId && intent('manager', 'deals.addTouch', { dealId, ...touch })
      },
    ],
    [
      2,
      () => {
        const dealId = take(pools.open)
        const closedOn = new Date(Date.now() - 40 * day).toISOString().slice(0, 10)
        return (
          dealId &&
          intent('manager', 'deals.win', { dealId, closedOn }, () => {
            pools.won.push(dealId)
          })
        )
      },
    ],
    [
      1,
      () => {
        const dealId = pick(pools.won)
        return dealId && intent('manager', 'deals.refund', { dealId, amount: between(100, 5_000), reason: 'Sent back' })
      },
    ],
    [
      1,
      () =>
        intent('manager', 'runs.plan', { period: new Date(Date.now() - 40 * day).toISOString().slice(0, 7) }, value =>
          ask(intent('manager', 'runs.execute', { runId: value.id, digest: value.digest })),
        ),
    ],
  ]
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0)

  function dealInput() {
    const amount = between(50_000, 900_000)
    return {
      name: `Deal ${count}`,
      accountName: `Account ${count}`,
      amount,
      currency: 'USD',
      openedAt: Date.now() - 90 * day,
    }
  }

  function importSpreadsheet(): Intent {
    const row = () => `${people.partnerEmail},${(between(100, 9_000) / 100).toFixed(2)},USD,2026-01,R-${++count},`
    const text = `partner email,amount,currency,period,reference,notes\n${row()}\n${row()}\n`
    return intent('manager', 'payouts.importDraft', { fileName: `${count}.csv`, text }, value =>
      ask(
        intent('manager', 'payouts.importCommit', { importId: value.importId, skipDuplicates: true, skipErrors: true }),
      ),
    )
  }

  function next(): Intent {
    const again = unanswered.shift()
    if (again) return again
    for (;;) {
      let at = random() * total
      const made = kinds.find(([weight]) => {
        at -= weight
        return at < 0
      })?.[1]()
      if (made) return made
    }
  }

  async function client(): Promise<void> {
    while (!signal?.aborted) await ask(next())
  }

  return {
    acknowledged,
    wrong,
    refused,
    async work(until) {
      signal = until
      await Promise.all(Array.from({ length: clients }, client))
    },
    async look(read) {
      const ids = async (query: ReturnType<typeof sql>) => (await read.all<{ id: string }>(query)).map(({ id }) => id)
      pools.pending = await ids(
        sql`SELECT id FROM payouts WHERE status = 'pending_approval' ORDER BY id DESC LIMIT 200`,
      )
      pools.approved = await ids(sql`SELECT id FROM payouts WHERE status = 'approved' ORDER BY id DESC LIMIT 200`)
      pools.open = await ids(sql`SELECT id FROM deals WHERE stage = 'open' ORDER BY id DESC LIMIT 50`)
      pools.won = await ids(sql`SELECT id FROM deals WHERE stage = 'won' ORDER BY id DESC LIMIT 50`)
    },
  }
}

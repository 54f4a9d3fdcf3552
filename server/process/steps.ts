import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { Stripe } from 'stripe'
import type { Database } from '#db/client.ts'
import type { Mailer } from '../email/send.ts'

/** Hears of everything a process does to the world, in order, and may end the process. */
export type Step = (what: string) => void

/**
 * Before a transaction's commit and after it; to die before it begins is to die after what came before. Each transaction leaves its
 * number in the table `commits`, so that one which was acknowledged and then lost would show.
 */
export function steppedDatabase(db: Database, step: Step): Database {
  return {
    ...db,
    async write(fn) {
      const who = callerOf(new Error().stack)
      const { value, number } = await db.write(async tx => {
        const value = await fn(tx)
        const [row] = await tx.all<{ number: number }>(sql`INSERT INTO commits DEFAULT VALUES RETURNING number`)
        step(`${who}, before its commit`)
        return { value, number: row?.number }
      })
      step(`${who}, committed as ${number}`)
      return value
    },
  }
}

function callerOf(stack = ''): string {
  return /at (?:async )?([a-z]+)/i.exec(stack.split('\n').slice(2).join('\n'))?.[1] ?? 'somebody'
}

/** Before a request leaves and after its answer is read: at the wire, so that what the package itself sends again counts too. */
export function stepThroughStripe(step: Step, newKeys: () => boolean): void {
  const original = Stripe.createNodeHttpClient
  Stripe.createNodeHttpClient = agent => {
    const client = original(agent)
    return {
      getClientName: () => client.getClientName(),
      async makeRequest(...request) {
        const what = `Stripe ${request[3]} ${request[2].split('?')[0]?.replace(/\/(acct|tr)_\w+/, '/:id')}`
        step(`${what}, before it is sent`)
        if (newKeys() && request[3] === 'POST') request[4] = { ...request[4], 'Idempotency-Key': randomUUID() }
        const answer = await client.makeRequest(...request)
        const read = answer.toJSON.bind(answer)
        answer.toJSON = async () => {
          const body = await read()
          step(`${what}, answered`)
          return body
        }
        return answer
      },
    }
  }
}

export function steppedMailer(mailer: Mailer, step: Step): Mailer {
  return {
    async send(mail) {
      step('mail, before it is sent')
      const sent = await mailer.send(mail)
      step('mail, accepted')
      return sent
    },
    close: () => mailer.close(),
  }
}

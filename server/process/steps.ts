import { sql } from 'drizzle-orm'
import { Stripe } from 'stripe'
import type { Database } from '#db/client.ts'
import type { Mailer } from '../email/send.ts'

/** Hears of everything a process does to the world, in order, and may end the process. Returns the step's number. */
export type Step = (what: string) => number

/**
 * Before a transaction, before its commit, and after it. Each transaction leaves its number in the table `commits`, so that one
 * which was acknowledged and then lost would show.
 */
export function steppedDatabase(db: Database, step: Step): Database {
  return {
    ...db,
    async write(fn) {
      const who = callerOf(new Error().stack)
      const number = step(`${who}, before its transaction`)
      const result = await db.write(async tx => {
        const value = await fn(tx)
        await tx.run(sql`INSERT INTO commits (step) VALUES (${number})`)
        step(`${who}, before its commit`)
        return value
      })
      step(`${who}, committed as ${number}`)
      return result
    },
  }
}

function callerOf(stack = ''): string {
  return /at (?:async )?([a-z]+)/i.exec(stack.split('\n').slice(2).join('\n'))?.[1] ?? 'somebody'
}

/** Before a request leaves and after its answer is read: at the wire, so that what the package itself sends again counts too. */
export function stepThroughStripe(step: Step): void {
  const original = Stripe.createNodeHttpClient
  Stripe.createNodeHttpClient = agent => {
    const client = original(agent)
    return {
      getClientName: () => client.getClientName(),
      async makeRequest(...request) {
        const what = `Stripe ${request[3]} ${request[2].split('?')[0]?.replace(/\/(acct|tr)_\w+/, '/:id')}`
        step(`${what}, before it is sent`)
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

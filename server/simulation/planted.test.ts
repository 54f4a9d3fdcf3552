import type { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { runTransfer } from '../payouts/transfer.ts'
import { historyOf, live, plainHandlers } from './history.ts'
import { childSeed } from './random.ts'
import { shrink } from './shrink.ts'
import { openStage } from './world.ts'

/** A worker that mints a key for every try, as if a key were only good manners. */
function carelessly(): typeof plainHandlers {
  let count = 0
  return {
    ...plainHandlers,
    'payout.transfer': (deps, { attemptId }) => {
      const transfers = new Proxy(deps.stripe.transfers, {
        get: (target, name) =>
          name === 'create'
            ? (request: Stripe.TransferCreateParams) => target.create(request, { idempotencyKey: `try ${count++}` })
            : Reflect.get(target, name).bind(target),
      })
      const stripe = new Proxy(deps.stripe, {
        get: (target, name) => (name === 'transfers' ? transfers : Reflect.get(target, name)),
      })
      return runTransfer({ ...deps, stripe }, attemptId)
    },
  }
}

test('a key for each try pays twice: it is found, and told as a short story', async () => {
  const stage = await openStage()
  for (let index = 0; index < 200; index++) {
    const history = historyOf(childSeed(1, index))
    const options = { handlers: carelessly() }
    const { violations } = await live(history, stage, options)
    if (violations.length === 0) continue
    expect((await live(history, stage)).violations).toEqual([])
    const { history: short, outcome } = await shrink(history, stage, options, 120)
    expect(outcome.violations.join('\n')).toMatch(/was sent 2 times/)
    expect(short.operations.length).toBeLessThan(12)
    return
  }
  throw new Error('nobody noticed')
}, 600_000)

import type { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { groupBy } from '../lib/group.ts'
import { runTransfer } from '../payouts/transfer.ts'
import { historyOf, live, plainHandlers } from './history.ts'
import { liveAll } from './planted/live-all.ts'
import { findingsOf, plantedBugs, readPins } from './planted/planted.ts'
import { childSeed } from './random.ts'
import { shrink } from './shrink.ts'
import { openStage } from './world.ts'

const pins = readPins()
const searchCommand = (name: string) => `npm run simulate -- --planted --pin --only '${name}'`

test('there are more than two dozen planted bugs, each with what it costs and the history that shows it', () => {
  expect(plantedBugs.length).toBeGreaterThanOrEqual(24)
  expect(new Set(plantedBugs.map(bug => bug.name)).size).toBe(plantedBugs.length)
  expect(plantedBugs.filter(({ costs }) => !/^[A-Z].*\.$/.test(costs)).map(bug => bug.name)).toEqual([])
  expect(Object.keys(pins)).toEqual(plantedBugs.map(bug => bug.name))
})

test('each planted bug is caught in its history, and without it the same histories show nothing', async () => {
  const bugs = plantedBugs.map(bug => ({ ...bug, pin: pins[bug.name]! }))
  const seeds = groupBy(bugs, ({ pin }) => pin.seed)
  const healthy = [...seeds].map(([seed, own]) => ({
    ...{ parts: [], seed },
    histories: [...new Set(own.map(({ pin }) => pin.history))],
  }))
  const planted = bugs.map(({ parts, pin }) => ({ parts, seed: pin.seed, histories: [pin.history] }))
  const results = await liveAll([...healthy, ...planted])

  expect(results.slice(0, healthy.length)).toEqual(
    healthy.map(({ histories }) => ({ lived: histories.length, shown: null })),
  )
  const missed = bugs.flatMap(({ name, pin }, index) => {
    const findings = findingsOf(results[healthy.length + index]?.shown?.violations ?? [])
    if (pin.caughtBy.some(one => findings.includes(one))) return []
    return [{ name, expected: pin.caughtBy, found: findings, searchAgain: searchCommand(name) }]
  })
  expect(missed).toEqual([])
}, 600_000)

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

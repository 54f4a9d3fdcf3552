import { expect, test } from 'vitest'
import { historyOf, live } from './history.ts'
import { childSeed } from './random.ts'
import { repeatCommand, simulate } from './simulate.ts'
import { openStage } from './world.ts'

const seed = 1

test('the same seed gives the same history, to the byte', async () => {
  const stage = await openStage()
  for (let index = 0; index < 3; index++) {
    const history = historyOf(childSeed(seed, index))
    const [first, second] = [await live(history, stage), await live(history, await openStage())]
    expect(second.story).toEqual(first.story)
    expect(second.hash).toBe(first.hash)
  }
}, 120_000)

test('histories of people, faults and crashes break nothing that must hold', async () => {
  const { failures } = await simulate({ seed, from: 0, histories: 20 })
  expect(failures.map(({ index, violations }) => ({ repeat: repeatCommand(seed, index), violations }))).toEqual([])
}, 600_000)

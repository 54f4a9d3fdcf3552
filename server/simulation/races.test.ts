import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Deps } from '../deps.ts'
import { commissionRaces } from './races-commissions.ts'
import { aCompany } from './races-company.ts'
import { moneyRaces } from './races-money.ts'
import { payoutRaces } from './races-payouts.ts'
import { runRace, type SetUp } from './races-run.ts'

// Each race in all of its interleavings where it has no more than the limit, and otherwise in so many different ones. The long tier:
// RACE_LIMIT=2000 npx vitest run server/simulation/races.test.ts
const races: Record<string, SetUp> = { ...payoutRaces, ...moneyRaces, ...commissionRaces }
const limit = Number(process.env.RACE_LIMIT ?? 60)
const seed = Number(process.env.RACE_SEED ?? 1)
const path = process.env.RACE_PATH?.split('.').map(Number)
const wanted = process.env.RACE

test.each(Object.keys(races).filter(name => !wanted || wanted === name))('%s', { timeout: 3_600_000 }, async name => {
  const setUp = races[name]
  if (!setUp) throw new Error('no such race')
  const { runs, all, longest } = await runRace(name, setUp, { limit, seed, path })
  console.log(`${name}: ${all ? 'all ' : ''}${runs} interleavings of up to ${longest} turns`)
  expect(all || runs === limit || path !== undefined).toBe(true)
})

test('no race is lost', () => {
  expect(Object.keys(races).length).toBeGreaterThanOrEqual(30)
})

test('a number that two read before either writes it is found, told as a story, and can be repeated', async () => {
  const careless: SetUp = async world => {
    const { org } = await aCompany(world)
    const read = async (deps: Deps) =>
      (
        await deps.db.read.all<{ n: number }>(
          sql`SELECT destination_hold_hours AS n FROM organizations WHERE id = ${org.id}`,
        )
      )[0]?.n ?? 0
    const raise = async (deps: Deps) => {
      const now = await read(deps)
      await deps.db.write(tx =>
        tx.run(sql`UPDATE organizations SET destination_hold_hours = ${now + 1} WHERE id = ${org.id}`),
      )
    }
    const before = await read(world.process('reader'))
    return {
      actors: { one: raise, other: raise },
      judge: async (_, deps) => ((await read(deps)) === before + 2 ? [] : ['an increment is lost']),
    }
  }
  const found = runRace('careless', careless, { limit: 10, seed })
  await expect(found).rejects.toThrow(/an increment is lost\nin this order:\n {2}one: read\n {2}other: read\n/)
  await expect(found).rejects.toThrow(/Repeat it: RACE='careless' RACE_PATH=[01.]+ npx vitest/)
  await expect(runRace('careless', careless, { limit: 1, seed, path: [0, 1, 0, 1] })).rejects.toThrow(
    'an increment is lost',
  )
  expect(await runRace('careless', careless, { limit: 1, seed, path: [0, 0, 1, 1] })).toMatchObject({ runs: 1 })
})

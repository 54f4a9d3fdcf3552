import { expect, test } from 'vitest'
import { commissionRaces } from './races-commissions.ts'
import { moneyRaces } from './races-money.ts'
import { payoutRaces } from './races-payouts.ts'
import { runRace } from './races-run.ts'

const races = { ...payoutRaces, ...moneyRaces, ...commissionRaces }
const limit = Number(process.env.RACE_LIMIT ?? 2_000)
const seed = Number(process.env.RACE_SEED ?? 1)
const path = process.env.RACE_PATH?.split('.').map(Number)
const wanted = process.env.RACE

for (const [name, setUp] of Object.entries(races))
  if (!wanted || wanted === name)
    test(name, { timeout: 600_000 }, async () => {
      const cpu = process.cpuUsage()
      const report = await runRace(name, setUp, { limit, seed, path })
      console.log(name, report, Math.round(process.cpuUsage(cpu).user / 1000))
      expect(report.runs).toBeGreaterThan(0)
    })

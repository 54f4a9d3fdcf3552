import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { torture } from './torture.ts'

const cycles = Number(process.env.TORTURE_CYCLES ?? 40)
/** Which moments are hit; given again, they are the same as far as a machine's pace allows. */
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const file = process.env.TORTURE_REPORT ?? 'test-results/torture.json'
const repeat = `repeat: npm run torture -- --cycles ${cycles} --seed ${seed}`

test('killed at any moment under all kinds of work, nothing that was answered is lost and nobody is paid twice', {
  timeout: 600_000 + cycles * 10_000,
}, async () => {
  const report = await torture({ cycles, seed })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  console.info(
    `${report.cycles} kills, ${report.acknowledged} answered writes, ${report.transfers} transfers; ${repeat}`,
  )
  expect(report.lost, repeat).toEqual([])
  expect(report.violations, repeat).toEqual([])
  expect(report.cycles).toBe(cycles)
  // Every kind of work was among it.
  if (cycles >= 50)
    for (const procedure of [
      ...['create', 'update', 'approve', 'bulkApprove', 'markPaid', 'cancel', 'importCommit'].map(
        name => `payouts.${name}`,
      ),
      ...['deals.create', 'deals.addTouch', 'deals.win', 'deals.refund', 'runs.plan', 'runs.execute'],
    ])
      expect(report.byProcedure[procedure] ?? 0, `${procedure}; ${repeat}`).toBeGreaterThan(0)
})

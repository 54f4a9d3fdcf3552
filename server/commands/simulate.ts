import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { historyOf } from '../simulation/history.ts'
import { shrink } from '../simulation/shrink.ts'
import { openStage } from '../simulation/world.ts'
import { repeatCommand, simulate } from '../simulation/simulate.ts'

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    report: { type: 'string', default: 'test-results/simulation.json' },
    verbose: { type: 'boolean', default: false },
  },
})
const [histories, seed, from] = [values.histories, values.seed, values.from].map(Number) as [number, number, number]
const started = Date.now()
const report = await simulate({ seed, from, histories, stopAtFirst: true })
mkdirSync(dirname(values.report), { recursive: true })
writeFileSync(
  values.report,
  `${JSON.stringify({ ...report, date: new Date(started).toISOString(), durationMs: Date.now() - started }, null, 2)}\n`,
)
for (const [action, line] of Object.entries(report.counts.actions).sort())
  console.log(action.padEnd(20), JSON.stringify(line))
for (const [fault, line] of Object.entries(report.counts.faults).sort())
  console.log(fault.padEnd(28), JSON.stringify(line))
console.log(`${report.histories} histories, ${report.operations} operations, ${report.failures.length} failed`)
for (const failure of report.failures) {
  console.log(`\nHistory ${failure.index} of seed ${seed} fails:`)
  for (const violation of failure.violations) console.log(`  - ${violation}`)
  console.log(`Repeat it: ${repeatCommand(seed, failure.index)}`)
  const { outcome, history } = await shrink(historyOf(failure.seed), await openStage())
  console.log(`\nThe shortest story that fails, of ${history.operations.length} operations:`)
  for (const [index, sentence] of outcome.story.entries()) console.log(`${String(index + 1).padStart(3)}. ${sentence}`)
  for (const violation of outcome.violations) console.log(`  => ${violation}`)
}
process.exitCode = report.failures.length > 0 ? 1 : 0

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { type Attacked, attack, procedures } from '../attack/procedures.ts'
import { makeTemplate } from '../attack/world.ts'

// `npm run fuzz [-- --inputs 10000 --seed 7 --only payouts.]`: every procedure with generated inputs, and what came of it as JSON.

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    report: { type: 'string', default: 'test-results/fuzz.json' },
  },
})
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const started = Date.now()
const unhandled: string[] = []
process.on('unhandledRejection', error => unhandled.push(String(error)))
const template = await makeTemplate()
const attacked: Attacked[] = []
for (const procedure of procedures.filter(name => name.startsWith(values.only))) {
  const one = await attack(template, procedure, { inputs, seed })
  attacked.push(one)
  console.log(
    `${procedure.padEnd(34)} ${one.reached} of ${one.inputs} reached it, ${one.accepted} accepted${one.problems.length > 0 ? `, ${one.problems.length} PROBLEMS` : ''}`,
  )
  for (const problem of one.problems.slice(0, 5)) console.log(`  - ${problem}`)
}
template.remove()
const sum = (of: (one: Attacked) => number) => attacked.reduce((total, one) => total + of(one), 0)
const report = {
  date: new Date(started).toISOString(),
  seed,
  procedures: attacked.length,
  inputs: sum(one => one.inputs),
  reached: sum(one => one.reached),
  accepted: sum(one => one.accepted),
  refused: sum(one => one.refused),
  compared: sum(one => one.compared),
  serverErrors: sum(one => one.serverErrors),
  insidesShown: sum(one => one.insidesShown),
  problems: sum(one => one.problems.length),
  unhandled: unhandled.length,
  durationMs: Date.now() - started,
  lowest: attacked
    .toSorted((a, b) => a.reached - b.reached)
    .slice(0, 5)
    .map(one => ({ procedure: one.procedure, reached: one.reached })),
}
mkdirSync(dirname(values.report), { recursive: true })
writeFileSync(values.report, `${JSON.stringify(report, null, 2)}\n`)
console.log(
  `${report.inputs} inputs to ${report.procedures} procedures, ${((100 * report.reached) / report.inputs).toFixed(1)} % reached the code behind the schema, ` +
    `${report.serverErrors} server errors, ${report.problems} problems, seed ${seed}: ${values.report}`,
)
for (const line of unhandled) console.log(`unhandled: ${line}`)
process.exitCode = report.problems + unhandled.length > 0 ? 1 : 0

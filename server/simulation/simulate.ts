import { addCounts, type Counts, noCounts } from './counts.ts'
import { historyOf, live, type Options } from './history.ts'
import { childSeed } from './random.ts'
import { openStage } from './world.ts'

export interface Failure {
  /** Which history of the run, and its own seed. */
  index: number
  seed: number
  violations: string[]
}

export interface Report {
  seed: number
  from: number
  histories: number
  /** Of all histories together; what happens at the same time counts once each. */
  operations: number
  counts: Counts
  failures: Failure[]
  /** Of every history's own hash, in order: two equal runs have the same. */
  hash: string[]
}

export interface Wanted {
  seed: number
  /** The first history's index. */
  from: number
  histories: number
  /** Ends with the first history that fails. */
  stopAtFirst?: boolean
  onHistory?: (index: number, failed: boolean) => void
}

/** Lives through histories one after the other. */
export async function simulate(wanted: Wanted, options: Options = {}): Promise<Report> {
  const { seed, from, histories } = wanted
  const stage = await openStage()
  const report: Report = { seed, from, histories: 0, operations: 0, counts: noCounts(), failures: [], hash: [] }
  for (let index = from; index < from + histories; index++) {
    const history = historyOf(childSeed(seed, index))
    const outcome = await live(history, stage, options)
    report.histories++
    report.operations += history.operations.reduce((sum, one) => sum + (one.do === 'together' ? one.all.length : 1), 0)
    addCounts(report.counts, outcome.counts)
    report.hash.push(outcome.hash)
    if (outcome.violations.length > 0)
      report.failures.push({ index, seed: history.seed, violations: outcome.violations })
    wanted.onHistory?.(index, outcome.violations.length > 0)
    if (outcome.violations.length > 0 && wanted.stopAtFirst) break
  }
  await stage.db.close()
  return report
}

export function repeatCommand(seed: number, index: number): string {
  return `npm run simulate -- --seed ${seed} --from ${index} --histories 1`
}

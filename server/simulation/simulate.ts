import { createHash } from 'node:crypto'
import { addCounts, type Counts, noCounts } from './counts.ts'
import { historyOf, live, type Options } from './history.ts'
import type { Operation } from './operations.ts'
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
  /** The first history's index. */
  from: number
  histories: number
  /** Of all histories together; each of those that happen at the same time counts. */
  operations: number
  counts: Counts
  failures: Failure[]
  /** The beginning of each history's hash, in order. */
  hashes: string[]
}

export interface Wanted {
  seed: number
  from: number
  histories: number
  onHistory?: (index: number) => void
}

/** Lives through histories one after the other, up to the first that fails. */
export async function simulate({ seed, from, histories, onHistory }: Wanted, options: Options = {}): Promise<Report> {
  const stage = await openStage()
  const report = noReport(seed, from)
  for (let index = from; index < from + histories && report.failures.length === 0; index++) {
    const history = historyOf(childSeed(seed, index))
    const outcome = await live(history, stage, options)
    const { violations, counts, hash } = outcome
    addReport(report, {
      ...{ seed, from: index, histories: 1, counts, hashes: [hash.slice(0, 8)] },
      operations: sizeOf(history.operations),
      failures: violations.length > 0 ? [{ index, seed: history.seed, violations }] : [],
    })
    onHistory?.(index)
  }
  await stage.db.close()
  return report
}

export function noReport(seed: number, from: number): Report {
  return { seed, from, histories: 0, operations: 0, counts: noCounts(), failures: [], hashes: [] }
}

/** Adds what came of the histories that follow. */
export function addReport(sum: Report, more: Report): void {
  sum.histories += more.histories
  sum.operations += more.operations
  addCounts(sum.counts, more.counts)
  sum.failures.push(...more.failures)
  sum.hashes.push(...more.hashes)
}

/** Of all the stories, to the byte: the same seed gives the same one, whoever ran it. */
export function hashOfAll({ hashes }: Report): string {
  return createHash('sha256').update(hashes.join()).digest('hex')
}

function sizeOf(operations: Operation[]): number {
  return operations.reduce((sum, one) => sum + (one.do === 'together' ? one.all.length : 1), 0)
}

export function repeatCommand(seed: number, index: number): string {
  return `npm run simulate -- --seed ${seed} --from ${index} --histories 1`
}

import { type History, live, type Options, type Outcome } from './history.ts'
import type { Operation } from './operations.ts'
import type { Stage } from './world.ts'

export interface Shrunk {
  history: History
  outcome: Outcome
  /** How many histories were lived through on the way. */
  tries: number
}

/**
 * Leaves out of a failing history whatever it fails without, by delta debugging: halves first, then ever smaller parts, then single
 * members of what happens at the same time. What is left still fails, though perhaps in other words.
 */
export async function shrink(failing: History, stage: Stage, options: Options = {}, mostTries = 250): Promise<Shrunk> {
  let { operations } = failing
  let outcome = await live(failing, stage, options)
  let tries = 1

  async function stillFails(candidate: Operation[]): Promise<boolean> {
    if (tries >= mostTries) return false
    tries++
    const tried = await live({ seed: failing.seed, operations: candidate }, stage, options)
    if (tried.violations.length === 0) return false
    operations = candidate
    outcome = tried
    return true
  }

  for (let size = Math.ceil(operations.length / 2); size >= 1; ) {
    let shorter = false
    for (let from = 0; from < operations.length; ) {
      const without = [...operations.slice(0, from), ...operations.slice(from + size)]
      if (await stillFails(without)) shorter = true
      else from += size
    }
    if (!shorter || size > 1) size = size === 1 ? 0 : Math.ceil(size / 2)
  }
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]
    if (operation?.do !== 'together') continue
    for (const one of operation.all) {
      const all = operation.all.filter(other => other !== one)
      const instead: Operation[] = all.length === 1 ? all : [{ do: 'together', all }]
      if (await stillFails([...operations.slice(0, at), ...instead, ...operations.slice(at + 1)])) break
    }
  }
  return { history: { seed: failing.seed, operations }, outcome, tries }
}

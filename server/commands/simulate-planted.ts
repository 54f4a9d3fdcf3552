import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Pin, pinsFile, plantedBugs, readPins } from '../simulation/planted/planted.ts'
import { search } from '../simulation/planted/search.ts'

/**
 * npm run simulate -- --planted: looks for each planted bug in up to `most` histories, and writes what found it.
 * @param options `only`: those whose name begins so; `pin`: `npm test` looks for them where they were found from now on
 * @returns the process's exit code: 1 where a bug was not caught
 */
export async function searchPlanted(options: {
  seed: number
  most: number
  report: string
  only: string
  pin: boolean
}): Promise<number> {
  const { seed, most, report, only, pin } = options
  const started = Date.now()
  const bugs = plantedBugs.filter(bug => bug.name.startsWith(only))
  const searched = await search(bugs, { seed, most }, ({ name, history, says }) =>
    console.log(history === null ? `NOT CAUGHT   ${name}` : `${String(history).padStart(4)}  ${name}: ${says}`),
  )
  mkdirSync(dirname(report), { recursive: true })
  const about = { date: new Date(started).toISOString(), durationMs: Date.now() - started }
  writeFileSync(report, `${JSON.stringify({ ...about, ...searched }, null, 2)}\n`)
  if (pin) writePins(searched)
  const missed = searched.bugs.filter(bug => bug.history === null)
  const { histories, violations } = searched.unmutated
  console.log(`\n${bugs.length - missed.length} of ${bugs.length} planted bugs were caught.`)
  console.log(`Without them, the same ${histories} histories show ${violations.length === 0 ? 'nothing' : 'this:'}`)
  for (const violation of violations) console.log(`  ${violation}`)
  return missed.length + violations.length > 0 ? 1 : 0
}

/** In the order of the bugs, those that were not looked for now as they were. */
function writePins({ seed, bugs }: Awaited<ReturnType<typeof search>>): void {
  const before = readPins()
  const now = new Map(bugs.map(bug => [bug.name, bug]))
  const pins = plantedBugs.flatMap(({ name }): [string, Pin][] => {
    const found = now.get(name)
    if (found && found.history !== null) return [[name, { seed, history: found.history, caughtBy: found.caughtBy }]]
    return before[name] ? [[name, before[name]]] : []
  })
  writeFileSync(pinsFile, `${JSON.stringify(Object.fromEntries(pins), null, 2)}\n`)
}

import type { Deps } from '../deps.ts'
import { checkInvariants } from '../invariants/check.ts'
import type { Around } from './races-database.ts'
import { type Choose, createExplorer, createTurns, follow } from './races-explore.ts'
import { judgeAll } from './races-judge.ts'
import { randomFrom } from './races-random.ts'
import { aWorld } from './races-world.ts'

export type Outcome = PromiseSettledResult<unknown>

/** Two or three who act at once, each a process of its own, and what must be so whatever the order. */
export interface Race {
  /** Who acts, by name. */
  actors: Record<string, (deps: Deps) => Promise<unknown>>
  /** What has to happen once they are through: the worker goes on, say. */
  afterwards?: (deps: Deps) => Promise<unknown>
  /** What is wrong with how it ended, beside what is always wrong; nothing when all is well. */
  judge(outcomes: Outcome[], deps: Deps): Promise<string[]> | string[]
}

/** Makes the race's company; done once, and put back before each run. */
export type SetUp = (world: Awaited<ReturnType<typeof aWorld>>) => Promise<Race>

export interface Report {
  /** Different interleavings that were run. */
  runs: number
  /** Whether these are all there are. */
  all: boolean
  /** The longest, in turns. */
  longest: number
}

/** What the faster and the slower were told, for pairs of which only one may win. */
export function oneWins(outcomes: Outcome[]): string[] {
  const won = outcomes.filter(({ status }) => status === 'fulfilled').length
  return [...(won === 1 ? [] : [`${won} were told that it is done`]), ...onlyRefusals(outcomes)]
}

/** A refusal is a sentence for a person, with a code of its own; anything else that is thrown is a fault of ours. */
export function onlyRefusals(outcomes: Outcome[]): string[] {
  return outcomes.flatMap(outcome => {
    if (outcome.status === 'fulfilled') return []
    const { code, message } = outcome.reason as { code?: string; message: string }
    return code === undefined || code === 'INTERNAL_SERVER_ERROR' ? [`it broke: ${code}: ${message}`] : []
  })
}

const wholeCheckEvery = 20

/**
 * Runs a race in `limit` different interleavings, or in all there are, and throws at the first that ends badly: with its story, as
 * short as it could be made, and how to repeat it. The order in which they are tried is the seed's.
 */
export async function runRace(
  name: string,
  setUp: SetUp,
  { limit, seed, path }: { limit: number; seed: number; path?: number[] },
): Promise<Report> {
  const world = await aWorld()
  const turns = createTurns()
  const race = await setUp(world)
  const straight = world.process('afterwards')
  const names = Object.keys(race.actors)
  let story: string[] = []
  const actors = names.map((actor, index) => {
    const around: Around = async ({ kind, what }, effect) => {
      // Statements of a transaction have it to themselves: there is one writer.
      if (kind === 'statement' || kind === 'commit') return effect()
      await turns.pass(index)
      story.push(`${actor}: ${kind === 'read' || kind === 'write' ? kind : `${kind} ${what}`}`)
      const answer = await effect()
      if (kind === 'stripe' || kind === 'mail') {
        await turns.pass(index)
        story.push(`${actor}: the answer of ${what}`)
      }
      return answer
    }
    const deps = world.process(actor, around)
    const act = race.actors[actor]
    if (!act) throw new Error('an actor is missing')
    return () => act(deps)
  })
  const rewind = world.mark()

  async function once(choose: Choose, whole = true): Promise<string[]> {
    rewind()
    story = []
    const outcomes = await turns.run(actors, choose)
    await race.afterwards?.(straight)
    const problems = [...(await race.judge(outcomes, straight)), ...(await judgeAll(world, straight))]
    // The product's own check knows more, and takes longer.
    if (problems.length > 0 || !whole) return problems
    return (await checkInvariants(straight.db.read, { now: world.clock.now() })).map(({ says }) => says)
  }

  const fail = async (found: number[]): Promise<never> => {
    const short = await shorten(found, async candidate => (await once(follow(candidate))).length > 0)
    const problems = await once(follow(short))
    throw new Error(
      `${name}, ${problems.length} things are wrong:\n  ${problems.join('\n  ')}\nin this order:\n  ${story.join('\n  ')}\n` +
        `Repeat it: RACE='${name}' RACE_PATH=${short.join('.')} npx vitest run server/simulation/races.test.ts (found with RACE_SEED=${seed})`,
    )
  }

  if (path) {
    if ((await once(follow(path))).length > 0) await fail(path)
    return { runs: 1, all: false, longest: path.length }
  }
  const explorer = createExplorer(randomFrom(seed))
  let [runs, longest] = [0, 0]
  while (runs < limit && !explorer.exhausted) {
    const run = explorer.begin()
    const problems = await once(run.choose, runs % wholeCheckEvery === 0)
    run.end()
    runs++
    longest = Math.max(longest, run.path.length)
    if (problems.length > 0) await fail(run.path)
  }
  return { runs, all: explorer.exhausted, longest }
}

/** Takes turns away and swaps them as long as it still ends badly: fewer changes of actor are easier to read. */
async function shorten(path: number[], fails: (path: number[]) => Promise<boolean>): Promise<number[]> {
  let best = path
  for (let length = 0; length < best.length; length++)
    if (await fails(best.slice(0, length))) {
      best = best.slice(0, length)
      break
    }
  for (let at = 1; at < best.length; at++) {
    const candidate = best.with(at, best[at - 1] ?? 0)
    if (best[at] !== best[at - 1] && (await fails(candidate))) best = candidate
  }
  return best
}

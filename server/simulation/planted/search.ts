import { liveAll } from './live-all.ts'
import { findingsOf, type Planted } from './planted.ts'

/** How a planted bug was found. */
export interface Found {
  name: string
  costs: string
  /** The first history that shows it; null where none of them did. */
  history: number | null
  caughtBy: string[]
  /** The first sentence of what was found. */
  says: string | null
}

export interface Searched {
  seed: number
  /** So many histories were lived through at most for each. */
  most: number
  bugs: Found[]
  /** The same histories in the product as it is: what was found there has another cause. */
  unmutated: { histories: number; violations: string[] }
}

/** Looks for each bug in the seed's histories from the first on, and then into the histories found without any bug. */
export async function search(
  bugs: Planted[],
  { seed, most }: { seed: number; most: number },
  onFound: (found: Found) => void,
): Promise<Searched> {
  const all = Array.from({ length: most }, (_, index) => index)
  const found: Found[] = []
  await liveAll(
    bugs.map(({ parts }) => ({ parts, seed, histories: all })),
    (index, { shown }) => {
      const { name, costs } = bugs[index]!
      found[index] = {
        ...{ name, costs, history: shown?.history ?? null, caughtBy: findingsOf(shown?.violations ?? []) },
        says: shown?.violations[0]?.split('\n', 1)[0] ?? null,
      }
      onFound(found[index])
    },
  )
  const histories = [...new Set(found.flatMap(({ history }) => history ?? []))]
  const [unmutated] = await liveAll([{ parts: [], seed, histories }])
  return {
    seed,
    most,
    bugs: found,
    unmutated: { histories: histories.length, violations: unmutated?.shown?.violations ?? [] },
  }
}

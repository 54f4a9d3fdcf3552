import { historyOf, live } from '../history.ts'
import { childSeed } from '../random.ts'
import { openStage } from '../world.ts'

export interface Wanted {
  seed: number
  /** Which histories of the seed, in this order. */
  histories: number[]
}

export interface Lived {
  /** How many histories, the one that shows something included. */
  lived: number
  shown: { history: number; violations: string[] } | null
}

/** Lives through histories up to the first that breaks what must hold: what a bundle with a planted bug in it exports. */
export async function liveThrough({ seed, histories }: Wanted): Promise<Lived> {
  const stage = await openStage()
  let lived = 0
  try {
    for (const history of histories) {
      lived++
      const { violations } = await live(historyOf(childSeed(seed, history)), stage)
      if (violations.length > 0) return { lived, shown: { history, violations } }
    }
    return { lived, shown: null }
  } finally {
    await stage.db.close()
  }
}

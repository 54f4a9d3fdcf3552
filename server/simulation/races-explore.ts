/** What is known of the interleavings that begin alike: who could go next, and which of those ways have been gone to their ends. */
interface Fork {
  options: number[]
  next: Map<number, Fork>
  done: Set<number>
}

/** Chooses who goes next, of those who stand ready. */
export type Choose = (ready: number[]) => number

/**
 * Takes a different interleaving each time, in an order that `fraction` decides, until there is none left: so every run counts, and
 * a small race is run in all of its ways.
 * @param fraction chance, in [0, 1)
 */
export function createExplorer(fraction: () => number) {
  const root: Fork = { options: [], next: new Map(), done: new Set() }
  const isDone = (fork: Fork) => fork.options.length > 0 && fork.done.size === fork.options.length

  return {
    /** True when every interleaving has been run. */
    get exhausted() {
      return isDone(root)
    },
    /** One run: `choose` is asked at each step, and `end` says that it is over. */
    begin(): { choose: Choose; end(): void; path: number[] } {
      const path: number[] = []
      const gone: Fork[] = []
      let fork = root
      return {
        path,
        choose(ready) {
          if (fork.options.length === 0) fork.options = ready
          if (fork.options.join() !== ready.join())
            throw new Error(
              `the same steps led elsewhere: ${ready} are ready, not ${fork.options}, after ${path.join('.')}`,
            )
          const open = ready.filter(option => !fork.done.has(option))
          const pick = open[Math.floor(fraction() * open.length)] ?? ready[0] ?? 0
          gone.push(fork)
          path.push(pick)
          const below: Fork = fork.next.get(pick) ?? { options: [], next: new Map(), done: new Set() }
          fork.next.set(pick, below)
          fork = below
          return pick
        },
        end() {
          for (let depth = gone.length - 1; depth >= 0; depth--) {
            const above = gone[depth]
            const pick = path[depth]
            if (!above || pick === undefined) return
            const below = above.next.get(pick)
            if (below && below.options.length > 0 && !isDone(below)) return
            above.done.add(pick)
            above.next.delete(pick)
          }
        },
      }
    },
  }
}

/** Goes a way that is written down; where it ends, whoever went last goes on. */
export function follow(path: number[]): Choose {
  let step = 0
  let last = 0
  return ready => {
    const wanted = path[step++] ?? last
    last = ready.includes(wanted) ? wanted : (ready[0] ?? 0)
    return last
  }
}

/** Lets actors take turns, one at a time. Everybody stands still before one goes, so the order is the chooser's alone. */
export function createTurns() {
  const ready = new Map<number, () => void>()
  let going = 0
  let broken: unknown
  let choose: Choose = options => options[0] ?? 0

  function admit(): void {
    if (going === 0 || ready.size < going) return
    let goes: number
    try {
      goes = choose([...ready.keys()].sort((a, b) => a - b))
    } catch (error) {
      // Nobody may be left standing: all run to their ends, and the run says why it is void.
      broken = error
      going = 0
      for (const release of ready.values()) release()
      ready.clear()
      return
    }
    const release = ready.get(goes)
    ready.delete(goes)
    release?.()
  }

  async function pass(actor: number): Promise<void> {
    if (going === 0) return
    await new Promise<void>(resolve => {
      if (ready.has(actor)) throw new Error('an actor does one thing at a time')
      ready.set(actor, resolve)
      admit()
    })
  }

  return {
    /** Called by an actor before it asks anything of the world: it goes on when its turn comes. */
    pass,
    /** Runs the actors to their ends. @returns how each ended */
    async run<T>(actors: (() => Promise<T>)[], chooser: Choose): Promise<PromiseSettledResult<T>[]> {
      choose = chooser
      going = actors.length
      broken = undefined
      const outcomes = await Promise.allSettled(
        actors.map(async act => {
          try {
            return await act()
          } finally {
            if (going > 0) going--
            admit()
          }
        }),
      )
      if (broken) throw broken
      return outcomes
    },
  }
}

// Taken at load, so that a test which replaces the timers cannot stop the database.
const nextTurn = setImmediate
const setTimer = setTimeout
const now = performance.now.bind(performance)

/** Everything here runs synchronously on the JavaScript thread; a queue of it may hold the event loop this long (ms). */
const SLICE = 10

export type Pause = () => Promise<void> | undefined

/**
 * Returns a function that answers undefined while this turn of the event loop is young, and otherwise a promise for
 * the next turn. Without it a loop over awaited queries is one long chain of microtasks, and nothing else ever runs.
 */
export function createPacer(slice: number = SLICE): Pause {
  let started: number | undefined
  return () => {
    if (slice === Number.POSITIVE_INFINITY) return undefined
    if (started === undefined) {
      started = now()
      nextTurn(() => {
        started = undefined
      })
      return undefined
    }
    if (now() - started < slice) return undefined
    return new Promise(resolve => nextTurn(resolve))
  }
}

export interface Mutex {
  /** Runs tasks one after the other, in the order of the calls. */
  run<T>(task: () => Promise<T> | T): Promise<T>
  /** How many run or wait. */
  readonly pending: number
}

export function createMutex(pause: Pause): Mutex {
  let tail: Promise<void> = Promise.resolve()
  let pending = 0
  return {
    get pending() {
      return pending
    },
    async run(task) {
      const before = tail
      let release = () => {}
      tail = new Promise(resolve => {
        release = resolve
      })
      pending++
      try {
        await before
        await pause()
        return await task()
      } finally {
        pending--
        release()
      }
    },
  }
}

/** Waits without holding the event loop. */
export function wait(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimer(resolve, milliseconds))
}

import type { Random } from './random.ts'

/** Lets several tasks take turns, one at a time, in an order that the seed chooses. */
export interface Turnstile {
  /** Called by a task between two of its steps: it goes on when its turn comes. At once where no tasks take turns. */
  pass(): Promise<void>
  /** Runs the tasks to their ends. They hand over to each other only in `pass`, so none may pass while it holds what others need. */
  run(tasks: (() => Promise<void>)[]): Promise<void>
}

export function createTurnstile(random: Random): Turnstile {
  const waiting: (() => void)[] = []
  let going = 0

  /** Everybody stands still before one goes: whatever a task waits for otherwise, the order is the seed's alone. */
  function admit(): void {
    if (going === 0 || waiting.length < going) return
    const [goes] = waiting.splice(random.below(waiting.length), 1)
    goes?.()
  }

  async function pass(): Promise<void> {
    if (going === 0) return
    await new Promise<void>(resolve => {
      waiting.push(resolve)
      admit()
    })
  }

  return {
    pass,
    async run(tasks) {
      going = tasks.length
      await Promise.all(
        tasks.map(async task => {
          await pass()
          try {
            await task()
          } finally {
            going--
            admit()
          }
        }),
      )
    },
  }
}

import type { Deps } from '../deps.ts'

/** Something to be done again and again: the sweeper, the catch-up on events, reminders, the audit anchor. */
export interface PeriodicTask {
  name: string
  /** From the end of one run to the start of the next, so that two never overlap (ms). */
  everyMs: number
  run(deps: Deps): Promise<unknown>
}

/** Runs each task now and then ever again; an error is logged, and the next run comes all the same. Returns how to end them. */
export function startTasks(deps: Deps, tasks: PeriodicTask[]): () => Promise<void> {
  const ends = tasks.map(task => startTask(deps, task))
  return async () => {
    await Promise.all(ends.map(end => end()))
  }
}

function startTask(deps: Deps, { name, everyMs, run }: PeriodicTask): () => Promise<void> {
  let ended = false
  let timer: NodeJS.Timeout | undefined
  let current = Promise.resolve()
  async function once(): Promise<void> {
    try {
      await run(deps)
    } catch (error) {
      deps.log.error({ err: error, task: name }, 'a periodic task failed')
    }
    if (!ended) timer = setTimeout(begin, everyMs)
  }
  function begin(): void {
    current = once()
  }
  begin()
  return () => {
    ended = true
    clearTimeout(timer)
    return current
  }
}

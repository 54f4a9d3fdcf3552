import type { Deps } from '../deps.ts'
import {
  type Claim,
  claim,
  finish,
  type JobResult,
  nextDue,
  PermanentJobError,
  park,
  parkUnknown,
  postpone,
  release,
  retryLater,
} from '../outbox/outbox.ts'
import { type Payload, type Topic, topics } from '../outbox/topics.ts'
import { createAlarm } from './alarm.ts'
import { type PeriodicTask, startTasks } from './periodic.ts'

export type Handler<T extends Topic> = (deps: Deps, payload: Payload<T>, job: Claim) => Promise<JobResult>
export type Handlers = { [T in Topic]: Handler<T> }

export interface WorkerOptions {
  /** Jobs run at once. */
  concurrency?: number
  /** How long the loop sleeps at most (ms): the bound for what no change announces. */
  pollMs?: number
  tasks?: PeriodicTask[]
}

export interface Worker {
  /** Starts the loop and the periodic tasks. */
  start(): void
  /** Says that there may be work: looks at once instead of at the next tick. Changes in the database say so by themselves. */
  poke(): void
  /** Takes no more jobs and resolves when those that run have ended. */
  drain(): Promise<void>
  /**
   * For tests and simulations, instead of `start`: runs what is due by the clock, one by one, until nothing is. Returns how many.
   * `atOnce` jobs are claimed together, one unless given.
   */
  runUntilIdle(atOnce?: number): Promise<number>
  /** Drains for at most `graceMs`, then gives back what has not ended, for the next process to run at once. */
  stop(graceMs: number): Promise<void>
}

/** Who goes first where several are due: money, then what Stripe tells us; imports, which are long, come last and in short turns. */
const urgent = ['payout.transfer', 'stripe.event', 'partner.sync', 'import.run'] as const satisfies readonly Topic[]
const mail = 'email.send' satisfies Topic
const all: readonly Topic[] = [...urgent, mail]
const firstBackoffMs = 250
const maxBackoffMs = 30_000

/** The part of the process that does what requests have left in the outbox. Any number of processes may run one. */
export function createWorker(deps: Deps, handlers: Handlers, options: WorkerOptions = {}): Worker {
  const { concurrency = 4, pollMs = 500, tasks = [] } = options
  const running = new Map<string, { job: Claim; ended: Promise<void> }>()
  const alarm = createAlarm()
  let stopping = false
  let loop: Promise<void> | undefined
  let endTasks: (() => Promise<void>) | undefined
  let unsubscribe = () => {}

  async function handle<T extends Topic>(topic: T, job: Claim): Promise<JobResult> {
    const payload = topics[topic].payload.safeParse(job.payload)
    if (!payload.success) throw new PermanentJobError(`The payload is malformed: ${payload.error.message}`)
    // A call that never returns must not keep its slot: the job has another holder by then.
    return withinLease(handlers[topic](deps, payload.data as Payload<T>, job), topics[topic].leaseMs)
  }

  /** Runs one job to its next state. Never throws: a job that can't even be put back comes back when its lease ends. */
  async function run(job: Claim): Promise<void> {
    const about = { jobId: job.id, topic: job.topic, orgId: job.orgId, attempts: job.attempts }
    try {
      if (job.attempts >= topics[job.topic].attempts) {
        await park(deps, job, 'It was given up: each time, the process that ran it stopped or was too slow.')
        return
      }
      const result = await handle(job.topic, job)
      const kept =
        result === 'done' ? await finish(deps, job) : await postpone(deps, job, result.postponeMs, result.why)
      if (!kept) deps.log.warn(about, 'a job outlived its lease; someone else has it now')
    } catch (error) {
      await recordFailure(job, about, error)
    }
  }

  async function recordFailure(job: Claim, about: object, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error)
    try {
      const permanent = error instanceof PermanentJobError
      const next = permanent
        ? (await park(deps, job, message))
          ? 'parked'
          : 'lost'
        : await retryLater(deps, job, message)
      if (next === 'parked') deps.log.error({ ...about, err: error }, 'a job was parked: a person must look')
      else deps.log.warn({ ...about, err: error, next }, 'a job failed')
    } catch (second) {
      deps.log.error({ ...about, err: second }, 'a job could not be put back; its lease will end')
    }
  }

  /** Mail takes at most half of the slots: a slow mail server must not hold up money. */
  function freeForMail(): number {
    const mails = [...running.values()].filter(({ job }) => job.topic === mail).length
    return Math.min(concurrency - running.size, Math.max(1, Math.floor(concurrency / 2)) - mails)
  }

  function begin(job: Claim): void {
    const ended = run(job).finally(() => {
      running.delete(job.id)
      alarm.ring()
    })
    running.set(job.id, { job, ended })
  }

  async function start(limit: number, topicsWanted: readonly Topic[]): Promise<number> {
    if (limit <= 0) return 0
    const jobs = await claim(deps, limit, topicsWanted)
    // Stopped while claiming: not begun, so given back at once.
    if (stopping) for (const job of jobs) await release(deps, job)
    else for (const job of jobs) begin(job)
    return jobs.length
  }

  /** Starts what is due, and says how long there is nothing more to do (ms). */
  async function turn(): Promise<number> {
    if (running.size >= concurrency) return pollMs
    // A look on the reader first: an idle worker never takes the write lock.
    const due = await nextDue(deps, freeForMail() > 0 ? all : urgent)
    const wait = due === null ? pollMs : due - deps.clock.now()
    if (wait > 0) return Math.min(pollMs, wait)
    const started = (await start(concurrency - running.size, urgent)) + (await start(freeForMail(), [mail]))
    return started > 0 ? 0 : pollMs
  }

  async function work(): Promise<void> {
    let known = false
    for (let failures = 0; !stopping; ) {
      let pause: number
      try {
        if (!known) await parkUnknown(deps)
        known = true
        pause = await turn()
        failures = 0
      } catch (error) {
        deps.log.error({ err: error }, 'the worker could not look for work')
        pause = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(failures, 10))
        failures++
      }
      // After an error nothing may wake it early, or every change would knock at a database that is in trouble.
      if (pause > 0) await alarm.sleep(pause, { deaf: failures > 0 })
    }
  }

  async function drain(): Promise<void> {
    stopping = true
    unsubscribe()
    alarm.end()
    await Promise.all([loop, endTasks?.()])
    await Promise.all([...running.values()].map(({ ended }) => ended))
  }

  return {
    start() {
      if (loop || stopping) throw new Error('a worker starts once')
      unsubscribe = deps.changes.subscribe(() => alarm.ring())
      loop = work()
      endTasks = startTasks(deps, tasks)
    },
    poke: () => alarm.ring(),
    drain,
    async runUntilIdle(atOnce = 1) {
      await parkUnknown(deps)
      for (let count = 0; count < 100_000; ) {
        const jobs = await claim(deps, atOnce, all)
        if (jobs.length === 0) return count
        for (const job of jobs) await run(job)
        count += jobs.length
      }
      throw new Error('jobs keep coming back: one of them postpones itself by nothing')
    },
    async stop(graceMs) {
      let timer: NodeJS.Timeout | undefined
      const grace = new Promise<void>(resolve => {
        timer = setTimeout(resolve, graceMs)
      })
      await Promise.race([drain(), grace])
      clearTimeout(timer)
      for (const { job } of [...running.values()]) {
        const given = await release(deps, job).catch(() => false)
        deps.log.warn({ jobId: job.id, topic: job.topic, given }, 'a job did not end in time and was given back')
      }
    },
  }
}

async function withinLease<T>(call: Promise<T>, leaseMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`It took longer than its ${Math.round(leaseMs / 1000)} seconds.`)),
      leaseMs,
    )
  })
  try {
    return await Promise.race([call, late])
  } finally {
    clearTimeout(timer)
  }
}

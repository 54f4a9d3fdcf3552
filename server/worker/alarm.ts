export interface Alarm {
  /** Resolves after `ms`, or as soon as it rings; `deaf` waits for the time alone, or for `end`. */
  sleep(ms: number, options?: { deaf?: boolean }): Promise<void>
  /** Ends the sleep, or makes the next one end at once: what happens between looking and sleeping is not missed. */
  ring(): void
  /** Ends every sleep, from now on. */
  end(): void
}

/** How a loop waits for work without spinning. */
export function createAlarm(): Alarm {
  let rung = false
  let stopped = false
  let wake: ((because: 'ring' | 'stop') => void) | undefined
  return {
    async sleep(ms, { deaf = false } = {}) {
      if (stopped) return
      if (!rung || deaf) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, ms)
          wake = because => {
            if (because === 'ring' && deaf) return
            clearTimeout(timer)
            resolve()
          }
        })
        wake = undefined
      }
      rung = false
    },
    ring() {
      rung = true
      wake?.('ring')
    },
    end() {
      stopped = true
      wake?.('stop')
    },
  }
}

/** What changed in an organization; pages that show it read it again. */
export interface Change {
  orgId: string
  /** The partner concerned, where there is only one. */
  partnerId: string | null
  what:
    | 'payouts'
    | 'partners'
    | 'deals'
    | 'commissions'
    | 'runs'
    | 'registrations'
    | 'imports'
    | 'emails'
    | 'jobs'
    | 'team'
    | 'settings'
}

export interface Changes {
  publish(change: Change): void
  /** Calls `listener` for every later change until the returned function is called. */
  subscribe(listener: (change: Change) => void): () => void
}

/** Within one process, which is all that owns the file. Lost ones do no harm: pages also read again when they come into view. */
export function createChanges(): Changes {
  const listeners = new Set<(change: Change) => void>()
  return {
    publish(change) {
      for (const listener of listeners) listener(change)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

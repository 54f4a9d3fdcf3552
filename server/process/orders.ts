/** What a killable process is told to do. */
export interface Orders {
  /** What the owner's browser sends. */
  cookie: string
  payout: { id: string; version: number }
  /**
   * The steps that must happen, in this order: a person marks the payout paid; or another process has died over it, and then either
   * the worker is first to take it up again, or Stripe's webhooks are, and the person presses again; or nobody does, and all that
   * was begun is brought to its end.
   */
  story: 'mark paid' | 'worker first' | 'webhooks first' | 'finish'
  /** Dies at this step, given by its number or its name; null lives. */
  killAt: number | string | null
  /** A bug for the test to find: each request to Stripe gets a key of its own. */
  newKeys: boolean
}

/** What a process that lived answers. */
export interface Account {
  /** Each thing that happened, as it happened. */
  said: string[]
  error: string | null
}

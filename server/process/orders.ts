/** What a killable process is told to do. */
export interface Orders {
  /** What the owner's browser sends. */
  cookie: string
  payout: { id: string; version: number }
  /**
   * The steps that must happen, in this order: a person marks the payout paid; or another process has died over it, and then either
   * the worker is first to take it up again, or Stripe's webhooks are.
   */
  story: 'mark paid' | 'worker first' | 'webhooks first'
  /** Dies at this step; null lives. */
  killAt: number | null
}

/** What a process that lived answers. */
export interface Account {
  /** Each thing that happened, as it happened. */
  said: string[]
  error: string | null
}

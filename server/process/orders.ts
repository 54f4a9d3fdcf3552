/** What a killable process is told, as JSON, in its first argument. */
export interface Orders {
  /** What the owner's browser sends. */
  cookie: string
  payout: { id: string; version: number }
  /** Kills itself at this step; null lives to the end. */
  killAt: number | null
  /** What it finds: nothing done yet, or what a dead one left. Then either the worker looks first, or Stripe's webhooks come first. */
  first: 'nothing' | 'worker' | 'webhooks'
}

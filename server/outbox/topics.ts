import { z } from 'zod'

/**
 * Every kind of work that outlives a request: its payload, how long one try may hold it, and how often it is tried.
 * `attempts` counts tries that ended in an error; what has used them up is parked, and waits visibly for a person.
 * Money is never given up on that way: `payout.transfer` parks only when its outcome is known or handed to people.
 */
export const topics = {
  /** Send the frozen transfer of an attempt, or find out what became of it. */
  'payout.transfer': {
    payload: z.object({ attemptId: z.string() }),
    leaseMs: 120_000,
    attempts: Number.POSITIVE_INFINITY,
    firstDelayMs: 2_000,
    maxDelayMs: 15 * 60_000,
  },
  /** Work on a stored webhook event by fetching what it speaks of. */
  'stripe.event': {
    payload: z.object({ eventId: z.string() }),
    leaseMs: 120_000,
    attempts: 12,
    firstDelayMs: 2_000,
    maxDelayMs: 30 * 60_000,
  },
  /** Read a partner's connected account again. */
  'partner.sync': {
    payload: z.object({ partnerId: z.string() }),
    leaseMs: 60_000,
    attempts: 8,
    firstDelayMs: 2_000,
    maxDelayMs: 10 * 60_000,
  },
  /** Do the next rows of an import: check them, make them into records, or take those back. `userId` is whom it is done for. */
  'import.run': {
    payload: z.object({ importId: z.string(), userId: z.string() }),
    leaseMs: 5 * 60_000,
    attempts: 20,
    firstDelayMs: 2_000,
    maxDelayMs: 5 * 60_000,
  },
  /** Write to the people of one audience about one thing. */
  'email.send': {
    payload: z.object({
      eventId: z.string(),
      template: z.string(),
      to: z.union([
        z.object({ userId: z.string() }).strict(),
        z.object({ partnerId: z.string() }).strict(),
        z.object({ staffWith: z.string(), except: z.string().optional() }).strict(),
        z.object({ address: z.string(), name: z.string() }).strict(),
      ]),
      about: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    }),
    // Longer than others': one mail to each of an audience, and a slow server may take a minute for each.
    leaseMs: 5 * 60_000,
    attempts: 10,
    firstDelayMs: 5_000,
    maxDelayMs: 60 * 60_000,
  },
} as const

export type Topic = keyof typeof topics
export type Payload<T extends Topic> = z.infer<(typeof topics)[T]['payload']>

import { z } from 'zod'
import { maxPageSize } from '../lib/page.ts'

/** A kind of background work in words, as the list of jobs calls it. */
export const topicLabels = {
  'payout.transfer': 'Send a transfer',
  'stripe.event': 'Work on an event from Stripe',
  'partner.sync': 'Read a partner’s Stripe account',
  'import.run': 'Work through an import',
  'email.send': 'Send an email',
} as const

export type JobTopic = keyof typeof topicLabels

export function topicLabel(topic: string): string {
  return Object.hasOwn(topicLabels, topic) ? topicLabels[topic as JobTopic] : topic
}

export const jobStatusLabels = {
  parked: { label: 'Needs attention', says: 'Gave up after several tries; a person has to look, then retry' },
  queued: { label: 'Waiting', says: 'Runs when its time comes' },
  leased: { label: 'Running', says: 'In a worker’s hands now' },
  done: { label: 'Done', says: 'Finished' },
} as const

export type JobStatus = keyof typeof jobStatusLabels

export const jobStatuses = Object.keys(jobStatusLabels) as [JobStatus, ...JobStatus[]]

const key = z.string().min(8).max(128).optional()
const topic = z.string().min(1).max(64)

export const listJobsInput = z
  .object({
    status: z.enum(jobStatuses).default('parked'),
    topic: topic.optional(),
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

export const retryJobInput = z.object({ jobId: z.string().min(4).max(64), idempotencyKey: key }).strict()
export const retryAllInput = z.object({ topic, idempotencyKey: key }).strict()

/** Counts above this read as 'more than': nobody needs to know how many more, and counting them costs. */
export const countLimit = 10_000

import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import { outbox } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { decodeCursor, toPage } from '../lib/page.ts'
import { can, perform, router } from '../trpc.ts'
import type { Work } from '../work.ts'
import { describeJobs } from './describe.ts'
import {
  countLimit,
  type JobStatus,
  jobStatuses,
  listJobsInput,
  retryAllInput,
  retryJobInput,
  topicLabel,
} from './rules.ts'

export const jobsRouter = router({
  /** One status's jobs, newest first, and how many there are in each; a count above `countLimit` means 'more'. */
  list: can('jobs.read')
    .input(listJobsInput)
    .query(async ({ ctx, input }) => {
      const { db } = ctx.deps
      const visible = visibleTo(ctx.viewer)
      const cursor = decodeCursor(input.cursor)
      const rows = await db.read
        .select()
        .from(outbox)
        .where(
          and(
            visible,
            eq(outbox.status, input.status),
            input.topic ? eq(outbox.topic, input.topic) : undefined,
            cursor ? sql`(${outbox.createdAt}, ${outbox.id}) < (${cursor[0]}, ${cursor[1]})` : undefined,
          ),
        )
        .orderBy(desc(outbox.createdAt), desc(outbox.id))
        .limit(input.limit + 1)
      const { rows: page, next } = toPage(rows, input.limit, job => [job.createdAt, job.id])
      const abouts = await describeJobs(db.read, ctx.viewer.orgId, page)
      const counts = {} as Record<JobStatus, number>
      for (const status of jobStatuses) {
        const row = await db.read.get<{ count: number }>(sql`
          SELECT count(*) AS count FROM (SELECT 1 FROM outbox WHERE ${visible} AND status = ${status} LIMIT ${countLimit + 1})`)
        counts[status] = row?.count ?? 0
      }
      const parkedTopics = await db.read
        .selectDistinct({ topic: outbox.topic })
        .from(outbox)
        .where(and(visible, eq(outbox.status, 'parked')))
      return {
        rows: page.map(job => ({
          id: job.id,
          topic: job.topic,
          label: topicLabel(job.topic),
          status: job.status,
          attempts: job.attempts,
          lastError: job.lastError,
          /** When it runs next, or could be taken over from whoever holds it (UTC milliseconds); null once it is over. */
          nextRunAt: job.status === 'queued' ? job.runAt : job.status === 'leased' ? job.leaseUntil : null,
          createdAt: job.createdAt,
          finishedAt: job.finishedAt,
          about: abouts.get(job.id) ?? null,
        })),
        next,
        counts,
        /** What `retryAll` could be asked for. */
        parkedTopics: parkedTopics.map(({ topic }) => ({ topic, label: topicLabel(topic) })),
      }
    }),

  /** Puts one parked job back in line, with all its tries. */
  retry: can('jobs.retry')
    .input(retryJobInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'jobs.retry', input, async work => {
        const own = and(eq(outbox.id, input.jobId), visibleTo(ctx.viewer))
        const [job] = await work.tx
          .select({ status: outbox.status, topic: outbox.topic, attempts: outbox.attempts })
          .from(outbox)
          .where(own)
        if (!job) throw notFound('job')
        if (job.status !== 'parked')
          throw new DomainError(
            'CONFLICT',
            'This job does not need you any more: it was retried already, or has ended.',
          )
        await requeue(work, own)
        const before = { status: job.status, attempts: job.attempts }
        work.audit({
          action: 'jobs.retry',
          target: { type: 'job', id: input.jobId },
          before,
          after: { status: 'queued', topic: job.topic },
        })
        work.changed('jobs')
        return { id: input.jobId, status: 'queued' as const }
      }),
    ),

  /** Puts all parked jobs of one kind back in line. */
  retryAll: can('jobs.retry')
    .input(retryAllInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'jobs.retryAll', input, async work => {
        const ids = await requeue(work, and(eq(outbox.topic, input.topic), visibleTo(ctx.viewer)))
        if (ids.length > 0) {
          work.audit({
            action: 'jobs.retryAll',
            target: { type: 'jobs', id: input.topic },
            after: { retried: ids.length },
          })
          work.changed('jobs')
        }
        return { retried: ids.length }
      }),
    ),
})

async function requeue(work: Work, which: SQL | undefined): Promise<{ id: string }[]> {
  return work.tx
    .update(outbox)
    .set({ status: 'queued', attempts: 0, runAt: work.at, finishedAt: null })
    .where(and(which, eq(outbox.status, 'parked')))
    .returning({ id: outbox.id })
}

/**
 * An organization's jobs are its own. What belongs to none (an event from Stripe, a password reset) is for owners to look after,
 * unless it names another organization's account, transfer or person.
 */
function visibleTo({ orgId, role }: Pick<Viewer, 'orgId' | 'role'>): SQL {
  const own = sql`${outbox.orgId} = ${orgId}`
  if (role !== 'owner') return own
  const foreign = sql`
    coalesce(${outbox.payload} ->> '$.about.orgId', ${orgId}) <> ${orgId}
    OR EXISTS (
      SELECT 1 FROM stripe_events e
      LEFT JOIN partners r ON r.stripe_account_id = e.account
      LEFT JOIN payouts p ON p.transfer_id = e.object_id
      WHERE e.id = ${outbox.payload} ->> '$.eventId' AND (coalesce(r.org_id, ${orgId}) <> ${orgId} OR coalesce(p.org_id, ${orgId}) <> ${orgId}))`
  return sql`(${own} OR (${outbox.orgId} = 'system' AND NOT (${foreign})))`
}

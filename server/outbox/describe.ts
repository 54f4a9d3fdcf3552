import { and, eq, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { type outbox, partners, payoutAttempts, payouts, stripeEvents } from '#db/schema/index.ts'
import { type EmailTemplate, templateLabels } from '../email/rules.ts'
import { payoutNumber } from '../payouts/rules.ts'
import { topics } from './topics.ts'

/** What a job is about: words, and the page that shows it. */
export interface JobAbout {
  label: string
  link: { to: 'payout' | 'partner'; id: string } | null
}

type Row = Pick<typeof outbox.$inferSelect, 'id' | 'topic' | 'payload'>

/** What each job of a page is about, in three statements however many there are. Names come from the given organization only. */
export async function describeJobs(read: Drizzle, orgId: string, jobs: Row[]): Promise<Map<string, JobAbout>> {
  const named = jobs.map(job => ({ job, ids: idsOf(job) }))
  const payoutsById = await payoutsOf(
    read,
    orgId,
    named.flatMap(({ ids }) => ids.payoutId ?? []),
    named.flatMap(({ ids }) => ids.attemptId ?? []),
  )
  const partnersById = await partnersOf(
    read,
    orgId,
    named.flatMap(({ ids }) => ids.partnerId ?? []),
  )
  const eventsById = await eventsOf(
    read,
    named.flatMap(({ ids }) => ids.eventId ?? []),
  )
  return new Map(
    named.map(({ job, ids }) => {
      const payout = payoutsById.get(ids.payoutId ?? ids.attemptId ?? '')
      const partner = partnersById.get(ids.partnerId ?? '')
      const thing = payout ?? partner
      const what = ids.template ?? eventsById.get(ids.eventId ?? '')
      const label = [what, thing?.label].filter(Boolean).join(': ')
      return [job.id, { label, link: thing?.link ?? null }]
    }),
  )
}

interface Ids {
  attemptId?: string
  payoutId?: string
  partnerId?: string
  eventId?: string
  template?: string
}

function idsOf({ topic, payload }: Row): Ids {
  switch (topic) {
    case 'payout.transfer':
      return topics[topic].payload.safeParse(payload).data ?? {}
    case 'stripe.event':
      return topics[topic].payload.safeParse(payload).data ?? {}
    case 'partner.sync':
      return topics[topic].payload.safeParse(payload).data ?? {}
    case 'email.send': {
      const { data } = topics[topic].payload.safeParse(payload)
      if (!data) return {}
      const { payoutId, partnerId } = data.about
      const template = Object.hasOwn(templateLabels, data.template)
        ? templateLabels[data.template as EmailTemplate]
        : data.template
      return {
        template,
        ...(typeof payoutId === 'string' ? { payoutId } : {}),
        ...(typeof partnerId === 'string' ? { partnerId } : {}),
      }
    }
    default:
      return {}
  }
}

async function payoutsOf(
  read: Drizzle,
  orgId: string,
  ids: string[],
  attemptIds: string[],
): Promise<Map<string, JobAbout>> {
  const found = new Map<string, JobAbout>()
  if (ids.length + attemptIds.length === 0) return found
  const rows = await read
    .select({ id: payouts.id, number: payouts.number, attemptId: payoutAttempts.id, partner: partners.name })
    .from(payouts)
    .innerJoin(partners, eq(partners.id, payouts.partnerId))
    .leftJoin(payoutAttempts, eq(payoutAttempts.payoutId, payouts.id))
    .where(
      and(
        eq(payouts.orgId, orgId),
        sql`${payouts.id} IN (
          SELECT value FROM json_each(${JSON.stringify(ids)})
          UNION SELECT payout_id FROM payout_attempts WHERE id IN (SELECT value FROM json_each(${JSON.stringify(attemptIds)})))`,
      ),
    )
  for (const { id, number, attemptId, partner } of rows) {
    const about: JobAbout = { label: `${payoutNumber(number)} to ${partner}`, link: { to: 'payout', id } }
    found.set(id, about)
    if (attemptId) found.set(attemptId, about)
  }
  return found
}

async function partnersOf(read: Drizzle, orgId: string, ids: string[]): Promise<Map<string, JobAbout>> {
  if (ids.length === 0) return new Map()
  const rows = await read
    .select({ id: partners.id, name: partners.name })
    .from(partners)
    .where(and(eq(partners.orgId, orgId), sql`${partners.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`))
  return new Map(rows.map(({ id, name }) => [id, { label: name, link: { to: 'partner', id } }]))
}

async function eventsOf(read: Drizzle, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await read
    .select({ id: stripeEvents.id, type: stripeEvents.type })
    .from(stripeEvents)
    .where(sql`${stripeEvents.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`)
  return new Map(rows.map(({ id, type }) => [id, type]))
}

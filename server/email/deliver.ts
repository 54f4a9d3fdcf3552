import { and, eq, ne, sql } from 'drizzle-orm'
import { emails, organizations } from '#db/schema/index.ts'
import { renderEmail } from '#emails/index.tsx'
import { type Deps, sha256 } from '../deps.ts'
import { type JobResult, PermanentJobError } from '../outbox/outbox.ts'
import type { Payload } from '../outbox/topics.ts'
import { openAudience, type Recipient } from './audience.ts'
import { type Composed, compose, isTemplate } from './compose.ts'
import { isPermanentMailError, type OutgoingMail } from './send.ts'

/** Starts no further delivery after this (ms): the job must end within its lease, and the last one may take a minute. */
const budgetMs = 3 * 60_000

const secretNote =
  'The link is left out of this copy: it opens something by itself, and only the mail that was sent has it.'

/**
 * Sends one notice to everybody it concerns, each at most once: who has it already is skipped, so a job that is run again goes on
 * where it stopped. A process that dies between handing a mail over and noting it sends the same Message-ID again.
 * An address that is refused for good is marked; anything else is thrown after all others were served, and tried again later.
 * @param orgId the job's organization; `system` for what belongs to none, which then names one in `about`
 * @param render lays a message out; a simulation of a hundred thousand mails does without
 */
export async function deliverEmail(
  deps: Deps,
  notice: Payload<'email.send'>,
  orgId: string | null,
  render: typeof renderEmail = renderEmail,
): Promise<JobResult> {
  const { eventId, template, to, about } = notice
  if (!isTemplate(template)) throw new PermanentJobError(`There is no email ${template}.`)
  const org = await organizationOf(deps, orgId === 'system' || orgId === null ? about.orgId : orgId)
  const settled = await settledRecipients(deps, eventId, template)
  const recipients = (await openAudience(deps, org.id, to)).filter(({ address }) => !settled.has(address))
  if (recipients.length === 0) return 'done'
  const composed = await compose(deps, org, template, { to, about })
  if (!composed) {
    deps.log.info({ eventId, template }, 'an email was dropped: what it says is no longer so')
    return 'done'
  }
  const frame = {
    orgName: org.name,
    simulated: deps.config.PAYMENTS === 'simulator',
    publicUrl: deps.config.PUBLIC_URL,
  }
  const rendered = await render(composed.message, frame)
  const started = deps.clock.now()
  let failure: unknown
  for (const recipient of recipients) {
    if (deps.clock.now() - started > budgetMs) {
      failure ??= new Error('The mail server is slow; the others follow.')
      break
    }
    const mail = { ...rendered, ...envelope(deps, eventId, template, recipient, composed) }
    try {
      await deliverOne(deps, { orgId: org.id, eventId, template, composed }, recipient, mail)
    } catch (error) {
      failure ??= error
    }
  }
  if (failure !== undefined) throw failure
  return 'done'
}

async function organizationOf(deps: Deps, orgId: string | number | null | undefined) {
  const [org] = await deps.db.read
    .select()
    .from(organizations)
    .where(eq(organizations.id, String(orgId ?? '')))
  if (!org) throw new PermanentJobError('The mail belongs to no organization.')
  return org
}

/** Who has this mail, or can't have it. */
async function settledRecipients(deps: Deps, eventId: string, template: string): Promise<Set<string>> {
  const rows = await deps.db.read
    .select({ recipient: emails.recipient })
    .from(emails)
    .where(and(eq(emails.eventId, eventId), eq(emails.template, template), ne(emails.status, 'sending')))
  return new Set(rows.map(row => row.recipient))
}

/** The same for every attempt, so that a mailbox can tell a repeat from a second message. */
function envelope(deps: Deps, eventId: string, template: string, { address, name }: Recipient, { payoutId }: Composed) {
  const host = new URL(deps.config.PUBLIC_URL).hostname.replace(/[^A-Za-z0-9.-]/g, '')
  const event = eventId.replace(/[^A-Za-z0-9_-]+/g, '.')
  return {
    to: address,
    toName: name,
    messageId: `<${event}.${template}.${sha256(address).slice(0, 16)}@${host}>`,
    // All mails of one payout are one conversation.
    ...(payoutId ? { references: `<${payoutId}@${host}>` } : {}),
    headers: { 'X-Remit-Template': template },
  } satisfies Partial<OutgoingMail>
}

async function deliverOne(
  deps: Deps,
  { orgId, eventId, template, composed }: { orgId: string; eventId: string; template: string; composed: Composed },
  recipient: Recipient,
  mail: OutgoingMail,
): Promise<void> {
  const { partnerId, payoutId, secretUrl } = composed
  const copy = { subject: mail.subject, ...withoutSecret(mail, secretUrl, deps.config.PUBLIC_URL) }
  const id = deps.ids.id('eml')
  const [row] = await deps.db.write(tx =>
    tx
      .insert(emails)
      .values({
        id,
        orgId,
        eventId,
        template,
        recipient: recipient.address,
        recipientName: recipient.name,
        partnerId,
        payoutId,
        ...copy,
        messageId: mail.messageId,
        status: 'sending',
        createdAt: deps.clock.now(),
      })
      .onConflictDoUpdate({
        target: [emails.eventId, emails.recipient, emails.template],
        set: { ...copy, error: null },
        setWhere: sql`${emails.status} = 'sending'`,
      })
      .returning({ id: emails.id }),
  )
  // Another holder of the job was faster.
  if (!row) return
  try {
    await deps.mailer.send(mail)
  } catch (error) {
    const permanent = isPermanentMailError(error)
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 1000)
    await mark(deps, orgId, partnerId, row.id, { error: message, ...(permanent ? { status: 'failed' as const } : {}) })
    deps.log.warn({ emailId: row.id, template, permanent, err: error }, 'an email was not accepted')
    if (!permanent) throw error
    return
  }
  await mark(deps, orgId, partnerId, row.id, { status: 'sent', sentAt: deps.clock.now(), error: null })
}

async function mark(
  deps: Deps,
  orgId: string,
  partnerId: string | null,
  id: string,
  values: { status?: 'sent' | 'failed'; sentAt?: number; error: string | null },
): Promise<void> {
  await deps.db.write(tx =>
    tx
      .update(emails)
      .set(values)
      .where(and(eq(emails.id, id), eq(emails.status, 'sending'))),
  )
  deps.changes.publish({ orgId, partnerId, what: 'emails' })
}

/** The copy we keep and show to staff. Throws rather than keep a link that would let a reader in as somebody else. */
function withoutSecret(mail: { html: string; text: string }, secretUrl: string | undefined, publicUrl: string) {
  if (secretUrl === undefined) return { html: mail.html, text: mail.text }
  const html = mail.html
    .replaceAll(secretUrl, new URL('/login', publicUrl).href)
    .replace(
      /<body[^>]*>/,
      body => `${body}<p style="margin:0;padding:12px 16px;font:14px sans-serif">${secretNote}</p>`,
    )
  const text = mail.text.replaceAll(secretUrl, secretNote)
  const secret = new URL(secretUrl).pathname.split('/').at(-1) ?? ''
  if (secret === '' || html.includes(secret) || text.includes(secret))
    throw new Error('a secret link would have been kept')
  return { html, text }
}

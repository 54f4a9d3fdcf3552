import { and, desc, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { emails } from '#db/schema/index.ts'
import { notFound } from '../lib/errors.ts'
import { decodeCursor, toPage } from '../lib/page.ts'
import { can, router } from '../trpc.ts'
import { getEmailInput, listEmailsInput } from './rules.ts'

const {
  html: _html,
  text: _text,
  orgId: _orgId,
  messageId: _messageId,
  eventId: _eventId,
  ...row
} = getTableColumns(emails)

export const emailsRouter = router({
  /** Newest first. */
  list: can('emails.read')
    .input(listEmailsInput)
    .query(async ({ ctx, input }) => {
      const { template, status, q, partnerId, payoutId, limit } = input
      const cursor = decodeCursor(input.cursor)
      const like = q && `%${q.replace(/[\\%_]/g, '\\$&')}%`
      const conditions: (SQL | undefined)[] = [
        eq(emails.orgId, ctx.viewer.orgId),
        template && eq(emails.template, template),
        status && eq(emails.status, status),
        partnerId ? eq(emails.partnerId, partnerId) : undefined,
        payoutId ? eq(emails.payoutId, payoutId) : undefined,
        like
          ? sql`(${emails.recipient} LIKE ${like} ESCAPE '\\' OR ${emails.subject} LIKE ${like} ESCAPE '\\')`
          : undefined,
        cursor ? sql`(${emails.createdAt}, ${emails.id}) < (${cursor[0]}, ${cursor[1]})` : undefined,
      ]
      const rows = await ctx.deps.db.read
        .select(row)
        .from(emails)
        .where(and(...conditions))
        .orderBy(desc(emails.createdAt), desc(emails.id))
        .limit(limit + 1)
      return toPage(rows, limit, email => [email.createdAt, email.id])
    }),

  /** One mail as it went out; links that open something by themselves are left out of it. */
  get: can('emails.read')
    .input(getEmailInput)
    .query(async ({ ctx, input }) => {
      const [email] = await ctx.deps.db.read
        .select({ ...row, html: emails.html, text: emails.text, messageId: emails.messageId })
        .from(emails)
        .where(and(eq(emails.id, input.emailId), eq(emails.orgId, ctx.viewer.orgId)))
      if (!email) throw notFound('email')
      const { messageId, ...rest } = email
      const to = email.recipientName ? `${email.recipientName} <${email.recipient}>` : email.recipient
      const headers = [
        { name: 'From', value: ctx.deps.config.MAIL_FROM },
        { name: 'To', value: to },
        { name: 'Subject', value: email.subject },
        { name: 'Message-ID', value: messageId },
      ]
      return { ...rest, headers }
    }),
})

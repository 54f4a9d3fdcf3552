import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { withoutStyleSheet } from '../admin/emails/shown.server.ts'
import { answerFile } from './file.server.ts'

/**
 * A mail as it was sent, alone in a tab. Browsers apply every policy that an answer carries: this one, which locks the mail in a
 * sandbox without scripts, forms or anything from elsewhere, comes on top of the one that every page has.
 */
const policy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox',
].join('; ')

export function loader(args: LoaderFunctionArgs) {
  return answerFile(async () => {
    const { html } = await query(args, api => api.emails.get({ emailId: args.params.emailId ?? '' }))
    return new Response(withoutStyleSheet(html), {
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy },
    })
  })
}

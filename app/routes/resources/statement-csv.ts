import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'

/** A payout's statement as a file, for its partner and for staff. */
export async function loader(args: LoaderFunctionArgs) {
  const payoutId = args.params.payoutId ?? ''
  try {
    const { fileName, contentType, text } = await query(args, api => api.payouts.statement({ payoutId }))
    return new Response(text, {
      headers: { 'Content-Type': contentType, 'Content-Disposition': `attachment; filename="${fileName}"` },
    })
  } catch (error) {
    throw asText(error)
  }
}

/** There is no page around a file: a refusal is a line of text. */
function asText(error: unknown): unknown {
  if (error instanceof Response || typeof error !== 'object' || error === null || !('init' in error)) return error
  const { data, init } = error as { data: { message?: string }; init: ResponseInit | null }
  return new Response(`${data.message ?? 'That did not work.'}\n`, {
    status: init?.status ?? 500,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  })
}

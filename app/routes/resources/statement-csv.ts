import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { answerFile, fileResponse } from './file.server.ts'

/** A payout's statement as a file, for its partner and for staff. */
export function loader(args: LoaderFunctionArgs) {
  return answerFile(async () => {
    const payoutId = args.params.payoutId ?? ''
    const { text, fileName, contentType } = await query(args, api => api.payouts.statement({ payoutId }))
    return fileResponse(text, fileName, contentType)
  })
}

import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { answerFile, fileResponse } from './file.server.ts'

/** The rows of an import that failed, each with its reason, to be mended and uploaded again. */
export function loader(args: LoaderFunctionArgs) {
  return answerFile(async () => {
    const importId = args.params.importId ?? ''
    const { text, fileName, contentType } = await query(args, api => api.payouts.importErrors({ importId }))
    return fileResponse(text, fileName, contentType)
  })
}

import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { answerFile, fileResponse, streamOf } from './file.server.ts'

/** The rows that an import left out, each with its reason, to be mended and uploaded again. */
export function loader(args: LoaderFunctionArgs) {
  return answerFile(async () => {
    const importId = args.params.importId ?? ''
    const file = await query(args, api => api.imports.failed({ importId }))
    return fileResponse(streamOf(file.chunks, args), file.fileName, file.contentType)
  })
}

import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { answerFile, downloadResponse } from './file.server.ts'

/** A download is recorded, so it is a post; whoever only opens the address gets the import. */
export function loader({ params }: LoaderFunctionArgs) {
  return redirect(`/admin/imports/${params.importId}`)
}

/** The rows that an import left out, each with its reason, to be mended and uploaded again. */
export function action(args: ActionFunctionArgs) {
  return answerFile(async () => {
    const importId = args.params.importId ?? ''
    return downloadResponse(await query(args, api => api.imports.failed({ importId })), args)
  })
}

import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { answerFile, downloadResponse } from './file.server.ts'

/** A download is recorded, so it is a post; whoever only opens the address gets the import. */
export function loader({ params }: LoaderFunctionArgs) {
  return redirect(`/admin/payouts/import/${params.importId}`)
}

/** The rows of an import that failed, each with its reason, to be mended and uploaded again. */
export function action(args: ActionFunctionArgs) {
  return answerFile(async () => {
    const importId = args.params.importId ?? ''
    return downloadResponse(await query(args, api => api.payouts.importErrors({ importId })), args)
  })
}

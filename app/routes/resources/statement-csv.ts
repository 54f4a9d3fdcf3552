import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { answerFile, downloadResponse } from './file.server.ts'

/** A download is recorded, so it is a post; whoever only opens the address gets the payout. */
export function loader({ params }: LoaderFunctionArgs) {
  return redirect(`/portal/payouts/${params.payoutId}`)
}

/** A payout's statement as a file, for its partner and for staff. */
export function action(args: ActionFunctionArgs) {
  return answerFile(async () => {
    const payoutId = args.params.payoutId ?? ''
    return downloadResponse(await query(args, api => api.payouts.statement({ payoutId })), args)
  })
}

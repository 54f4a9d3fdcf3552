import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { readCommissionFilter } from '../admin/commissions/filter.server.ts'
import { answerFile, downloadResponse } from './file.server.ts'

/** A download is recorded, so it is a post; whoever only opens the address gets the list. */
export function loader() {
  return redirect('/admin/commissions')
}

/** The commissions that the list's filter shows, as a CSV file with the sentence that explains each. */
export function action(args: ActionFunctionArgs) {
  return answerFile(async () => {
    const { filter } = readCommissionFilter(await args.request.formData())
    return downloadResponse(await query(args, api => api.commissions.export(filter)), args)
  })
}

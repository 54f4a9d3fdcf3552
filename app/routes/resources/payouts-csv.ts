import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { readFilter } from '../admin/payouts/filter.server.ts'
import { answerFile, downloadResponse } from './file.server.ts'

/** A download is recorded, so it is a post; whoever only opens the address gets the list. */
export function loader() {
  return redirect('/admin/payouts')
}

/** The payouts that the list's filter shows, as a CSV file. */
export function action(args: ActionFunctionArgs) {
  return answerFile(async () => {
    const { filter } = readFilter(await args.request.formData())
    return downloadResponse(await query(args, api => api.payouts.export(filter)), args)
  })
}

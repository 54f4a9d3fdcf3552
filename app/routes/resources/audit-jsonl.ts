import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { auditFilter } from '#server/audit/rules.ts'
import { readQuery } from '../admin/read-query.server.ts'
import { answerFile, downloadResponse } from './file.server.ts'

/** A download is recorded, so it is a post; whoever only opens the address gets the log. */
export function loader() {
  return redirect('/admin/audit')
}

/** The entries that the filter shows, one JSON object a line, with all that verifying them takes. */
export function action(args: ActionFunctionArgs) {
  return answerFile(async () => {
    const { filter } = readQuery(auditFilter, await args.request.formData())
    return downloadResponse(await query(args, api => api.audit.export({ ...filter, format: 'jsonl' })), args)
  })
}

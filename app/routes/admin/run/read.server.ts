import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { rowFilter } from '#server/runs/rules.ts'
import { cursorOf, readQuery } from '../read-query.server.ts'

/** Everything the run's page shows: its figures, a page of its rows, and the lines of the row that was opened. */
export async function readRun(args: LoaderFunctionArgs) {
  const runId = args.params.runId ?? ''
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(rowFilter, params)
  const rowId = params.get('row')
  const from = Number(params.get('from')) || 0
  return query(args, async api => {
    const [run, page, opened] = await Promise.all([
      api.runs.get({ runId }),
      api.runs.rows({ runId, ...filter, cursor: cursorOf(params), limit: 50 }),
      rowId && rowId.length <= 100
        ? api.runs.lines({ runId, rowId, from: Math.max(0, Math.trunc(from)) }).catch(() => null)
        : null,
    ])
    return { run, page, opened, filter, problems, idempotencyKey: args.context.newKey() }
  })
}

export type RunPage = Awaited<ReturnType<typeof readRun>>

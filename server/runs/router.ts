import { can, perform, router } from '../trpc.ts'
import { executeRun } from './execute.ts'
import { listMinimums, setMinimum } from './minimums.ts'
import {
  executeInput,
  includeInput,
  linesInput,
  listMinimumsInput,
  listRunsInput,
  planInput,
  rowsInput,
  runChangeInput,
  runInput,
  setMinimumInput,
} from './rules.ts'
import { createRun, discardRun, includeRows, refreshRun } from './service.ts'
import { getRun, listLines, listRows, listRuns } from './view.ts'

export const runsRouter = router({
  list: can('runs.read')
    .input(listRunsInput)
    .query(({ ctx, input }) => listRuns(ctx.deps.db.read, ctx.viewer.orgId, input)),
  get: can('runs.read')
    .input(runInput)
    .query(({ ctx, input }) => getRun(ctx.deps, ctx.viewer, input.runId)),
  rows: can('runs.read')
    .input(rowsInput)
    .query(({ ctx, input }) => listRows(ctx.deps.db.read, ctx.viewer.orgId, input)),
  lines: can('runs.read')
    .input(linesInput)
    .query(({ ctx, input }) => listLines(ctx.deps.db.read, ctx.viewer.orgId, input)),

  /** A draft: nothing is created before it is executed. */
  plan: can('runs.prepare')
    .input(planInput)
    .mutation(({ ctx, input }) => perform(ctx, 'runs.plan', input, work => createRun(work, input))),
  refresh: can('runs.prepare')
    .input(runChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'runs.refresh', input, work => refreshRun(work, input))),
  include: can('runs.prepare')
    .input(includeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'runs.include', input, work => includeRows(work, input))),
  execute: can('runs.execute')
    .input(executeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'runs.execute', input, work => executeRun(work, input))),
  discard: can('runs.prepare')
    .input(runChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'runs.discard', input, work => discardRun(work, input))),

  minimums: can('runs.read')
    .input(listMinimumsInput)
    .query(({ ctx, input }) => listMinimums(ctx.deps.db.read, ctx.viewer.orgId, input)),
  setMinimum: can('rates.manage')
    .input(setMinimumInput)
    .mutation(({ ctx, input }) => perform(ctx, 'runs.setMinimum', input, work => setMinimum(work, input))),
})

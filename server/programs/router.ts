import { can, perform, router } from '../trpc.ts'
import { createProgramInput, listProgramsInput, programChangeInput, programInput, updateProgramInput } from './rules.ts'
import { archiveProgram, createProgram, restoreProgram, updateProgram } from './service.ts'
import { getProgram, listPrograms } from './view.ts'

export const programsRouter = router({
  list: can('deals.read')
    .input(listProgramsInput)
    .query(({ ctx, input }) => listPrograms(ctx.deps.db.read, ctx.viewer, input)),
  get: can('deals.read')
    .input(programInput)
    .query(({ ctx, input }) => getProgram(ctx.deps.db.read, ctx.viewer, input.programId)),
  create: can('programs.manage')
    .input(createProgramInput)
    .mutation(({ ctx, input }) => perform(ctx, 'programs.create', input, work => createProgram(work, input))),
  /** A new model or new parameters decide from the next attribution on; deals that are won already keep theirs. */
  update: can('programs.manage')
    .input(updateProgramInput)
    .mutation(({ ctx, input }) => perform(ctx, 'programs.update', input, work => updateProgram(work, input))),
  archive: can('programs.manage')
    .input(programChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'programs.archive', input, work => archiveProgram(work, input))),
  restore: can('programs.manage')
    .input(programChangeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'programs.restore', input, work => restoreProgram(work, input))),
})

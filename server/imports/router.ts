import { can, perform, router } from '../trpc.ts'
import { failedRows } from './failed.ts'
import { migrationReport } from './report.ts'
import {
  commitInput,
  importChange,
  importInput,
  importRowsInput,
  listImportsInput,
  saveMappingInput,
  uploadInput,
} from './rules.ts'
import { saveMapping, startCheck, startCommit, startDiscard, startUndo } from './service.ts'
import { discardRows, uploadFile } from './upload.ts'
import { getImport, listImports, listRows } from './view.ts'

/** A file becomes records in steps that people can stop at: columns, check, import; and back, while nothing was paid from it. */
export const importsRouter = router({
  list: can('imports.manage')
    .input(listImportsInput)
    .query(({ ctx, input }) => listImports(ctx.deps.db.read, ctx.viewer.orgId, input)),
  get: can('imports.manage')
    .input(importInput)
    .query(({ ctx, input }) => getImport(ctx.deps.db.read, ctx.viewer.orgId, input.importId)),
  rows: can('imports.manage')
    .input(importRowsInput)
    .query(({ ctx, input }) => listRows(ctx.deps.db.read, ctx.viewer.orgId, input)),
  /** For our own upload route: the bytes are a stream, which no JSON can be. */
  upload: can('imports.manage')
    .input(uploadInput)
    .mutation(({ ctx, input }) => uploadFile(ctx, input)),
  saveMapping: can('imports.manage')
    .input(saveMappingInput)
    .mutation(({ ctx, input }) => perform(ctx, 'imports.saveMapping', input, work => saveMapping(work, input))),
  check: can('imports.manage')
    .input(importChange)
    .mutation(({ ctx, input }) => perform(ctx, 'imports.check', input, work => startCheck(work, input))),
  commit: can('imports.manage')
    .input(commitInput)
    .mutation(({ ctx, input }) => perform(ctx, 'imports.commit', input, work => startCommit(work, input))),
  undo: can('imports.manage')
    .input(importChange)
    .mutation(({ ctx, input }) => perform(ctx, 'imports.undo', input, work => startUndo(work, input))),
  discard: can('imports.manage')
    .input(importChange)
    .mutation(async ({ ctx, input }) => {
      const discarded = await perform(ctx, 'imports.discard', input, work => startDiscard(work, input))
      await discardRows(ctx.deps, discarded.importId)
      return discarded
    }),
  report: can('imports.manage')
    .input(importInput)
    .query(({ ctx, input }) => migrationReport(ctx.deps.db.read, ctx.viewer.orgId, input.importId)),
  /** The rows that were left out as a file; a mutation because it is recorded. */
  failed: can('imports.manage')
    .input(importInput)
    .mutation(({ ctx, input }) => failedRows(ctx, input.importId)),
})

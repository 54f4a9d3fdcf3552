import { decodeCursor, toPage } from '../lib/page.ts'
import { can, router } from '../trpc.ts'
import type { AuditRow } from './audit.ts'
import { exportAudit } from './export.ts'
import { payoutNumbersOf, readAudit } from './read.ts'
import { changesBetween, exportAuditInput, listAuditInput, verifyAuditInput } from './rules.ts'
import { verifyChain } from './verify.ts'

export const auditRouter = router({
  /** The latest first, each with the fields that changed. */
  list: can('audit.read')
    .input(listAuditInput)
    .query(async ({ ctx, input }) => {
      const { cursor, limit, ...filter } = input
      const below = decodeCursor(cursor)?.[0]
      const found: AuditRow[] = []
      const page = { below: typeof below === 'number' ? below : undefined, limit: limit + 1 }
      for await (const rows of readAudit(ctx.deps.db.read, ctx.viewer, filter, page)) {
        found.push(...rows)
        if (found.length > limit) break
      }
      const { rows, next } = toPage(found, limit, row => [row.seq, String(row.seq)])
      const numbers = await payoutNumbersOf(ctx.deps.db.read, ctx.viewer.orgId, rows)
      return {
        rows: rows.map(
          ({ seq, at, actorKind, actorId, actorName, action, targetType, targetId, before, after, hash }) => ({
            seq,
            at,
            actor: { kind: actorKind, id: actorId, name: actorName },
            action,
            /** `name` is what people call it, where that is not its id. */
            target: { type: targetType, id: targetId, name: numbers.get(targetId) ?? null },
            changes: changesBetween(before, after),
            hash,
          }),
        ),
        next,
      }
    }),

  /** Walks the organization's whole chain; `anchor` is an end of it that was kept elsewhere. */
  verify: can('audit.read')
    .input(verifyAuditInput)
    .query(({ ctx, input }) => verifyChain(ctx.deps.db.read, ctx.viewer.orgId, input.anchor && [input.anchor])),

  /** The list as a file, in pieces; a mutation because it is recorded. */
  export: can('audit.export')
    .input(exportAuditInput)
    .mutation(({ ctx, input }) => exportAudit(ctx, input)),
})

import type { DataImportKind } from '#db/schema/index.ts'
import type { Work } from '../work.ts'
import { nextRows, setImport, setRows } from './chunk.ts'
import { type Attribute, dealsSize } from './commit.ts'
import { kindOf } from './kinds/all.ts'
import type { DataImport, TakenBack } from './kinds/kind.ts'

/** How many rows one transaction takes back: fewer where each is a deal to be booked or attributed. */
const undoSize: Record<DataImportKind, number> = {
  deals: dealsSize,
  touches: dealsSize,
  partners: 200,
  commissions: 200,
  payouts: 200,
}

/**
 * Takes back what the next rows of an import made, in the caller's transaction, in which they are marked as undone and the won deals
 * that lost touches are attributed anew. What has to stay is marked with the reason.
 * @returns whether there are no more
 */
export async function undoRows(work: Work, one: DataImport, attribute: Attribute): Promise<boolean> {
  const size = undoSize[one.kind]
  const rows = await nextRows(work.tx, one, 'done', size)
  const ids = rows.flatMap(({ createdId }) => createdId ?? [])
  const { kept, deals = [] }: TakenBack =
    ids.length > 0 ? await kindOf(one.kind).undo(work, one, ids) : { kept: new Map() }
  for (const id of deals) await attribute(work, id, `The import of ${one.fileName} was undone`.slice(0, 500))
  await setRows(
    work,
    one,
    rows.map(({ line, createdId }) => {
      const why = createdId === null ? undefined : kept.get(createdId)
      return why === undefined
        ? { line, status: 'undone', problem: null }
        : { line, status: 'done', problem: `It stays: ${why}` }
    }),
  )
  const ended = rows.length < size
  const keptInAll = (one.figures.kept ?? 0) + kept.size
  await setImport(work, one, {
    done: one.done - (rows.length - kept.size),
    figures: { ...one.figures, kept: keptInAll },
    cursor: ended ? 0 : (rows.at(-1)?.line ?? one.cursor),
    ...(ended ? { status: 'undone' as const, undoneAt: work.at } : {}),
  })
  if (ended)
    work.audit({
      action: 'imports.undone',
      target: { type: 'data_import', id: one.id },
      after: { fileName: one.fileName, kind: one.kind, kept: keptInAll },
    })
  return ended
}

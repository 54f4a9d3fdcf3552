import type { Work } from '../work.ts'
import { nextRows, setImport, setRows } from './chunk.ts'
import { type Attribute, dealsSize, wonDeals } from './commit.ts'
import { kindOf } from './kinds/all.ts'
import type { DataImport } from './kinds/kind.ts'

const undoSize = 200

/**
 * Takes back what the next rows of an import made, in the caller's transaction, in which they are marked as undone.
 * @returns whether there are no more
 */
export async function undoRows(work: Work, one: DataImport): Promise<boolean> {
  const rows = await nextRows(work.tx, one, 'done', undoSize)
  const byId = new Map(rows.flatMap(({ line, createdId }) => (createdId === null ? [] : [[createdId, line] as const])))
  const { kept } = byId.size > 0 ? await kindOf(one.kind).undo(work, one, [...byId.keys()]) : { kept: [] }
  const staying = new Set(kept.map(id => byId.get(id)))
  await setRows(
    work,
    one,
    rows.map(({ line }) =>
      staying.has(line)
        ? { line, status: 'done', problem: 'It stays: it is in use.' }
        : { line, status: 'undone', problem: null },
    ),
  )
  const ended = rows.length < undoSize
  await setImport(work, one, {
    done: one.done - (rows.length - kept.length),
    figures: { ...one.figures, kept: (one.figures.kept ?? 0) + kept.length },
    cursor: ended ? 0 : (rows.at(-1)?.line ?? one.cursor),
    ...(ended ? { step: 'deals' as const } : {}),
  })
  return ended
}

/**
 * Attributes the next won deals anew that have lost touches. Deals that went themselves have been seen to already.
 * @returns whether there are no more
 */
export async function undoDeals(work: Work, one: DataImport, attribute: Attribute): Promise<boolean> {
  const deals = one.kind === 'touches' ? await wonDeals(work, one) : []
  for (const { id } of deals) await attribute(work, id, `The import of ${one.fileName} was undone`.slice(0, 500))
  const ended = deals.length < dealsSize
  await setImport(work, one, {
    cursor: ended ? 0 : (deals.at(-1)?.number ?? one.cursor),
    ...(ended ? { status: 'undone' as const, step: 'rows' as const, undoneAt: work.at } : {}),
  })
  if (ended)
    work.audit({
      action: 'imports.undone',
      target: { type: 'data_import', id: one.id },
      after: { fileName: one.fileName, kind: one.kind, kept: one.figures.kept ?? 0 },
    })
  return ended
}

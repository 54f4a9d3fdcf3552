import { sql } from 'drizzle-orm'
import type { z } from 'zod'
import { importMappings } from '#db/schema/index.ts'
import { DomainError } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import { importOf, setImport } from './chunk.ts'
import { kindOf } from './kinds/all.ts'
import type { DataImport } from './kinds/kind.ts'
import { onlyKnown } from './mapping.ts'
import {
  type commitInput,
  type DataImportStatus,
  type importChange,
  missingFields,
  type saveMappingInput,
  statusLabels,
} from './rules.ts'

export interface ChangedImport {
  importId: string
  status: DataImportStatus
  version: number
}

/** The import for a change, where its status and the version that the page showed allow it. */
async function expect(
  work: Work,
  input: { importId: string; version?: number },
  allowed: readonly DataImportStatus[],
): Promise<DataImport> {
  const one = await importOf(work.tx, work.orgId, input.importId)
  if (!allowed.includes(one.status))
    throw new DomainError('CONFLICT', `This import is ${statusLabels[one.status].label.toLowerCase()} now. Look again.`)
  // While the worker is at it, each chunk makes a version; nobody could ever be in time.
  if (input.version !== undefined && input.version !== one.version && one.status !== 'checking')
    throw new DomainError('CONFLICT', 'This import changed while you were looking at it. Look again.')
  return one
}

const changed = ({ id, status, version }: DataImport): ChangedImport => ({ importId: id, status, version })

/**
 * Says which column is what and how cells are read; what was checked before is forgotten. Remembered for the next file with the same
 * headers.
 * @throws DomainError INVALID for two fields in one column; CONFLICT once it is being imported
 */
export async function saveMapping(work: Work, input: z.infer<typeof saveMappingInput>): Promise<ChangedImport> {
  const one = await expect(work, input, ['mapping', 'checking', 'ready'])
  const mapping = onlyKnown(one.kind, one.headers, input.mapping)
  const twice = Object.entries(mapping).find(([field, header]) =>
    Object.entries(mapping).some(([other, same]) => other !== field && same === header),
  )
  if (twice)
    throw new DomainError('INVALID', `The column “${twice[1]}” is chosen twice. Choose it for one field.`, {
      fields: { [twice[0]]: `“${twice[1]}” is chosen twice.` },
    })
  const row = { orgId: work.orgId, kind: one.kind, headerHash: one.headerHash, mapping, usedAt: work.at }
  await work.tx
    .insert(importMappings)
    .values(row)
    .onConflictDoUpdate({
      target: [importMappings.orgId, importMappings.kind, importMappings.headerHash],
      set: { mapping, usedAt: work.at },
    })
  const { mapping: before, options: optionsBefore } = one
  work.audit({
    action: 'imports.saveMapping',
    target: { type: 'data_import', id: one.id },
    before: { mapping: before, options: optionsBefore },
    after: { mapping, options: input.options },
  })
  return changed(await setImport(work, one, { status: 'mapping', mapping, options: input.options }))
}

/** Starts reading every row; nothing is made by it. INVALID while a column is missing that rows can't do without. */
export async function startCheck(work: Work, input: z.infer<typeof importChange>): Promise<ChangedImport> {
  const one = await expect(work, input, ['mapping', 'ready'])
  const missing = missingFields(one.kind, one.mapping)
  if (missing.length > 0)
    throw new DomainError('INVALID', `Choose a column for: ${missing.join(', ')}.`, {
      fields: Object.fromEntries(missing.map(label => [label, `Choose a column for ${label}.`])),
    })
  await work.tx.run(sql`DELETE FROM import_keys WHERE import_id = ${one.id}`)
  const next = await setImport(work, one, {
    status: 'checking',
    checked: 0,
    errors: 0,
    duplicates: 0,
    done: 0,
    cursor: 0,
    step: 'rows',
    figures: {},
  })
  enqueue(work, next)
  work.audit({ action: 'imports.check', target: { type: 'data_import', id: one.id } })
  return changed(next)
}

/** Starts making the rows that are fine into records. INVALID when there are none, or errors that nobody agreed to leave out. */
export async function startCommit(work: Work, input: z.infer<typeof commitInput>): Promise<ChangedImport> {
  const one = await expect(work, input, ['ready'])
  const fine = one.checked - one.errors - one.duplicates
  if (fine === 0) throw new DomainError('INVALID', 'There is nothing to import: every row is wrong or a duplicate.')
  if (one.errors > 0 && !input.skipErrors)
    throw new DomainError(
      'INVALID',
      `${counted(one.errors)} can’t be imported. Mend the file and upload it again, or leave those rows out.`,
      { fields: { skipErrors: 'Say that these rows are to be left out.' } },
    )
  const next = await setImport(work, one, { status: 'committing', step: 'rows', cursor: 0, done: 0 })
  enqueue(work, next)
  work.audit({
    action: 'imports.commit',
    target: { type: 'data_import', id: one.id },
    after: {
      fileName: one.fileName,
      kind: one.kind,
      rows: fine,
      leftOut: one.errors + one.duplicates,
      totals: one.figures.totals ?? [],
    },
  })
  return changed(next)
}

/** Starts taking back all that an import made. BLOCKED once money was paid from it, with what would clear it. */
export async function startUndo(work: Work, input: z.infer<typeof importChange>): Promise<ChangedImport> {
  const one = await expect(work, input, ['committed'])
  const refusal = await kindOf(one.kind).undoRefusal(work.tx, one)
  if (refusal) throw new DomainError('BLOCKED', `This import can’t be undone. ${refusal}`)
  const { kept: _, ...figures } = one.figures
  const next = await setImport(work, one, { status: 'undoing', step: 'rows', cursor: 0, figures })
  enqueue(work, next)
  work.audit({
    action: 'imports.undo',
    target: { type: 'data_import', id: one.id },
    before: { fileName: one.fileName, kind: one.kind, done: one.done },
  })
  return changed(next)
}

/** An import that has made nothing may be thrown away; its rows are deleted after the commit. CONFLICT for any other. */
export async function startDiscard(work: Work, input: z.infer<typeof importChange>): Promise<ChangedImport> {
  const one = await expect(work, input, ['mapping', 'ready'])
  work.audit({
    action: 'imports.discard',
    target: { type: 'data_import', id: one.id },
    before: { fileName: one.fileName, kind: one.kind, rows: one.rowCount },
  })
  return changed(await setImport(work, one, { status: 'reading' }))
}

/** Each start is another intent: the version tells them apart. */
function enqueue(work: Work, one: DataImport): void {
  work.enqueue({
    topic: 'import.run',
    key: `${one.id}:${one.status}:${one.version}`,
    payload: { importId: one.id, userId: work.actor.id },
  })
}

function counted(rows: number): string {
  return rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`
}

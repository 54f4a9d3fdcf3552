import { and, eq, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { type ImportRow, payoutImports } from '#db/schema/index.ts'
import { sha256 } from '../deps.ts'
import { notify } from '../email/notify.ts'
import { type Download, onePiece, startDownload } from '../exports/download.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { checkAmount, type Money, sumByCurrency } from '../lib/money.ts'
import { decodeCursor, encodeCursor, maxPageSize } from '../lib/page.ts'
import { formatPeriod } from '../lib/period.ts'
import { lastClosed } from '../periods/service.ts'
import type { SignedIn } from '../trpc.ts'
import type { Work } from '../work.ts'
import { csvLine, csvType, textCell } from './csv.ts'
import { checkRows, markDuplicates, readPayees } from './import-rows.ts'
import { insertPayouts } from './service.ts'
import type { Spreadsheet } from './spreadsheet.ts'

export interface ImportSummary {
  importId: string
  version: number
  fileName: string
  /** UTC milliseconds */
  createdAt: number
  rows: number
  /** Neither wrong nor a duplicate. */
  ok: number
  errors: number
  duplicates: number
  warnings: number
  /** What the `ok` rows come to, in minor units, by currency. */
  totals: Money[]
  /** What the duplicates would add. */
  duplicateTotals: Money[]
  committed: { at: number; created: number } | null
  /** An earlier import of the very same file. */
  sameFile: { importId: string; committedAt: number } | null
}

/** Stores a spreadsheet with what is wrong in each row; no payout is made. */
export async function saveDraft(
  work: Work,
  file: { fileName: string; text: string },
  sheet: Spreadsheet,
): Promise<ImportSummary & { ignoredColumns: string[] }> {
  const checked = await recheck(work, checkRows(sheet.rows, await readPayees(work.tx, work.orgId)))
  const rows = await markDuplicates(work.tx, work.orgId, checked)
  const draft = {
    id: work.id('imp'),
    orgId: work.orgId,
    status: 'draft' as const,
    fileName: file.fileName,
    sha256: sha256(file.text),
    rows,
    rowCount: rows.length,
    createdBy: work.actor.id,
    createdAt: work.at,
    committedAt: null,
    version: 1,
  }
  await work.tx.insert(payoutImports).values(draft)
  work.audit({
    action: 'payouts.importDraft',
    target: { type: 'import', id: draft.id },
    after: { fileName: draft.fileName, sha256: draft.sha256, rows: draft.rowCount },
  })
  return { ...(await summaryOf(work.tx, draft)), ignoredColumns: sheet.ignored }
}

type Import = typeof payoutImports.$inferSelect

async function readImport(db: Drizzle | Tx, orgId: string, importId: string): Promise<Import> {
  const [found] = await db
    .select()
    .from(payoutImports)
    .where(and(eq(payoutImports.id, importId), eq(payoutImports.orgId, orgId)))
  if (!found) throw notFound('import')
  return found
}

async function summaryOf(db: Drizzle | Tx, one: Import): Promise<ImportSummary> {
  const valid = one.rows.filter(row => row.errors.length === 0)
  const duplicates = valid.filter(row => row.duplicate)
  const ok = valid.filter(row => !row.duplicate)
  const [same] = await db.all<{ importId: string; committedAt: number }>(sql`
    SELECT id AS importId, committed_at AS committedAt FROM payout_imports
    WHERE org_id = ${one.orgId} AND sha256 = ${one.sha256} AND status = 'committed' AND id <> ${one.id} LIMIT 1`)
  const created = await db.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM payouts WHERE import_id = ${one.id} AND org_id = ${one.orgId}`,
  )
  return {
    importId: one.id,
    version: one.version,
    fileName: one.fileName,
    createdAt: one.createdAt,
    rows: one.rowCount,
    ok: ok.length,
    errors: one.rows.length - valid.length,
    duplicates: duplicates.length,
    warnings: ok.filter(row => row.warnings.length > 0).length,
    totals: sumByCurrency(ok.map(moneyOf)),
    duplicateTotals: sumByCurrency(duplicates.map(moneyOf)),
    committed: one.committedAt === null ? null : { at: one.committedAt, created: created?.count ?? 0 },
    sameFile: same ?? null,
  }
}

function moneyOf(row: ImportRow): Money {
  return { amount: row.amount ?? 0, currency: row.currency }
}

/** A draft's summary and a page of its rows, all of them or those with a problem. */
export async function showImport(
  db: Drizzle,
  orgId: string,
  input: { importId: string; cursor?: string; only: 'all' | 'problems' },
): Promise<{ summary: ImportSummary; rows: ImportRow[]; next: string | null }> {
  const one = await readImport(db, orgId, input.importId)
  const line = decodeCursor(input.cursor)?.[0]
  const after = typeof line === 'number' ? line : 0
  const rest = one.rows.filter(row => row.line > after && (input.only === 'all' || hasProblem(row)))
  const rows = rest.slice(0, maxPageSize)
  const last = rows.at(-1)
  return {
    summary: await summaryOf(db, one),
    rows,
    next: last && rest.length > rows.length ? encodeCursor([last.line, one.id]) : null,
  }
}

function hasProblem(row: ImportRow): boolean {
  return row.errors.length > 0 || row.duplicate !== null || row.warnings.length > 0
}

/**
 * Makes all of a draft's payouts, or none. The rows are looked at again first: partners and payouts may have changed since.
 * CONFLICT when it was committed before, or when what was shown no longer holds; INVALID when there is nothing to make.
 */
export async function commitImport(
  work: Work,
  input: { importId: string; version?: number; skipDuplicates: boolean; skipErrors: boolean },
): Promise<{ created: number; skipped: { line: number; reason: string }[] }> {
  const draft = await readImport(work.tx, work.orgId, input.importId)
  if (draft.status !== 'draft')
    throw new DomainError('CONFLICT', 'This import was committed already; nothing was created a second time.')
  if (input.version !== undefined && input.version !== draft.version)
    throw new DomainError('CONFLICT', 'This import changed while you were looking at it. Look again.')
  const rows = await markDuplicates(work.tx, work.orgId, await recheck(work, draft.rows))
  const wrong = rows.filter(row => row.errors.length > 0)
  if (wrong.length > 0 && !input.skipErrors)
    throw new DomainError(
      'INVALID',
      `${counted(wrong.length)} can’t be imported. ${wrong[0]?.errors[0]} Mend the file and upload it again, or leave those rows out.`,
    )
  if (!input.skipDuplicates) refuseNewDuplicates(draft.rows, rows)
  const skipped = rows.filter(row => row.errors.length > 0 || (row.duplicate && input.skipDuplicates))
  const left = new Set(skipped)
  const chosen = rows.filter(row => !left.has(row))
  if (chosen.length === 0)
    throw new DomainError('INVALID', 'There is nothing to import: every row is wrong or a duplicate.')
  await insertPayouts(work, 'import', chosen.map(toPayout), draft.id)
  const moved = await work.tx
    .update(payoutImports)
    .set({ status: 'committed', committedAt: work.at, rows, version: draft.version + 1 })
    .where(and(eq(payoutImports.id, draft.id), eq(payoutImports.orgId, work.orgId), eq(payoutImports.status, 'draft')))
    .returning({ id: payoutImports.id })
  if (moved.length === 0) throw new Error(`import ${draft.id} moved under the lock`)
  work.audit({
    action: 'payouts.import',
    target: { type: 'import', id: draft.id },
    after: {
      fileName: draft.fileName,
      sha256: draft.sha256,
      created: chosen.length,
      skipped: skipped.length,
      duplicatesCreated: chosen.filter(row => row.duplicate).length,
      totals: sumByCurrency(chosen.map(moneyOf)),
    },
  })
  notify(work, {
    template: 'approvalRequested',
    eventId: draft.id,
    to: { staffWith: 'payouts.approve', except: work.actor.id },
    about: { importId: draft.id },
  })
  return {
    created: chosen.length,
    skipped: skipped.map(row => ({ line: row.line, reason: row.errors[0] ?? row.duplicate ?? '' })),
  }
}

/** What the draft resolved still has to hold: by the partner's id, for that is whom the person saw. */
async function recheck(work: Work, rows: ImportRow[]): Promise<ImportRow[]> {
  const payees = new Map((await readPayees(work.tx, work.orgId)).map(payee => [payee.id, payee]))
  const closed = await lastClosed(work.tx, work.orgId)
  return rows.map(row => {
    if (row.errors.length > 0) return row
    const payee = payees.get(row.partnerId ?? '')
    const problem = !payee
      ? `${row.partner} is no longer there.`
      : payee.archived
        ? `${payee.name} was archived meanwhile.`
        : payee.currency !== row.currency
          ? `${payee.name} is paid in ${payee.currency} now, not in ${row.currency}.`
          : amountProblem(row)
    if (problem) return { ...row, errors: [`Line ${row.line}, partner: ${problem}`] }
    return closed !== null && row.period !== null && row.period <= closed
      ? {
          ...row,
          errors: [`Line ${row.line}, period: ${formatPeriod(row.period)} is closed and takes nothing any more.`],
        }
      : row
  })
}

function amountProblem(row: ImportRow): string | null {
  try {
    checkAmount(row.amount ?? 0, row.currency)
    return null
  } catch (error) {
    if (error instanceof DomainError) return error.message
    throw error
  }
}

/** Whoever takes duplicates in takes those they saw, not those a colleague created in the meantime. */
function refuseNewDuplicates(before: ImportRow[], now: ImportRow[]): void {
  const known = new Set(before.filter(row => row.duplicate).map(row => row.line))
  const [first, ...more] = now.filter(row => row.duplicate && !known.has(row.line))
  if (!first) return
  const others = more.length > 0 ? ` ${counted(more.length)} more are like it.` : ''
  throw new DomainError(
    'CONFLICT',
    `Since you uploaded this file, line ${first.line} became a duplicate: ${first.duplicate}${others} Leave duplicates out, or upload the file again.`,
  )
}

function counted(rows: number): string {
  return rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`
}

function toPayout(row: ImportRow) {
  if (row.partnerId === null || row.amount === null) throw new Error(`line ${row.line} was never valid`)
  const { partnerId, amount, currency, period, reference, notes } = row
  return { partnerId, amount, currency, period, reference, notes }
}

/** The rows that failed, as a file that can be mended and uploaded: its last column, which is ignored then, says why. */
export async function failedRows(ctx: SignedIn, importId: string): Promise<Download> {
  const one = await readImport(ctx.deps.db.read, ctx.viewer.orgId, importId)
  const lines = one.rows
    .filter(row => row.errors.length > 0)
    .map(row => {
      const { line, partner, amountText, currency, period, reference, notes, errors } = row
      const amount = /^-?\d+(\.\d+)?$/.test(amountText) ? amountText : textCell(amountText)
      const rest = [currency, period, reference, notes, errors.join(' ')].map(textCell)
      return csvLine([String(line), textCell(partner), amount, ...rest])
    })
  const header = csvLine(['Line', 'Partner', 'Amount', 'Currency', 'Period', 'Reference', 'Notes', 'Reason'])
  const name = one.fileName.replace(/\.[a-z]{1,4}$/i, '').replace(/[^\p{L}\p{N} ._-]/gu, '')
  return startDownload(ctx, {
    what: 'imports',
    asked: { import: one.id },
    fileName: `${name || 'import'}-errors.csv`,
    contentType: csvType,
    count: async () => lines.length,
    pieces: () => onePiece(header + lines.join(''), lines.length),
  })
}

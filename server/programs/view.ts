import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle } from '#db/client.ts'
import { type AttributionModel, partners, programs } from '#db/schema/index.ts'
import { modelLabels, type ProgramParameters, programParameters } from '../attribution/rules.ts'
import { allows, type Viewer } from '../auth/rules.ts'
import { notFound } from '../lib/errors.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import type { listProgramsInput } from './rules.ts'

/** `debtCapBp` in basis points, times in UTC milliseconds. */
export interface ProgramRow {
  id: string
  name: string
  version: number
  model: AttributionModel
  modelLabel: string
  modelSays: string
  parameters: ProgramParameters
  timeZone: string
  protectionDays: number
  debtCapBp: number
  archivedAt: number | null
  createdAt: number
}

/** A page of programs by name. */
export async function listPrograms(
  db: Drizzle,
  viewer: Viewer,
  input: z.infer<typeof listProgramsInput>,
): Promise<Page<ProgramRow>> {
  const after = decodeCursor(input.cursor)
  const rows = await db
    .select()
    .from(programs)
    .where(
      and(
        eq(programs.orgId, viewer.orgId),
        input.archived ? isNotNull(programs.archivedAt) : isNull(programs.archivedAt),
        after ? sql`${programs.name} > ${after[0]}` : undefined,
      ),
    )
    .orderBy(asc(programs.name))
    .limit(input.limit + 1)
  return toPage(rows.map(rowOf), input.limit, row => [row.name, row.id])
}

/** One program, with the names of the partners it excludes. NOT_FOUND for another organization's. */
export async function getProgram(db: Drizzle, viewer: Viewer, programId: string) {
  const [program] = await db
    .select()
    .from(programs)
    .where(and(eq(programs.id, programId), eq(programs.orgId, viewer.orgId)))
  if (!program) throw notFound('program')
  const row = rowOf(program)
  const ids = row.parameters.excludedPartnerIds
  const excluded =
    ids.length === 0
      ? []
      : await db
          .select({ id: partners.id, name: partners.name })
          .from(partners)
          .where(and(eq(partners.orgId, viewer.orgId), inArray(partners.id, ids)))
          .orderBy(partners.name)
  return { ...row, excluded, mayEdit: allows(viewer.role, 'programs.manage') }
}

function rowOf(program: typeof programs.$inferSelect): ProgramRow {
  const { id, name, version, model, timeZone, protectionDays, debtCapBp, archivedAt, createdAt } = program
  return {
    ...{ id, name, version, model, timeZone, protectionDays, debtCapBp, archivedAt, createdAt },
    modelLabel: modelLabels[model].label,
    modelSays: modelLabels[model].says,
    parameters: programParameters.parse(program.parameters),
  }
}

import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { organizations, partners, programs } from '#db/schema/index.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import type { createProgramInput, programChangeInput, updateProgramInput } from './rules.ts'

type Program = typeof programs.$inferSelect

/** What a mutation answers: enough for the caller's next step. */
export interface ChangedProgram {
  id: string
  name: string
  version: number
}

/** Adds a program. CONFLICT for a name that another one has; NOT_FOUND for another organization's partner among the excluded. */
export async function createProgram(work: Work, input: z.infer<typeof createProgramInput>): Promise<ChangedProgram> {
  await refuseTaken(work, null, input.name)
  await checkExcluded(work, input.parameters.excludedPartnerIds)
  const [org] = await work.tx
    .select({ timeZone: organizations.timeZone })
    .from(organizations)
    .where(eq(organizations.id, work.orgId))
  const { name, model, parameters, protectionDays = 90, debtCapBp = 10_000 } = input
  const row = { name, model, parameters, timeZone: input.timeZone ?? org?.timeZone ?? 'UTC', protectionDays, debtCapBp }
  const id = work.id('prg')
  await work.tx.insert(programs).values({ ...row, id, orgId: work.orgId, createdAt: work.at })
  work.audit({ action: 'programs.create', target: { type: 'program', id }, after: row })
  work.changed('deals')
  return { id, name, version: 1 }
}

async function refuseTaken(work: Work, ownId: string | null, name: string): Promise<void> {
  const [other] = await work.tx
    .select({ archivedAt: programs.archivedAt })
    .from(programs)
    .where(and(eq(programs.orgId, work.orgId), eq(programs.name, name), ne(programs.id, ownId ?? '')))
  if (!other) return
  const sentence = `There is a program named ${name} already${other.archivedAt === null ? '' : '; it is archived'}.`
  throw new DomainError('CONFLICT', sentence, { fields: { name: sentence } })
}

async function checkExcluded(work: Work, ids: readonly string[]): Promise<void> {
  const distinct = [...new Set(ids)]
  if (distinct.length === 0) return
  const [found] = await work.tx
    .select({ count: sql<number>`count(*)` })
    .from(partners)
    .where(
      and(
        sql`${partners.id} IN (SELECT value FROM json_each(${JSON.stringify(distinct)}))`,
        sql`+${partners.orgId} = ${work.orgId}`,
      ),
    )
  if (found?.count !== distinct.length) throw notFound('partner')
}

/**
 * Changes what is given, at the version that the page showed. Who gets credit for deals that are won already stays as it is: a new
 * model or new parameters decide from the next attribution on, which is a deal's winning, a correction of it, or a recalculation.
 */
export async function updateProgram(work: Work, input: z.infer<typeof updateProgramInput>): Promise<ChangedProgram> {
  const { programId, version, idempotencyKey: _, ...given } = input
  const program = await programOf(work, programId)
  if (version !== undefined && version !== program.version) throw conflict(program)
  const changes = Object.entries(given).filter(
    ([name, value]) => value !== undefined && JSON.stringify(program[name as keyof Program]) !== JSON.stringify(value),
  )
  if (changes.length === 0) return { id: program.id, name: program.name, version: program.version }
  const after = Object.fromEntries(changes) as Partial<Program>
  if (after.name) await refuseTaken(work, programId, after.name)
  if (input.parameters) await checkExcluded(work, input.parameters.excludedPartnerIds)
  const changed = await setProgram(work, program, after)
  const before = Object.fromEntries(changes.map(([name]) => [name, program[name as keyof Program]]))
  work.audit({ action: 'programs.update', target: { type: 'program', id: programId }, before, after })
  return changed
}

/** Puts a program away: it takes no more deals, those it has go on. BLOCKED for the last one. */
export async function archiveProgram(work: Work, input: z.infer<typeof programChangeInput>): Promise<ChangedProgram> {
  const program = await programOf(work, input.programId)
  if (program.archivedAt !== null || (input.version !== undefined && input.version !== program.version))
    throw conflict(program)
  const [other] = await work.tx
    .select({ id: programs.id })
    .from(programs)
    .where(and(eq(programs.orgId, work.orgId), isNull(programs.archivedAt), ne(programs.id, program.id)))
    .limit(1)
  if (!other)
    throw new DomainError('BLOCKED', 'This is the only program, and every deal needs one. Add another program first.')
  const changed = await setProgram(work, program, { archivedAt: work.at })
  const target = { type: 'program', id: program.id }
  work.audit({ action: 'programs.archive', target, before: { archived: false }, after: { archived: true } })
  return changed
}

export async function restoreProgram(work: Work, input: z.infer<typeof programChangeInput>): Promise<ChangedProgram> {
  const program = await programOf(work, input.programId)
  if (program.archivedAt === null || (input.version !== undefined && input.version !== program.version))
    throw conflict(program)
  const changed = await setProgram(work, program, { archivedAt: null })
  const target = { type: 'program', id: program.id }
  work.audit({ action: 'programs.restore', target, before: { archived: true }, after: { archived: false } })
  return changed
}

async function programOf(work: Work, programId: string): Promise<Program> {
  const [program] = await work.tx
    .select()
    .from(programs)
    .where(and(eq(programs.id, programId), eq(programs.orgId, work.orgId)))
  if (!program) throw notFound('program')
  return program
}

/** The guarded update: only at the version that was read. */
async function setProgram(work: Work, program: Program, set: Partial<Program>): Promise<ChangedProgram> {
  const [changed] = await work.tx
    .update(programs)
    .set({ ...set, version: sql`${programs.version} + 1` })
    .where(and(eq(programs.id, program.id), eq(programs.orgId, work.orgId), eq(programs.version, program.version)))
    .returning({ id: programs.id, name: programs.name, version: programs.version })
  if (!changed) throw conflict(program)
  work.changed('deals')
  return changed
}

function conflict(program: Program): DomainError {
  return new DomainError(
    'CONFLICT',
    `${program.name} has changed since you opened the page. Nothing of yours was saved; look again.`,
  )
}

import { and, desc, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { commissionRules, organizations, programs, ruleVersions } from '#db/schema/index.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { dayOf } from '../lib/period.ts'
import type { Work } from '../work.ts'
import { authorsOf, publishRefusal, ruleAudits } from './authors.ts'
import type { createRuleInput, newVersionInput, updateDraftInput, versionInput, Wording } from './rules.ts'

type Version = typeof ruleVersions.$inferSelect
type RuleRow = typeof commissionRules.$inferSelect

/** What a mutation answers. */
export interface ChangedRule {
  ruleId: string
  ruleVersionId: string
  number: number
  status: Version['status']
  version: number
}

/** Writes a new rule as a draft, which pays nobody. CONFLICT where the name is taken; NOT_FOUND for a foreign program. */
export async function createRule(work: Work, input: z.infer<typeof createRuleInput>): Promise<ChangedRule> {
  const { name, stream, programId, wording } = input
  await expectProgram(work, programId)
  await expectFreeName(work, name, null)
  const ruleId = work.id('rule')
  await work.tx.insert(commissionRules).values({
    id: ruleId,
    orgId: work.orgId,
    programId,
    name,
    stream,
    createdBy: work.actor.id,
    createdAt: work.at,
  })
  return insertDraft(work, ruleId, 1, wording, { action: ruleAudits.created, about: { name, stream, programId } })
}

/** Starts the next version of a rule from its latest. CONFLICT while a draft waits. */
export async function newVersion(work: Work, input: z.infer<typeof newVersionInput>): Promise<ChangedRule> {
  const [latest] = await work.tx
    .select()
    .from(ruleVersions)
    .where(and(eq(ruleVersions.ruleId, input.ruleId), eq(ruleVersions.orgId, work.orgId)))
    .orderBy(desc(ruleVersions.number))
  if (!latest) throw notFound('rule')
  if (latest.status === 'draft')
    throw new DomainError('CONFLICT', `Version ${latest.number} is a draft already. Edit, publish or discard that one.`)
  const source = latest.status === 'published' ? latest : await lastPublished(work, latest)
  const [org] = await work.tx
    .select({ timeZone: organizations.timeZone })
    .from(organizations)
    .where(eq(organizations.id, work.orgId))
  const today = dayOf(work.at, org?.timeZone ?? 'UTC')
  const { effectiveTo, ...wording } = wordingOf(source)
  return insertDraft(
    work,
    input.ruleId,
    latest.number + 1,
    // From today: what closed before keeps the wording of then.
    { ...wording, effectiveFrom: today, effectiveTo: effectiveTo !== null && effectiveTo < today ? null : effectiveTo },
    { action: ruleAudits.versioned, about: { from: source.number } },
  )
}

async function lastPublished(work: Work, fallback: Version): Promise<Version> {
  const [found] = await work.tx
    .select()
    .from(ruleVersions)
    .where(and(eq(ruleVersions.ruleId, fallback.ruleId), eq(ruleVersions.status, 'published')))
    .orderBy(desc(ruleVersions.number))
    .limit(1)
  return found ?? fallback
}

/** Changes a draft. Name, stream and program are fixed once a version was published. */
export async function updateDraft(work: Work, input: z.infer<typeof updateDraftInput>): Promise<ChangedRule> {
  const { draft, rule } = await loadDraft(work, input)
  const about = {
    name: input.name ?? rule.name,
    stream: input.stream ?? rule.stream,
    programId: input.programId === undefined ? rule.programId : input.programId,
  }
  if (about.name !== rule.name || about.stream !== rule.stream || about.programId !== rule.programId) {
    const [published] = await work.tx
      .select({ id: ruleVersions.id })
      .from(ruleVersions)
      .where(and(eq(ruleVersions.ruleId, rule.id), eq(ruleVersions.status, 'published')))
      .limit(1)
    if (published)
      throw new DomainError(
        'INVALID',
        'This rule was published before, and commissions name it: its name, kind and program stay. Write a new rule for something else.',
      )
    await expectProgram(work, about.programId)
    await expectFreeName(work, about.name, rule.id)
    await work.tx.update(commissionRules).set(about).where(eq(commissionRules.id, rule.id))
  }
  const [row] = await work.tx
    .update(ruleVersions)
    .set({ ...input.wording, updatedAt: work.at, version: draft.version + 1 })
    .where(and(eq(ruleVersions.id, draft.id), eq(ruleVersions.version, draft.version)))
    .returning()
  if (!row) throw new Error(`draft ${draft.id} moved inside its own transaction`)
  work.audit({
    action: ruleAudits.edited,
    target: { type: 'rule_version', id: draft.id },
    before: { ...wordingOf(draft), name: rule.name, stream: rule.stream, programId: rule.programId },
    after: { ...input.wording, ...about },
  })
  work.changed('commissions')
  return changed(row)
}

/**
 * Puts a draft in force: from then on it decides about deals that close on its days, and that nobody was booked for yet.
 * @throws DomainError FORBIDDEN for whoever wrote or changed it, with what clears that
 */
export async function publishVersion(work: Work, input: z.infer<typeof versionInput>): Promise<ChangedRule> {
  const { draft, rule } = await loadDraft(work, input)
  const refusal = publishRefusal(await authorsOf(work.tx, work.orgId, draft), work.actor.id)
  if (refusal) throw new DomainError('FORBIDDEN', refusal)
  const [row] = await work.tx
    .update(ruleVersions)
    .set({
      status: 'published',
      publishedBy: work.actor.id,
      publishedAt: work.at,
      updatedAt: work.at,
      version: draft.version + 1,
    })
    .where(and(eq(ruleVersions.id, draft.id), eq(ruleVersions.version, draft.version)))
    .returning()
  if (!row) throw new Error(`draft ${draft.id} moved inside its own transaction`)
  work.audit({
    action: ruleAudits.published,
    target: { type: 'rule_version', id: draft.id },
    before: { status: 'draft' },
    after: { status: 'published', name: rule.name, ruleId: rule.id, number: draft.number, ...wordingOf(draft) },
  })
  work.changed('commissions')
  return changed(row)
}

/** Throws a draft away; its number stays used. */
export async function discardDraft(work: Work, input: z.infer<typeof versionInput>): Promise<ChangedRule> {
  const { draft } = await loadDraft(work, input)
  const [row] = await work.tx
    .update(ruleVersions)
    .set({ status: 'discarded', updatedAt: work.at, version: draft.version + 1 })
    .where(and(eq(ruleVersions.id, draft.id), eq(ruleVersions.version, draft.version)))
    .returning()
  if (!row) throw new Error(`draft ${draft.id} moved inside its own transaction`)
  work.audit({
    action: ruleAudits.discarded,
    target: { type: 'rule_version', id: draft.id },
    before: { status: 'draft' },
    after: { status: 'discarded' },
  })
  work.changed('commissions')
  return changed(row)
}

async function insertDraft(
  work: Work,
  ruleId: string,
  number: number,
  wording: Wording,
  { action, about }: { action: string; about: object },
): Promise<ChangedRule> {
  const id = work.id('rv')
  const [row] = await work.tx
    .insert(ruleVersions)
    .values({
      id,
      orgId: work.orgId,
      ruleId,
      number,
      status: 'draft',
      ...wording,
      createdBy: work.actor.id,
      createdAt: work.at,
      updatedAt: work.at,
    })
    .returning()
  if (!row) throw new Error('nothing was inserted')
  work.audit({ action, target: { type: 'rule_version', id }, after: { ruleId, number, ...about, ...wording } })
  work.changed('commissions')
  return changed(row)
}

async function loadDraft(
  work: Work,
  input: { ruleVersionId: string; version?: number },
): Promise<{ draft: Version; rule: RuleRow }> {
  const [found] = await work.tx
    .select({ draft: ruleVersions, rule: commissionRules })
    .from(ruleVersions)
    .innerJoin(commissionRules, eq(commissionRules.id, ruleVersions.ruleId))
    .where(and(eq(ruleVersions.id, input.ruleVersionId), eq(ruleVersions.orgId, work.orgId)))
  if (!found) throw notFound('rule')
  const { status, version } = found.draft
  if (status === 'published')
    throw new DomainError('CONFLICT', 'This version is published and never changes. Write a new version.')
  if (status === 'discarded') throw new DomainError('CONFLICT', 'This draft was discarded. Write a new version.')
  if (input.version !== undefined && input.version !== version)
    throw new DomainError('CONFLICT', 'This draft changed while you were looking at it. Look again.')
  return found
}

async function expectProgram(work: Work, programId: string | null): Promise<void> {
  if (programId === null) return
  const [program] = await work.tx
    .select({ id: programs.id })
    .from(programs)
    .where(and(eq(programs.id, programId), eq(programs.orgId, work.orgId)))
  if (!program) throw notFound('program')
}

async function expectFreeName(work: Work, name: string, ruleId: string | null): Promise<void> {
  const [other] = await work.tx
    .select({ id: commissionRules.id })
    .from(commissionRules)
    .where(and(eq(commissionRules.orgId, work.orgId), sql`${commissionRules.name} = ${name} COLLATE NOCASE`))
  if (other && other.id !== ruleId)
    throw new DomainError('CONFLICT', `There is a rule called “${name}” already. Choose another name.`, {
      fields: { name: 'This name is taken.' },
    })
}

/** What a version says, and nothing of what became of it. */
export function wordingOf(version: Version): Wording {
  const { priority, conditions, currency, pay, floor, cap, months } = version
  const { holdingDays, clawbackDays, effectiveFrom, effectiveTo } = version
  return {
    priority,
    conditions,
    currency,
    pay,
    floor,
    cap,
    months,
    holdingDays,
    clawbackDays,
    effectiveFrom,
    effectiveTo,
  }
}

function changed({ ruleId, id, number, status, version }: Version): ChangedRule {
  return { ruleId, ruleVersionId: id, number, status, version }
}

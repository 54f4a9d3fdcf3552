import { and, asc, desc, eq } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Drizzle } from '#db/client.ts'
import { commissionRules, programs, ruleVersions, users } from '#db/schema/index.ts'
import { allows, type Viewer } from '../auth/rules.ts'
import { toRule } from '../commissions/facts.ts'
import { inOrder, type Rule } from '../commissions/match.ts'
import { notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { dayOf } from '../lib/period.ts'
import { authorsOf, publishRefusal } from './authors.ts'
import { type Overlap, overlapsOf } from './overlap.ts'
import type { RuleStream, RuleVersionStatus, Wording } from './rules.ts'
import { type Difference, differencesOf, readRule } from './rules.ts'
import { wordingOf } from './service.ts'

export type RuleState = 'in_force' | 'upcoming' | 'ended' | 'draft' | 'discarded'

export interface VersionSummary {
  id: string
  number: number
  status: RuleVersionStatus
  wording: Wording
  /** The rule as somebody would say it. */
  reads: string
}

/** A rule with what counts of it today. */
export interface RuleRow {
  id: string
  name: string
  stream: RuleStream
  program: { id: string; name: string } | null
  state: RuleState
  /** What governs today, or will, or did last; null while it was never published. */
  current: VersionSummary | null
  /** The draft that waits for someone to publish it. */
  draft: (VersionSummary & { writtenBy: string; updatedAt: number }) | null
}

export interface RuleList {
  /** Base first, then spiffs; each in the order of evaluation. */
  rules: RuleRow[]
  overlaps: Overlap[]
  drafts: number
}

/**
 * All rules of the organization in the order in which they are asked, with what may surprise in that order. Not a page: whoever reads
 * a part of the order reads the wrong order; there are as many rules as people write.
 */
export async function listRules(db: Drizzle, viewer: Viewer, now: number): Promise<RuleList> {
  const today = dayOf(now, viewer.timeZone)
  const rows = await db
    .select({ version: ruleVersions, rule: commissionRules, program: programs.name, writtenBy: users.name })
    .from(commissionRules)
    .innerJoin(ruleVersions, eq(ruleVersions.ruleId, commissionRules.id))
    .innerJoin(users, eq(users.id, ruleVersions.createdBy))
    .leftJoin(programs, eq(programs.id, commissionRules.programId))
    .where(eq(commissionRules.orgId, viewer.orgId))
    .orderBy(asc(ruleVersions.number))
  const judged: { rule: Rule; row: RuleRow }[] = []
  const judgedDrafts: Rule[] = []
  for (const versions of groupBy(rows, row => row.rule.id).values()) {
    const [first] = versions
    if (!first) continue
    const published = versions.filter(one => one.version.status === 'published')
    const current = published.findLast(one => one.version.effectiveFrom <= today) ?? published[0]
    const waiting = versions.find(one => one.version.status === 'draft')
    const any = current ?? waiting ?? versions.at(-1) ?? first
    const about = { stream: first.rule.stream, programName: first.program }
    const summary = ({ version }: typeof first) => summaryOf(version, about)
    judged.push({
      rule: toRule(any.version, first.rule, now),
      row: {
        id: first.rule.id,
        name: first.rule.name,
        stream: first.rule.stream,
        program: first.rule.programId && first.program ? { id: first.rule.programId, name: first.program } : null,
        state: stateOf(current?.version, waiting !== undefined, today),
        current: current ? summary(current) : null,
        draft: waiting
          ? { ...summary(waiting), writtenBy: waiting.writtenBy, updatedAt: waiting.version.updatedAt }
          : null,
      },
    })
    // A draft is judged as if it were published now, in place of what is in force.
    if (waiting) judgedDrafts.push(toRule(waiting.version, first.rule, now))
    else if (current && stateOf(current.version, false, today) !== 'ended')
      judgedDrafts.push(toRule(current.version, first.rule))
  }
  judged.sort((a, b) => streamOrder(a.rule) - streamOrder(b.rule) || inOrder(a.rule, b.rule))
  return {
    rules: judged.map(({ row }) => row),
    overlaps: overlapsOf(judgedDrafts),
    drafts: judged.filter(({ row }) => row.draft).length,
  }
}

function streamOrder({ stream }: Rule): number {
  return stream === 'base' ? 0 : 1
}

function stateOf(current: typeof ruleVersions.$inferSelect | undefined, draft: boolean, today: string): RuleState {
  if (!current) return draft ? 'draft' : 'discarded'
  if (current.effectiveFrom > today) return 'upcoming'
  return current.effectiveTo !== null && current.effectiveTo < today ? 'ended' : 'in_force'
}

function summaryOf(
  version: typeof ruleVersions.$inferSelect,
  about: { stream: RuleStream; programName: string | null },
): VersionSummary {
  const wording = wordingOf(version)
  const { id, number, status } = version
  return { id, number, status, wording, reads: readRule(wording, about) }
}

export interface RuleVersionView extends VersionSummary {
  writtenBy: string
  createdAt: number
  updatedAt: number
  publishedBy: string | null
  publishedAt: number | null
  /** Against the version that was published before it; of the first, nothing. */
  differences: Difference[]
  version: number
  actions: {
    action: 'edit' | 'publish' | 'discard' | 'preview'
    label: string
    tone: 'primary' | 'danger' | 'neutral'
    refusal: string | null
  }[]
}

export interface RuleDetail {
  id: string
  name: string
  stream: RuleStream
  program: { id: string; name: string } | null
  /** Whether name, kind and program can still change. */
  renamable: boolean
  /** The newest first. */
  versions: RuleVersionView[]
  /** What may surprise about this rule beside the others. */
  overlaps: Overlap[]
  /** Whether a next version can be started, or why not. Null for those who may not. */
  newVersion: { refusal: string | null } | null
}

/** A rule with all its versions, and what changed from one to the next. NOT_FOUND for another organization's. */
export async function getRule(db: Drizzle, viewer: Viewer, ruleId: string, now: number): Promise<RuleDetail> {
  const publisher = alias(users, 'publisher')
  const rows = await db
    .select({
      version: ruleVersions,
      rule: commissionRules,
      program: programs.name,
      writtenBy: users.name,
      publishedBy: publisher.name,
    })
    .from(commissionRules)
    .innerJoin(ruleVersions, eq(ruleVersions.ruleId, commissionRules.id))
    .innerJoin(users, eq(users.id, ruleVersions.createdBy))
    .leftJoin(publisher, eq(publisher.id, ruleVersions.publishedBy))
    .leftJoin(programs, eq(programs.id, commissionRules.programId))
    .where(and(eq(commissionRules.id, ruleId), eq(commissionRules.orgId, viewer.orgId)))
    .orderBy(desc(ruleVersions.number))
  const [first] = rows
  if (!first) throw notFound('rule')
  const { rule, program } = first
  const about = { stream: rule.stream, programName: program }
  const versions: RuleVersionView[] = []
  for (const [index, { version, writtenBy, publishedBy }] of rows.entries()) {
    const before = rows.slice(index + 1).find(row => row.version.status === 'published')
    const wording = wordingOf(version)
    versions.push({
      ...summaryOf(version, about),
      writtenBy,
      createdAt: version.createdAt,
      updatedAt: version.updatedAt,
      publishedBy,
      publishedAt: version.publishedAt,
      differences: before ? differencesOf(wordingOf(before.version), wording) : [],
      version: version.version,
      actions: version.status === 'draft' ? await draftActions(db, viewer, version) : [],
    })
  }
  const { overlaps } = await listRules(db, viewer, now)
  const draft = versions.find(version => version.status === 'draft')
  return {
    id: rule.id,
    name: rule.name,
    stream: rule.stream,
    program: rule.programId && program ? { id: rule.programId, name: program } : null,
    renamable: versions.every(version => version.status !== 'published'),
    versions,
    overlaps: overlaps.filter(one => one.rule.ruleId === rule.id || one.other.ruleId === rule.id),
    newVersion: allows(viewer.role, 'rules.draft')
      ? { refusal: draft ? `Version ${draft.number} is a draft already: edit, publish or discard it.` : null }
      : null,
  }
}

async function draftActions(
  db: Drizzle,
  viewer: Viewer,
  version: typeof ruleVersions.$inferSelect,
): Promise<RuleVersionView['actions']> {
  const actions: RuleVersionView['actions'] = []
  if (allows(viewer.role, 'rules.publish')) {
    const refusal = publishRefusal(await authorsOf(db, viewer.orgId, version), viewer.userId)
    actions.push({ action: 'publish', label: 'Publish', tone: 'primary', refusal })
  }
  if (allows(viewer.role, 'rules.draft'))
    actions.push(
      { action: 'edit', label: 'Edit the draft', tone: 'neutral', refusal: null },
      { action: 'discard', label: 'Discard the draft', tone: 'danger', refusal: null },
    )
  return actions
}

import canonicalize from 'canonicalize'
import { and, eq } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { type ActorKind, idempotency } from '#db/schema/index.ts'
import { type AuditEntry, appendAudit } from './audit/audit.ts'
import type { Change } from './changes.ts'
import { type Deps, sha256 } from './deps.ts'
import { DomainError } from './lib/errors.ts'
import { must } from './lib/must.ts'
import { enqueueJobs, type Job } from './outbox/outbox.ts'

/** Who does it. For a person: the user's id and name. */
export interface Actor {
  kind: ActorKind
  id: string
  name: string
}

export const system: Actor = { kind: 'system', id: 'system', name: 'Remit' }
export const stripeActor: Actor = { kind: 'stripe', id: 'stripe', name: 'Stripe' }

/** One unit of work: a transaction, who acts in which organization, and what the commit must carry with it. */
export interface Work {
  tx: Tx
  deps: Deps
  orgId: string
  actor: Actor
  /** UTC milliseconds; the same for everything in this unit */
  at: number
  id(prefix: string): string
  /** Written to the organization's hash chain before the commit. */
  audit(entry: AuditEntry): void
  /** Written to the outbox before the commit. */
  enqueue(job: Job): void
  /** Told to open pages after the commit. */
  changed(what: Change['what'], partnerId?: string | null): void
}

export interface Scope {
  orgId: string
  actor: Actor
}

/**
 * The one way to change anything: runs `fn` in one immediate transaction, appends its audit entries and jobs to the same
 * transaction, commits, and only then tells anybody. Nothing inside may wait for the network.
 */
export async function work<T>(deps: Deps, scope: Scope, fn: (work: Work) => Promise<T>): Promise<T> {
  const changes: Change[] = []
  const result = await deps.db.write(async tx => {
    const audits: AuditEntry[] = []
    const jobs: Job[] = []
    const at = deps.clock.now()
    const unit: Work = {
      tx,
      deps,
      orgId: scope.orgId,
      actor: scope.actor,
      at,
      id: prefix => deps.ids.id(prefix),
      audit: entry => audits.push(entry),
      enqueue: job => jobs.push(job),
      changed: (what, partnerId = null) => changes.push({ orgId: scope.orgId, partnerId, what }),
    }
    const value = await fn(unit)
    await appendAudit(unit, audits)
    await enqueueJobs(unit, jobs)
    return value
  })
  for (const change of distinct(changes)) deps.changes.publish(change)
  return result
}

function distinct(changes: Change[]): Change[] {
  return [...new Map(changes.map(change => [JSON.stringify(change), change])).values()]
}

/**
 * `work` with a key that the caller chose for this intent: the same key with the same input gives the first answer again and
 * changes nothing; with another input it is a CONFLICT. Refusals are not kept: what was refused may be tried again.
 */
export async function workOnce<T>(
  deps: Deps,
  scope: Scope,
  intent: { procedure: string; key: string | undefined; input: unknown },
  fn: (work: Work) => Promise<T>,
): Promise<T> {
  const key = intent.key
  if (!key) return work(deps, scope, fn)
  const bodyHash = sha256(must(canonicalize(intent.input), 'an intent has an input'))
  return work(deps, scope, async unit => {
    const [seen] = await unit.tx
      .select({ bodyHash: idempotency.bodyHash, response: idempotency.response })
      .from(idempotency)
      .where(
        and(
          eq(idempotency.orgId, scope.orgId),
          eq(idempotency.actorId, scope.actor.id),
          eq(idempotency.procedure, intent.procedure),
          eq(idempotency.key, key),
        ),
      )
    if (seen) {
      if (seen.bodyHash !== bodyHash)
        throw new DomainError(
          'CONFLICT',
          'This idempotency key was already used with other input. Use a new key for a new intent.',
        )
      return seen.response as T
    }
    const response = await fn(unit)
    await unit.tx.insert(idempotency).values({
      orgId: scope.orgId,
      actorId: scope.actor.id,
      procedure: intent.procedure,
      key,
      bodyHash,
      response: must(response, `${intent.procedure} answers nothing, and an answer is what is kept`),
      createdAt: unit.at,
    })
    return response
  })
}

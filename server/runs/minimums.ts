import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle, Tx } from '#db/client.ts'
import { partners, programs, runMinimums } from '#db/schema/index.ts'
import { notFound } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import type { listMinimumsInput, setMinimumInput } from './rules.ts'

type Minimum = Pick<typeof runMinimums.$inferSelect, 'scope' | 'scopeId' | 'currency'>

/** Sets or removes the smallest payout of a program or to a partner, in one currency. NOT_FOUND for what is another's. */
export async function setMinimum(
  work: Work,
  input: Omit<z.infer<typeof setMinimumInput>, 'idempotencyKey'>,
): Promise<{ scope: string; scopeId: string; currency: string; amount: number | null }> {
  const { scope, scopeId, currency, amount } = input
  const table = scope === 'program' ? programs : partners
  const [owner] = await work.tx
    .select({ id: table.id })
    .from(table)
    .where(and(eq(table.id, scopeId), eq(table.orgId, work.orgId)))
  if (!owner) throw notFound(scope)
  const before = await writeMinimum(work, { scope, scopeId, currency }, amount)
  if (before !== amount)
    work.audit({
      action: 'runs.setMinimum',
      target: { type: scope, id: scopeId },
      before: { currency, amount: before },
      after: { currency, amount },
    })
  work.changed('runs')
  return { scope, scopeId, currency, amount }
}

/** A partner's own smallest payout in a currency, in minor units; null for none. */
export async function readMinimum(
  { tx, orgId }: { tx: Drizzle | Tx; orgId: string },
  partnerId: string,
  currency: string,
): Promise<number | null> {
  const [row] = await tx
    .select({ amount: runMinimums.amount })
    .from(runMinimums)
    .where(
      and(
        eq(runMinimums.orgId, orgId),
        eq(runMinimums.scope, 'partner'),
        eq(runMinimums.scopeId, partnerId),
        eq(runMinimums.currency, currency),
      ),
    )
  return row?.amount ?? null
}

/** Writes it without an audit entry of its own. @returns what it was before, in minor units; null for none */
export async function writeMinimum(work: Work, minimum: Minimum, amount: number | null): Promise<number | null> {
  const { scope, scopeId, currency } = minimum
  const key = and(
    eq(runMinimums.orgId, work.orgId),
    eq(runMinimums.scope, scope),
    eq(runMinimums.scopeId, scopeId),
    eq(runMinimums.currency, currency),
  )
  const [before] = await work.tx.select({ amount: runMinimums.amount }).from(runMinimums).where(key)
  if (amount === null) await work.tx.delete(runMinimums).where(key)
  else
    await work.tx
      .insert(runMinimums)
      .values({ orgId: work.orgId, scope, scopeId, currency, amount })
      .onConflictDoUpdate({
        target: [runMinimums.orgId, runMinimums.scope, runMinimums.scopeId, runMinimums.currency],
        set: { amount },
      })
  return before?.amount ?? null
}

/** The minimums of programs and partners, with their names. */
export async function listMinimums(db: Drizzle, orgId: string, input: z.infer<typeof listMinimumsInput>) {
  return db
    .select({
      scope: runMinimums.scope,
      scopeId: runMinimums.scopeId,
      name: sql<string>`coalesce(${programs.name}, ${partners.name}, '')`,
      currency: runMinimums.currency,
      amount: runMinimums.amount,
    })
    .from(runMinimums)
    .leftJoin(
      programs,
      and(
        eq(runMinimums.scope, 'program'),
        eq(programs.id, runMinimums.scopeId),
        eq(programs.orgId, runMinimums.orgId),
      ),
    )
    .leftJoin(
      partners,
      and(
        eq(runMinimums.scope, 'partner'),
        eq(partners.id, runMinimums.scopeId),
        eq(partners.orgId, runMinimums.orgId),
      ),
    )
    .where(
      and(
        eq(runMinimums.orgId, orgId),
        input.scope ? eq(runMinimums.scope, input.scope) : undefined,
        input.scopeId ? eq(runMinimums.scopeId, input.scopeId) : undefined,
      ),
    )
    .orderBy(sql`${runMinimums.scope} DESC`, sql`4`, runMinimums.currency)
    .limit(500)
}

import { sql } from 'drizzle-orm'
import type { Role } from '#server/auth/rules.ts'
import { deliverEmail } from '#server/email/deliver.ts'
import type { Payload } from '#server/outbox/topics.ts'
import { contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, anOrg, aPartner, type Org, type Partner } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { registrationsRouter } from './router.ts'

export const day = 24 * 60 * 60_000

/** The registrations' procedures as somebody new with this role. */
export async function as(deps: TestDeps, role: Role, org: Org, partner?: Partner) {
  const member = await aMember(deps, { role, org, ...(partner ? { partner } : {}) })
  return { ...member, api: createCallerFactory(registrationsRouter)(contextFor(deps, member.viewer)) }
}

/** A company with a manager, and two rivals that know nothing of each other. */
export async function aMarket() {
  const deps = await testDeps()
  const org = await anOrg(deps, { name: 'Acme' })
  const manager = await as(deps, 'manager', org)
  const northwind = await aPartner(deps, { orgId: org.id, name: 'Northwind' })
  const rival = await aPartner(deps, { orgId: org.id, name: 'Rivalrous' })
  return {
    deps,
    org,
    manager,
    northwind,
    rival,
    partner: await as(deps, 'partner', org, northwind),
    other: await as(deps, 'partner', org, rival),
  }
}

/** What waits to be mailed, by template, each with whom it is for. */
export async function mails(deps: TestDeps): Promise<{ template: string; to: object }[]> {
  const rows = await deps.db.read.all<{ payload: string }>(
    sql`SELECT payload FROM outbox WHERE topic = 'email.send' ORDER BY rowid`,
  )
  return rows.map(({ payload }) => {
    const { template, to } = JSON.parse(payload) as { template: string; to: object }
    return { template, to }
  })
}

/** Sends what waits, and answers with what went out since. */
export async function sendMails(deps: TestDeps) {
  const before = deps.mailer.sent.length
  const jobs = await deps.db.read.all<{ payload: string; orgId: string }>(
    sql`SELECT payload, org_id AS orgId FROM outbox WHERE topic = 'email.send' ORDER BY rowid`,
  )
  for (const { payload, orgId } of jobs) await deliverEmail(deps, JSON.parse(payload) as Payload<'email.send'>, orgId)
  return deps.mailer.sent.slice(before)
}

import { sql } from 'drizzle-orm'
import { pieces, runJobs } from '../imports/testing.ts'
import { must } from '../lib/must.ts'
import type { TestDeps } from '../test/deps.ts'
import { callAs, type Template, type Who } from './world.ts'

/** What has to have happened before the thing can be done, and how it is then asked for. */
type Story = (deps: TestDeps, template: Template) => Promise<{ who: Who; input: object }>

async function idOf(deps: TestDeps, template: Template, query: string): Promise<string> {
  const [row] = await deps.db.read.all<{ id: string }>(
    sql.raw(query.replace('$org', `'${template.viewers.owner.orgId}'`)),
  )
  return must(row, `nothing for ${query}`).id
}

const openSplit = `SELECT id FROM deal_splits WHERE org_id = $org AND status = 'open'`

/** Somebody proposes halves, and this partner has not answered. */
async function proposed(deps: TestDeps, template: Template): Promise<string> {
  const splitId = await idOf(deps, template, openSplit)
  const { partner, sibling } = template.viewers
  const shares = [partner, sibling].map(({ partnerId }) => ({ partnerId: must(partnerId, 'no partner'), bp: 5_000 }))
  await (await callAs(deps, template, 'sibling')).splits.propose({ splitId, shares })
  return splitId
}

async function anImport(deps: TestDeps, template: Template): Promise<string> {
  const { imports } = await callAs(deps, template, 'manager')
  const bytes = pieces('name,email,country\nTold,told@p.example,US\n')
  const { importId } = await imports.upload({ kind: 'partners', fileName: 'told.csv', bytes })
  const { mapping, options } = await imports.get({ importId })
  await imports.saveMapping({ importId, mapping, options })
  await imports.check({ importId })
  await runJobs(deps)
  return importId
}

export const stories: Record<string, Story> = {
  'attribution.clearOverride': async (deps, template) => {
    const { attribution } = await callAs(deps, template, 'owner')
    const dealId = await idOf(deps, template, `SELECT id FROM deals WHERE org_id = $org AND stage = 'won' LIMIT 1`)
    const partnerId = must(template.viewers.partner.partnerId, 'no partner')
    await attribution.override({ dealId, shares: [{ partnerId, bp: 10_000 }], reason: 'As agreed by phone' })
    return { who: 'owner', input: { dealId, reason: 'It was another deal' } }
  },
  'imports.commit': async (deps, template) => ({
    who: 'manager',
    input: { importId: await anImport(deps, template) },
  }),
  'imports.undo': async (deps, template) => {
    const importId = await anImport(deps, template)
    await (await callAs(deps, template, 'manager')).imports.commit({ importId })
    await runJobs(deps)
    return { who: 'manager', input: { importId } }
  },
  'orgs.revokePartnerInvitation': async (deps, template) => {
    const partnerId = must(template.viewers.partner.partnerId, 'no partner')
    const { partners } = await callAs(deps, template, 'manager')
    const { invitationId } = await partners.invite({ partnerId, email: 'colleague@example.org' })
    return { who: 'manager', input: { invitationId } }
  },
  'orgs.enableMember': async (deps, template) => {
    const { membershipId } = template.viewers.viewer
    await (await callAs(deps, template, 'owner')).orgs.disableMember({ membershipId })
    return { who: 'owner', input: { membershipId } }
  },
  'orgs.resumeTransfers': async (deps, template) => {
    await (await callAs(deps, template, 'owner')).orgs.pauseTransfers({ reason: 'Month end' })
    return { who: 'owner', input: {} }
  },
  'partners.remind': async (deps, template) => {
    const { partners } = await callAs(deps, template, 'manager')
    const { id } = await partners.create({ name: 'Unfinished', email: 'unfinished@p.example', country: 'US' })
    return { who: 'manager', input: { partnerId: id } }
  },
  'payouts.release': async (deps, template) => {
    const payoutId = await idOf(deps, template, `SELECT id FROM payouts WHERE org_id = $org AND status = 'processing'`)
    await deps.db.write(tx =>
      tx.run(sql`UPDATE payouts SET needs_review = 1, version = version + 1 WHERE id = ${payoutId}`),
    )
    return { who: 'owner', input: { payoutId, evidence: 'Nothing of it is to be seen at Stripe.' } }
  },
  'programs.restore': async (deps, template) => {
    const { programs } = await callAs(deps, template, 'owner')
    const { id: programId } = await programs.create({ name: 'Over', model: 'equal_split' })
    await programs.archive({ programId })
    return { who: 'owner', input: { programId } }
  },
  'splits.accept': async (deps, template) => ({
    who: 'partner',
    input: { splitId: await proposed(deps, template), round: 1 },
  }),
  'splits.decline': async (deps, template) => ({
    who: 'partner',
    input: { splitId: await proposed(deps, template), round: 1 },
  }),
  'splits.confirm': async (deps, template) => {
    const splitId = await proposed(deps, template)
    await (await callAs(deps, template, 'partner')).splits.accept({ splitId, round: 1 })
    return { who: 'owner', input: { splitId } }
  },
}

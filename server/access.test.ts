import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type Role, roles } from '#db/schema/index.ts'
import type { Proof } from './auth/rules.ts'
import { appRouter } from './router.ts'
import { blankWording } from './rules/rules.ts'
import { aProof, callerFor } from './test/callers.ts'
import { type TestDeps, testDeps } from './test/deps.ts'
import { aMember, anOrg, aPartner, aPayout, type Partner, type Payout } from './test/factories.ts'

const everyone = roles
const staff = ['owner', 'admin', 'manager', 'viewer'] as const
const preparers = ['owner', 'admin', 'manager'] as const
const payers = ['owner', 'admin'] as const

/** Whose things an input names: the caller's own organization's, its own partner's sibling's, or another organization's. */
interface World {
  deps: TestDeps
  partner: Partner
  payout: Payout
  memberId: string
  jobId: string
  emailId: string
  importId: string
  dataImportId: string
  invitationId: string
  sessionId: string
  registrationId: string
  dealId: string
  splitId: string
  touchId: string
  runId: string
  runRowId: string
  commissionId: string
  disputeId: string
  ruleId: string
  ruleVersionId: string
}

type Rule = {
  /** 'open' for people without a session; otherwise the roles that may. */
  by: 'open' | readonly Role[]
  input?: (world: World) => unknown
  /** Whether the input names a thing of an organization: then another's is a NOT_FOUND, or an empty answer. */
  names?: 'payout' | 'partner' | 'own' | 'other'
  /** Whether it takes a proof of who the caller is from the last ten minutes. */
  fresh?: true
}

/**
 * Who may call what. A procedure without a line here fails the first test, and so does a line without a procedure. Written anew from the
 * issue, not derived from the permission table: a slip there must not go unnoticed here.
 */
const access: Record<string, Rule> = {
  'auth.signIn': { by: 'open', input: () => ({ email: 'nobody@example.com', password: 'not the password' }) },
  'auth.signOut': { by: 'open' },
  'auth.me': { by: everyone },
  'auth.switchOrganization': { by: everyone, input: world => ({ membershipId: world.memberId }), names: 'other' },
  'auth.forgotPassword': { by: 'open', input: () => ({ email: 'nobody@example.com' }) },
  'auth.resetPassword': { by: 'open', input: () => ({ token: 'x'.repeat(43), password: 'a fine long password' }) },
  'auth.invitation': { by: 'open', input: () => ({ token: 'x'.repeat(43) }) },
  'auth.acceptInvitation': {
    by: 'open',
    input: () => ({ token: 'x'.repeat(43), name: 'N', password: 'a fine long password' }),
  },
  'auth.changePassword': { by: everyone, input: () => ({ current: 'wrong', password: 'a fine long password' }) },
  'auth.updateProfile': { by: everyone, input: () => ({ name: 'New Name' }) },
  'auth.sessions': { by: everyone },
  'auth.endSession': { by: everyone, input: world => ({ id: world.sessionId }), names: 'other' },
  'auth.endOtherSessions': { by: everyone },
  'auth.secondStep': { by: 'open' },
  'auth.finishSignIn': { by: 'open', input: () => ({ by: 'totp', code: '123456' }) },
  'auth.waysToConfirm': { by: everyone },
  'auth.beginPasskeySignIn': { by: 'open' },
  'auth.signInWithPasskey': { by: 'open', input: () => ({ response: '{}' }) },
  'auth.beginPasskeyConfirm': { by: everyone },
  'auth.beginAddingPasskey': { by: everyone, fresh: true },
  'auth.addPasskey': { by: everyone, input: () => ({ response: '{}', name: 'Laptop' }), fresh: true },
  'auth.removePasskey': { by: everyone, input: () => ({ id: 'x' }), fresh: true },
  'auth.confirm': { by: everyone, input: () => ({ by: 'totp', code: '123456' }) },
  'auth.factors': { by: everyone },
  'auth.offerTotp': { by: everyone, input: () => ({}), fresh: true },
  'auth.addTotp': { by: everyone, input: () => ({ sealed: 'x', code: '123456' }), fresh: true },
  'auth.removeTotp': { by: everyone, input: () => ({}), fresh: true },
  'auth.renewRecoveryCodes': { by: everyone, fresh: true },

  'orgs.team': { by: staff },
  'orgs.invite': { by: ['owner'], input: () => ({ email: 'new@example.com', role: 'viewer' }), fresh: true },
  'orgs.revokeInvitation': {
    by: ['owner'],
    input: world => ({ invitationId: world.invitationId }),
    names: 'other',
    fresh: true,
  },
  'orgs.revokePartnerInvitation': {
    by: preparers,
    input: world => ({ invitationId: world.invitationId }),
    names: 'other',
  },
  'orgs.changeRole': {
    by: ['owner'],
    input: world => ({ membershipId: world.memberId, role: 'viewer' }),
    names: 'other',
    fresh: true,
  },
  'orgs.disableMember': {
    by: ['owner'],
    input: world => ({ membershipId: world.memberId }),
    names: 'other',
    fresh: true,
  },
  'orgs.enableMember': {
    by: ['owner'],
    input: world => ({ membershipId: world.memberId }),
    names: 'other',
    fresh: true,
  },
  'orgs.endMemberSessions': {
    by: ['owner'],
    input: world => ({ membershipId: world.memberId }),
    names: 'other',
    fresh: true,
  },
  'orgs.resetSecondFactor': {
    by: ['owner'],
    input: world => ({ membershipId: world.memberId }),
    names: 'other',
    fresh: true,
  },
  'orgs.settings': { by: staff },
  'orgs.updateSettings': { by: ['owner'], input: () => ({ approvalsRequired: 2 }), fresh: true },
  'orgs.pauseTransfers': { by: payers, input: () => ({ reason: 'month end' }) },
  'orgs.resumeTransfers': { by: payers, input: () => ({}), fresh: true },
  'orgs.permissions': { by: staff },

  'partners.list': { by: staff, input: () => ({}) },
  'partners.options': { by: staff, input: () => ({}) },
  'partners.get': { by: staff, input: world => ({ partnerId: world.partner.id }), names: 'partner' },
  'partners.create': {
    by: preparers,
    input: () => ({ name: 'New', email: 'new-partner@example.org', country: 'US', currency: 'USD', type: 'referrer' }),
  },
  'partners.update': {
    by: preparers,
    input: world => ({ partnerId: world.partner.id, name: 'Renamed' }),
    names: 'partner',
  },
  'partners.archive': { by: preparers, input: world => ({ partnerId: world.partner.id }), names: 'partner' },
  'partners.restore': { by: preparers, input: world => ({ partnerId: world.partner.id }), names: 'partner' },
  'partners.invite': {
    by: preparers,
    input: world => ({ partnerId: world.partner.id, email: 'person@partner.example' }),
    names: 'partner',
  },
  'partners.remind': { by: preparers, input: world => ({ partnerId: world.partner.id }), names: 'partner' },
  'partners.sync': { by: preparers, input: world => ({ partnerId: world.partner.id }), names: 'partner' },
  'partners.me': { by: ['partner'] },
  'partners.startSetup': { by: ['partner'], input: () => ({}), fresh: true },
  'partners.refreshSetup': { by: ['partner'], input: () => ({}) },

  'payouts.create': {
    by: preparers,
    input: world => ({ partnerId: world.partner.id, amount: 5000 }),
    names: 'partner',
  },
  'payouts.update': { by: preparers, input: world => ({ payoutId: world.payout.id, amount: 6000 }), names: 'payout' },
  'payouts.approve': { by: payers, input: world => ({ payoutId: world.payout.id }), names: 'payout', fresh: true },
  'payouts.reject': {
    by: payers,
    input: world => ({ payoutId: world.payout.id, reason: 'Incorrect amount' }),
    names: 'payout',
    fresh: true,
  },
  'payouts.unapprove': { by: payers, input: world => ({ payoutId: world.payout.id }), names: 'payout', fresh: true },
  'payouts.markPaid': { by: payers, input: world => ({ payoutId: world.payout.id }), names: 'payout', fresh: true },
  'payouts.cancel': { by: payers, input: world => ({ payoutId: world.payout.id }), names: 'payout', fresh: true },
  'payouts.release': {
    by: payers,
    input: world => ({ payoutId: world.payout.id, evidence: 'Looked at Stripe: nothing there.' }),
    names: 'payout',
    fresh: true,
  },
  'payouts.decideReversal': {
    by: payers,
    input: world => ({ payoutId: world.payout.id, decision: 'owed' }),
    names: 'payout',
    fresh: true,
  },
  'payouts.bulkApprove': { by: payers, input: world => ({ payoutIds: [world.payout.id] }), fresh: true },
  'payouts.bulkMarkPaid': { by: payers, input: world => ({ payoutIds: [world.payout.id] }), fresh: true },
  'payouts.list': { by: everyone, input: () => ({}) },
  'payouts.get': { by: everyone, input: world => ({ payoutId: world.payout.id }), names: 'payout' },
  'payouts.stats': { by: everyone, input: world => ({ partnerId: world.partner.id }) },
  'payouts.monthly': { by: everyone, input: world => ({ partnerId: world.partner.id }) },
  'payouts.partnerSummary': { by: everyone, input: world => ({ partnerId: world.partner.id }) },
  'payouts.export': { by: staff, input: () => ({}), fresh: true },
  'payouts.statement': { by: everyone, input: world => ({ payoutId: world.payout.id }), names: 'payout' },
  'payouts.importDraft': {
    by: preparers,
    input: () => ({ fileName: 'a.csv', text: 'partner email,amount\na@b.example,1\n' }),
  },
  'payouts.importShow': { by: preparers, input: world => ({ importId: world.importId }), names: 'other' },
  'payouts.importCommit': {
    by: preparers,
    input: world => ({ importId: world.importId, skipDuplicates: true }),
    names: 'other',
  },
  'payouts.importErrors': { by: preparers, input: world => ({ importId: world.importId }), names: 'other' },

  'imports.list': { by: preparers, input: () => ({}) },
  'imports.get': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },
  'imports.rows': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },
  'imports.upload': {
    by: preparers,
    input: () => ({ kind: 'partners', fileName: 'a.csv', bytes: bytesOf('name,email\nA,a@b.example\n') }),
  },
  'imports.saveMapping': {
    by: preparers,
    input: world => ({ importId: world.dataImportId, mapping: { name: 'name' } }),
    names: 'other',
  },
  'imports.check': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },
  'imports.commit': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },
  'imports.undo': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },
  'imports.discard': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },
  'imports.report': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },
  'imports.failed': { by: preparers, input: world => ({ importId: world.dataImportId }), names: 'other' },

  'registrations.list': { by: everyone, input: () => ({}) },
  'registrations.get': {
    by: everyone,
    input: world => ({ registrationId: world.registrationId }),
    names: 'own',
  },
  'registrations.choices': { by: ['partner'] },
  'registrations.check': { by: ['partner'], input: () => ({ contactEmail: 'canary@example.com' }) },
  'registrations.create': {
    by: ['partner'],
    input: () => ({ accountName: 'New', contactEmail: 'new@contoso.example', submit: true }),
  },
  'registrations.update': {
    by: ['partner'],
    input: world => ({ registrationId: world.registrationId, accountName: 'Renamed' }),
    names: 'own',
  },
  'registrations.submit': {
    by: ['partner'],
    input: world => ({ registrationId: world.registrationId }),
    names: 'own',
  },
  'registrations.withdraw': {
    by: ['partner'],
    input: world => ({ registrationId: world.registrationId }),
    names: 'own',
  },
  'registrations.ownDeals': { by: ['partner'], input: () => ({}) },
  'registrations.ownDeal': { by: ['partner'], input: world => ({ dealId: world.dealId }), names: 'own' },
  'registrations.waiting': { by: preparers },
  'registrations.approve': {
    by: preparers,
    input: world => ({ registrationId: world.registrationId }),
    names: 'own',
  },
  'registrations.decline': {
    by: preparers,
    input: world => ({ registrationId: world.registrationId, reason: 'Ours already' }),
    names: 'own',
  },
  'splits.list': { by: everyone, input: () => ({}) },
  'splits.get': { by: everyone, input: world => ({ splitId: world.splitId }), names: 'own' },
  'splits.ofDeal': { by: staff, input: world => ({ dealId: world.dealId }), names: 'other' },
  'splits.propose': {
    by: ['partner'],
    input: world => ({ splitId: world.splitId, shares: [{ partnerId: world.partner.id, bp: 10_000 }] }),
    names: 'own',
  },
  'splits.accept': {
    by: ['partner'],
    input: world => ({ splitId: world.splitId, round: 1 }),
    names: 'own',
  },
  'splits.decline': {
    by: ['partner'],
    input: world => ({ splitId: world.splitId, round: 1 }),
    names: 'own',
  },
  'splits.open': {
    by: payers,
    input: world => ({ dealId: world.dealId, deadlineOn: '2026-03-20' }),
    names: 'other',
  },
  'splits.confirm': { by: payers, input: world => ({ splitId: world.splitId }), names: 'other' },
  'splits.withdraw': {
    by: payers,
    input: world => ({ splitId: world.splitId, reason: 'Not needed' }),
    names: 'other',
  },

  'programs.list': { by: staff, input: () => ({}) },
  'programs.get': { by: staff, input: world => ({ programId: `prg_${world.partner.orgId}` }), names: 'other' },
  'programs.create': { by: payers, input: () => ({ name: 'New', model: 'first_touch' }) },
  'programs.update': {
    by: payers,
    input: world => ({ programId: `prg_${world.partner.orgId}`, name: 'Renamed' }),
    names: 'other',
  },
  'programs.archive': { by: payers, input: world => ({ programId: `prg_${world.partner.orgId}` }), names: 'other' },
  'programs.restore': { by: payers, input: world => ({ programId: `prg_${world.partner.orgId}` }), names: 'other' },
  'deals.list': { by: staff, input: world => ({ partnerId: world.partner.id }) },
  'deals.counts': { by: staff },
  'deals.get': { by: staff, input: world => ({ dealId: world.dealId }), names: 'other' },
  'deals.create': {
    by: preparers,
    input: world => ({ name: 'N', accountName: 'A', amount: 1, currency: 'USD', registeredBy: world.partner.id }),
    names: 'other',
  },
  'deals.update': { by: preparers, input: world => ({ dealId: world.dealId, name: 'Renamed' }), names: 'other' },
  'deals.win': { by: preparers, input: world => ({ dealId: world.dealId }), names: 'other' },
  'deals.lose': { by: preparers, input: world => ({ dealId: world.dealId }), names: 'other' },
  'deals.reopen': { by: preparers, input: world => ({ dealId: world.dealId, reason: 'Not yet' }), names: 'other' },
  'deals.refund': {
    by: preparers,
    input: world => ({ dealId: world.dealId, amount: 1, reason: 'Canceled' }),
    names: 'other',
  },
  'deals.addTouch': {
    by: preparers,
    input: world => ({
      ...{ dealId: world.dealId, partnerId: world.partner.id, type: 'demo' },
      at: world.deps.clock.now(),
    }),
    names: 'other',
  },
  'deals.updateTouch': { by: preparers, input: world => ({ touchId: world.touchId, type: 'demo' }), names: 'other' },
  'deals.removeTouch': { by: preparers, input: world => ({ touchId: world.touchId }), names: 'other' },
  'attribution.compare': { by: staff, input: world => ({ dealId: world.dealId }), names: 'other' },
  'attribution.override': {
    by: payers,
    input: world => ({
      ...{ dealId: world.dealId, reason: 'Agreed' },
      shares: [{ partnerId: world.partner.id, bp: 10_000 }],
    }),
    names: 'other',
  },
  'attribution.clearOverride': { by: payers, input: world => ({ dealId: world.dealId }), names: 'other' },
  'attribution.recalculate': { by: preparers, input: world => ({ dealId: world.dealId }), names: 'other' },

  'runs.list': { by: staff, input: () => ({}) },
  'runs.get': { by: staff, input: world => ({ runId: world.runId }), names: 'other' },
  'runs.rows': { by: staff, input: world => ({ runId: world.runId }), names: 'other' },
  'runs.lines': { by: staff, input: world => ({ runId: world.runId, rowId: world.runRowId }), names: 'other' },
  'runs.plan': { by: preparers, input: () => ({ period: '2026-02' }) },
  'runs.refresh': { by: preparers, input: world => ({ runId: world.runId }), names: 'other' },
  'runs.include': {
    by: preparers,
    input: world => ({ runId: world.runId, rowIds: [world.runRowId], included: false }),
    names: 'other',
  },
  'runs.execute': {
    by: preparers,
    input: world => ({ runId: world.runId, digest: '0'.repeat(64) }),
    names: 'other',
    fresh: true,
  },
  'runs.discard': { by: preparers, input: world => ({ runId: world.runId }), names: 'other' },
  'runs.minimums': { by: staff, input: world => ({ scope: 'partner', scopeId: world.partner.id }) },
  'runs.setMinimum': {
    by: payers,
    input: world => ({ scope: 'partner', scopeId: world.partner.id, currency: 'USD', amount: 5000 }),
    names: 'partner',
  },
  'rates.list': { by: staff, input: () => ({}) },
  'rates.add': { by: payers, input: () => ({ base: 'USD', quote: 'EUR', rate: '0.9', day: '2026-02-27' }) },
  'rates.importEcb': { by: payers, input: () => ({ text: 'Date, USD, \n27 February 2026, 1.04, \n' }) },
  'periods.list': { by: staff, input: () => ({}) },
  'periods.get': { by: staff, input: () => ({ period: '2026-02' }) },
  'periods.reversals': { by: staff, input: () => ({ period: '2026-02' }) },
  'periods.close': { by: payers, input: () => ({ period: '2025-12' }) },

  'rules.list': { by: staff },
  'rules.get': { by: staff, input: world => ({ ruleId: world.ruleId }), names: 'other' },
  'rules.preview': { by: staff, input: world => ({ ruleVersionId: world.ruleVersionId }), names: 'other' },
  'rules.unmatched': { by: staff, input: () => ({}) },
  'rules.create': {
    by: preparers,
    input: () => ({ name: 'New', stream: 'base', programId: null, wording: blankWording('2026-03-01') }),
  },
  'rules.newVersion': { by: preparers, input: world => ({ ruleId: world.ruleId }), names: 'other' },
  'rules.updateDraft': {
    by: preparers,
    input: world => ({ ruleVersionId: world.ruleVersionId, wording: blankWording('2026-03-01') }),
    names: 'other',
  },
  'rules.discardDraft': { by: preparers, input: world => ({ ruleVersionId: world.ruleVersionId }), names: 'other' },
  'rules.publish': {
    by: payers,
    input: world => ({ ruleVersionId: world.ruleVersionId }),
    names: 'other',
    fresh: true,
  },
  'commissions.list': { by: everyone, input: () => ({}) },
  'commissions.get': { by: everyone, input: world => ({ commissionId: world.commissionId }), names: 'own' },
  'commissions.calculatePending': {
    by: everyone,
    input: world => ({ partnerId: world.partner.id }),
    names: 'own',
  },
  'commissions.totals': { by: everyone, input: () => ({}) },
  'commissions.export': { by: everyone, input: () => ({}) },
  'disputes.list': { by: everyone, input: () => ({}) },
  'disputes.get': { by: everyone, input: world => ({ disputeId: world.disputeId }), names: 'own' },
  'disputes.openCount': { by: everyone },
  'disputes.open': {
    by: ['partner'],
    input: world => ({ commissionId: world.commissionId, reason: 'Too little' }),
    names: 'own',
  },
  'disputes.reply': { by: ['partner'], input: world => ({ disputeId: world.disputeId, body: 'More' }), names: 'own' },
  'disputes.withdraw': { by: ['partner'], input: world => ({ disputeId: world.disputeId }), names: 'own' },
  'disputes.answer': {
    by: preparers,
    input: world => ({ disputeId: world.disputeId, body: 'We looked' }),
    names: 'other',
  },
  'disputes.resolve': {
    by: payers,
    input: world => ({ disputeId: world.disputeId, decision: 'release', reason: 'As agreed' }),
    names: 'other',
  },

  'emails.list': { by: staff, input: () => ({}) },
  'emails.get': { by: staff, input: world => ({ emailId: world.emailId }), names: 'other' },
  'jobs.list': { by: staff, input: () => ({}) },
  'jobs.retry': { by: payers, input: world => ({ jobId: world.jobId }), names: 'other' },
  'jobs.retryAll': { by: payers, input: () => ({ topic: 'email.send' }) },
  'audit.list': { by: ['owner', 'admin', 'viewer'], input: () => ({}) },
  'audit.verify': { by: ['owner', 'admin', 'viewer'] },
  'audit.export': { by: ['owner', 'admin', 'viewer'], input: () => ({}), fresh: true },
  'reconcile.run': { by: payers, input: () => ({}) },
  'reconcile.restored': { by: payers },
  'reconcile.afterRestore': { by: payers, fresh: true },
  'live.changes': { by: everyone },
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

const procedures = Object.keys(appRouter._def.procedures)

test('every procedure has a line in the table, and every line a procedure', () => {
  expect([...procedures].sort()).toEqual(Object.keys(access).sort())
})

/** An organization with one of each thing that an input can name. */
async function aWorld(deps: TestDeps): Promise<World> {
  const org = await anOrg(deps)
  const owner = await aMember(deps, { role: 'owner', org })
  await aMember(deps, { role: 'owner', org })
  const partner = await aPartner(deps, { orgId: org.id })
  const payout = await aPayout(deps, { partner, status: 'pending_approval' })
  const dataImportId = deps.ids.id('dim')
  const [jobId, emailId, importId, invitationId, sessionId] = ['job', 'em', 'imp', 'inv', 'ses'].map(prefix =>
    deps.ids.id(prefix),
  ) as [string, string, string, string, string]
  const now = deps.clock.now()
  await deps.db.write(async tx => {
    await tx.run(
      sql`INSERT INTO outbox (id, org_id, topic, key, payload, status, run_at, created_at) VALUES (${jobId}, ${org.id}, 'partner.sync', ${jobId}, ${JSON.stringify({ partnerId: partner.id })}, 'parked', ${now}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO emails (id, org_id, event_id, template, recipient, subject, html, text, message_id, status, created_at) VALUES (${emailId}, ${org.id}, ${emailId}, 'payoutApproved', 'a@b.example', 'CANARY', '<p>CANARY</p>', 'CANARY', ${emailId}, 'sent', ${now})`,
    )
    await tx.run(
      sql`INSERT INTO data_imports (id, org_id, kind, status, file_name, sha256, headers, header_hash, mapping, created_by, created_at) VALUES (${dataImportId}, ${org.id}, 'partners', 'mapping', 'CANARY.csv', 'x', '["name"]', 'x', '{}', ${owner.user.id}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO payout_imports (id, org_id, status, file_name, sha256, rows, row_count, created_by, created_at) VALUES (${importId}, ${org.id}, 'draft', 'CANARY.csv', 'x', '[]', 0, ${owner.user.id}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO tokens (id, kind, email, org_id, role, created_at, expires_at) VALUES (${invitationId}, 'invitation', 'canary@example.com', ${org.id}, 'viewer', ${now}, ${now + 1e9})`,
    )
    await tx.run(
      sql`INSERT INTO sessions (id, user_id, membership_id, created_at, last_seen_at, idle_expires_at, absolute_expires_at) VALUES (${sessionId}, ${owner.user.id}, ${owner.membershipId}, ${now}, ${now}, ${now + 1e9}, ${now + 1e9})`,
    )
  })
  const own = await aNegotiation(deps, partner, owner.user.id)
  const earned = await aDispute(deps, partner, own.dealId, owner.user.id)
  const [runId, runRowId] = [deps.ids.id('run'), deps.ids.id('rr')]
  await deps.db.write(async tx => {
    await tx.run(
      sql`INSERT INTO payout_runs (id, org_id, number, status, period, cutoff_at, digest, planned_at, created_by, created_at) VALUES (${runId}, ${org.id}, 900001, 'draft', '2026-02', ${now}, 'x', ${now}, ${owner.user.id}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO payout_run_rows (id, org_id, run_id, partner_id, currency, amount, outcome, included, lines, flags, blockers, digest) VALUES (${runRowId}, ${org.id}, ${runId}, ${partner.id}, 'USD', 1000, 'pay', 1, '[]', '[]', '[]', 'CANARY')`,
    )
  })
  return {
    deps,
    partner,
    payout,
    memberId: owner.membershipId,
    jobId,
    emailId,
    importId,
    dataImportId,
    invitationId,
    sessionId,
    runId,
    runRowId,
    ...own,
    ...earned,
  }
}

/** A draft of a rule, a commission of the partner, and another that it disputes. */
async function aDispute(deps: TestDeps, { id, orgId }: Partner, dealId: string, by: string) {
  const [commissionId, disputedId, disputeId, ruleId, ruleVersionId] = ['com', 'com', 'dsp', 'rule', 'rv'].map(prefix =>
    deps.ids.id(prefix),
  ) as [string, string, string, string, string]
  const now = deps.clock.now()
  const snapshot = JSON.stringify({
    ...{ currency: 'USD', deal: null, run: null, credit: null, rule: null, defaultRateBp: null, losing: [] },
    ...{ steps: [{ op: 'fixed', result: 1000 }], installment: 1 },
  })
  await deps.db.write(async tx => {
    await tx.run(
      sql`INSERT INTO commission_rules (id, org_id, name, stream, created_by, created_at) VALUES (${ruleId}, ${orgId}, 'CANARY', 'base', ${by}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO rule_versions (id, org_id, rule_id, number, status, priority, conditions, pay, holding_days, clawback_days, effective_from, created_by, created_at, updated_at) VALUES (${ruleVersionId}, ${orgId}, ${ruleId}, 1, 'draft', 1, '{}', '{"kind":"percent","rateBp":100}', 0, 0, '2026-01-01', ${by}, ${now}, ${now})`,
    )
    for (const [number, commission] of [commissionId, disputedId].entries())
      await tx.run(
        sql`INSERT INTO commissions (id, org_id, number, partner_id, program_id, deal_id, kind, stream, installment, amount, currency, period, release_at, snapshot, note, created_by, created_at, updated_at) VALUES (${commission}, ${orgId}, ${900_001 + number}, ${id}, ${`prg_${orgId}`}, ${dealId}, 'earned', 'base', ${number + 1}, 1000, 'USD', '2026-02', ${now}, ${snapshot}, 'CANARY', ${by}, ${now}, ${now})`,
      )
    await tx.run(
      sql`INSERT INTO disputes (id, org_id, commission_id, partner_id, status, opened_by, opened_at) VALUES (${disputeId}, ${orgId}, ${disputedId}, ${id}, 'open', ${by}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO dispute_messages (id, org_id, dispute_id, user_id, side, body, at) VALUES (${`msg_${disputeId}`}, ${orgId}, ${disputeId}, ${by}, 'partner', 'CANARY', ${now})`,
    )
  })
  return { commissionId, disputeId, ruleId, ruleVersionId }
}

/** A registration of the partner, its deal, and the shares that it agrees on with another. */
async function aNegotiation(deps: TestDeps, { id, orgId }: Partner, by: string) {
  const other = await aPartner(deps, { orgId })
  const [registrationId, dealId, splitId, touchId] = ['reg', 'deal', 'spl', 'tch'].map(prefix =>
    deps.ids.id(prefix),
  ) as [string, string, string, string]
  const now = deps.clock.now()
  await deps.db.write(async tx => {
    await tx.run(
      sql`INSERT INTO deals (id, org_id, number, program_id, name, account_name, amount, currency, opened_at, registered_by, source, created_by, created_at, updated_at) VALUES (${dealId}, ${orgId}, 900001, ${`prg_${orgId}`}, 'CANARY', 'CANARY', 1000, 'USD', ${now}, ${id}, 'demo', ${by}, ${now}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO registrations (id, org_id, number, partner_id, program_id, status, account_name, contact_email, currency, submitted_at, created_by, created_at, updated_at) VALUES (${registrationId}, ${orgId}, 900001, ${id}, ${`prg_${orgId}`}, 'submitted', 'CANARY', 'canary@example.com', 'USD', ${now}, ${by}, ${now}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO deal_splits (id, org_id, deal_id, status, shares, round, deadline, created_by, created_at, updated_at) VALUES (${splitId}, ${orgId}, ${dealId}, 'open', ${JSON.stringify([{ partnerId: id, bp: 10_000 }])}, 1, ${now + 1e9}, ${by}, ${now}, ${now})`,
    )
    await tx.run(
      sql`INSERT INTO touches (id, org_id, deal_id, partner_id, type, at, source, created_by, created_at) VALUES (${touchId}, ${orgId}, ${dealId}, ${id}, 'referral', ${now}, 'demo', ${by}, ${now})`,
    )
    for (const partnerId of [id, other.id])
      for (const round of [0, 1])
        await tx.run(
          sql`INSERT INTO split_answers (split_id, org_id, partner_id, round, answer) VALUES (${splitId}, ${orgId}, ${partnerId}, ${round}, 'invited')`,
        )
  })
  return { registrationId, dealId, splitId, touchId }
}

async function orgOf({ deps, partner }: World) {
  return (await deps.db.read.query.organizations.findFirst({ where: (table, { eq }) => eq(table.id, partner.orgId) }))!
}

type Viewer = Awaited<ReturnType<typeof aMember>>['viewer'] | null

/** What a call came to: its code, or `ok`. Streams are opened, not read. */
async function call(
  deps: TestDeps,
  viewer: Viewer,
  procedure: string,
  input: unknown,
  given: { proof?: Proof } = {},
): Promise<{ code: string; value?: unknown; confirm?: readonly string[] }> {
  const api = (await callerFor(deps, viewer, given)) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  const [domain = '', name = ''] = procedure.split('.')
  try {
    return { code: 'ok', value: await api[domain]?.[name]?.(input) }
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { confirm?: readonly string[] } }
    return { code: code ?? String(error), ...(cause?.confirm ? { confirm: cause.confirm } : {}) }
  }
}

/** Every row of every table that a refused call must leave alone. Throttles and the record of a refusal may be written. */
async function fingerprint(deps: TestDeps): Promise<string> {
  const tables = await deps.db.read.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('throttles') ORDER BY name`,
  )
  const all: unknown[] = []
  for (const { name } of tables) all.push(name, await deps.db.read.all(sql.raw(`SELECT * FROM "${name}"`)))
  return JSON.stringify(all)
}

/** Rows that were written on this connection so far, kept or taken back: a database in memory has one connection. */
async function rowsWritten(deps: TestDeps): Promise<number> {
  const [row] = await deps.db.read.all<{ written: number }>(sql`SELECT total_changes() AS written`)
  return row?.written ?? 0
}

/** A call that is refused, and leaves everything as it was. */
async function refused(deps: TestDeps, ask: () => ReturnType<typeof call>): ReturnType<typeof call> {
  const before = await rowsWritten(deps)
  const answer = await ask()
  if ((await rowsWritten(deps)) === before) return answer
  // Something was written, and perhaps taken back, or it may be: then the same once more, with all rows compared.
  const rows = await fingerprint(deps)
  await ask()
  expect(await fingerprint(deps)).toBe(rows)
  return answer
}

test.each(procedures)(
  '%s: nobody and the wrong roles are refused and change nothing; the right roles get through',
  async procedure => {
    const rule = access[procedure]
    if (!rule) throw new Error(`${procedure} has no line in the access table`)
    const deps = await testDeps()
    const world = await aWorld(deps)
    const input = rule.input?.(world)
    if (rule.by !== 'open') {
      expect((await refused(deps, () => call(deps, null, procedure, input))).code).toBe('UNAUTHORIZED')
    }
    // Ten minutes ago somebody gave a second factor: enough exactly where the table asks for nothing newer.
    const stale = { proof: aProof({ at: deps.clock.now() - 10 * 60_000 }) }
    for (const role of roles) {
      const org = await orgOf(world)
      const member = await aMember(deps, { role, org, ...(role === 'partner' ? { partner: world.partner } : {}) })
      const allowed = rule.by === 'open' || rule.by.includes(role)
      if (rule.fresh && allowed) {
        const answer = await refused(deps, () => call(deps, member.viewer, procedure, input, stale))
        expect({ role, ...answer }).toEqual({ role, code: 'FORBIDDEN', confirm: ['totp'] })
      }
      const ask = () => call(deps, member.viewer, procedure, input, rule.fresh ? {} : stale)
      if (!allowed) {
        expect({ role, ...(await refused(deps, ask)) }).toEqual({ role, code: 'FORBIDDEN' })
        continue
      }
      const { code } = await ask()
      // A wrong password is refused as UNAUTHORIZED too: open procedures are asked only not to break, and not to look at roles.
      const unexpected = rule.by === 'open' ? /FORBIDDEN|INTERNAL|Error/ : /UNAUTHORIZED|FORBIDDEN|INTERNAL|Error/
      expect({ role, code }).not.toMatchObject({ code: expect.stringMatching(unexpected) })
    }
  },
)

const naming = procedures.filter(procedure => access[procedure]?.input && access[procedure]?.by !== 'open')

test.each(naming)(
  "%s: another organization's things don't exist, whatever the role, and nothing of theirs changes or shows",
  async procedure => {
    const rule = access[procedure]
    if (!rule || rule.by === 'open') throw new Error(`${procedure} has no line in the access table`)
    const deps = await testDeps()
    const theirs = await aWorld(deps)
    const theirRows = await deps.db.read.all(sql`SELECT * FROM payouts WHERE org_id = ${theirs.partner.orgId}`)
    for (const role of rule.by) {
      const member = await aMember(deps, { role })
      const { code, value } = await call(deps, member.viewer, procedure, rule.input?.(theirs))
      if (rule.names) expect({ role, code }).toEqual({ role, code: 'NOT_FOUND' })
      const shown = JSON.stringify(value ?? null)
      for (const canary of [theirs.partner.email, theirs.partner.name, 'CANARY', 'canary@example.com'])
        expect(shown).not.toContain(canary)
    }
    expect(await deps.db.read.all(sql`SELECT * FROM payouts WHERE org_id = ${theirs.partner.orgId}`)).toEqual(theirRows)
  },
)

const forPartners = procedures.filter(procedure => {
  const rule = access[procedure]
  return (
    rule &&
    rule.by !== 'open' &&
    rule.by.includes('partner') &&
    (rule.names === 'payout' || rule.names === 'own' || procedure.startsWith('payouts.'))
  )
})

test.each(forPartners)("%s: a sibling partner's payouts and figures don't exist for a partner", async procedure => {
  const rule = access[procedure]
  const deps = await testDeps()
  const world = await aWorld(deps)
  const org = await orgOf(world)
  const sibling = await aMember(deps, { role: 'partner', org })
  const { code, value } = await call(deps, sibling.viewer, procedure, rule?.input?.(world))
  if (procedure === 'payouts.list') expect(value).toMatchObject({ rows: [] })
  else expect(code).toBe('NOT_FOUND')
})

const asking = procedures.filter(
  procedure =>
    (appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)[procedure]?._def.type ===
    'query',
)

test('the fields of what partners are answered are written down, and none is staff’s', async () => {
  const deps = await testDeps()
  const world = await aWorld(deps)
  const person = await aMember(deps, { role: 'partner', org: await orgOf(world), partner: world.partner })
  const lines: string[] = []
  for (const procedure of asking) {
    const rule = access[procedure]
    if (rule?.by === 'open' || !rule?.by.includes('partner')) continue
    const { code, value } = await call(deps, person.viewer, procedure, rule.input?.(world))
    lines.push(`${procedure}: ${code === 'ok' ? [...fieldsOf(value)].sort().join(', ') || '–' : code}`)
  }
  const text = `${lines.join('\n')}\n`
  // Whoever adds a field sees it here, in the change that adds it, and decides.
  await expect(text).toMatchFileSnapshot('./access.partner-answers.txt')
  expect(text).not.toMatch(/\b(createdBy|approvedBy|editedBy|actorId|passwordHash|digest|idempotencyKey)\b|\bstaff[.[]/)
})

/** Where an answer has values: the names on the way to each, without the places in lists. */
function fieldsOf(value: unknown, path = '', found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const one of value) fieldsOf(one, path ? `${path}[]` : '[]', found)
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) fieldsOf(one, path ? `${path}.${key}` : key, found)
  else found.add(path)
  return found
}

test('no query changes anything, whoever asks', async () => {
  const deps = await testDeps()
  const world = await aWorld(deps)
  const org = await orgOf(world)
  for (const role of roles) {
    const member = await aMember(deps, { role, org, ...(role === 'partner' ? { partner: world.partner } : {}) })
    const before = await fingerprint(deps)
    for (const procedure of asking) await call(deps, member.viewer, procedure, access[procedure]?.input?.(world))
    expect(await fingerprint(deps), role).toBe(before)
  }
})

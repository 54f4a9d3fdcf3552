/** What the log calls each action, in words; an action without an entry is spelled out. */
export const actionWords: Record<string, string> = {
  'payouts.create': 'Created a payout',
  'payouts.update': 'Edited a payout',
  'payouts.approve': 'Approved a payout',
  'payouts.unapprove': 'Sent a payout back for approval',
  'payouts.reject': 'Rejected a payout',
  'payouts.markPaid': 'Marked a payout paid',
  'payouts.cancel': 'Canceled a payout',
  'payouts.release': 'Looked at Stripe, and released a payout',
  'payouts.decideReversal': 'Decided about money taken back',
  'payouts.importDraft': 'Read a spreadsheet',
  'payouts.import': 'Imported payouts',
  'payouts.export': 'Downloaded a list of payouts',
  'payouts.exported': 'A download of payouts ended',
  'payouts.exportRefused': 'Was refused a list of payouts',
  'commissions.exportRefused': 'Was refused a list of commissions',
  'audit.exported': 'A download of the audit log ended',
  'audit.exportRefused': 'Was refused the audit log',
  'statements.export': 'Downloaded a statement',
  'statements.exported': 'A download of a statement ended',
  'statements.exportRefused': 'Was refused a statement',
  'imports.export': 'Downloaded rows that were left out',
  'imports.exported': 'A download of rows that were left out ended',
  'imports.exportRefused': 'Was refused the rows that were left out',
  'imports.upload': 'Uploaded a file',
  'imports.saveMapping': 'Chose the columns of a file',
  'imports.check': 'Checked a file’s rows',
  'imports.commit': 'Began an import',
  'imports.committed': 'An import was finished',
  'imports.undo': 'Began to undo an import',
  'imports.undone': 'An import was undone',
  'imports.discard': 'Threw an import away',
  'commissions.import': 'Imported a commission',
  'commissions.undoImport': 'Took an imported commission back',
  'deals.importTouches': 'Imported touches',
  'deals.removeImported': 'Took an imported deal back',
  'deals.removeImportedTouches': 'Took imported touches back',
  'payout.settled': 'A payout was paid',
  'payout.failed': 'A transfer was refused',
  'payout.reversed': 'Money was taken back',
  'payout.needs_review': 'A transfer’s outcome stayed unknown',
  'payout.incident': 'Stripe and Remit disagreed',
  'payout.bank_in_transit': 'The money left for the bank',
  'payout.bank_arrived': 'The money arrived in the bank',
  'payout.bank_failed': 'The bank returned the money',
  'partners.create': 'Added a partner',
  'partners.update': 'Edited a partner',
  'partners.archive': 'Archived a partner',
  'partners.restore': 'Restored a partner',
  'partners.remind': 'Reminded a partner',
  'partners.connect': 'Opened a Stripe account',
  'partner.reminded': 'A partner was reminded',
  'partner.synced': 'Stripe’s view of a partner changed',
  'commissions.book': 'Booked a deal’s commissions',
  'commissions.rematch': 'Matched a deal’s rules again',
  'commissions.export': 'Downloaded a list of commissions',
  'commissions.exported': 'A download of commissions ended',
  'rules.create': 'Wrote a commission rule',
  'rules.newVersion': 'Began a new version of a rule',
  'rules.updateDraft': 'Edited a rule’s draft',
  'rules.publish': 'Published a rule',
  'rules.discard': 'Discarded a rule’s draft',
  'disputes.open': 'Disputed a commission',
  'disputes.answer': 'Answered a dispute',
  'disputes.reply': 'Added to a dispute',
  'disputes.withdraw': 'Withdrew a dispute',
  'disputes.resolve': 'Decided a dispute',
  'runs.plan': 'Planned a payout run',
  'runs.refresh': 'Refreshed a payout run',
  'runs.include': 'Changed which rows of a run are paid',
  'runs.execute': 'Executed a payout run',
  'runs.discard': 'Discarded a payout run',
  'runs.setMinimum': 'Changed a smallest payout',
  'rates.add': 'Entered an exchange rate',
  'rates.import': 'Imported exchange rates',
  'periods.close': 'Closed a month',
  'registrations.create': 'Drafted a registration',
  'registrations.update': 'Edited a registration',
  'registrations.submit': 'Sent a registration in',
  'registrations.withdraw': 'Withdrew a registration',
  'registrations.approve': 'Approved a registration',
  'registrations.decline': 'Declined a registration',
  'registration.reminded': 'A partner was reminded that a protection ends',
  'registration.expired': 'A protection ended',
  'splits.open': 'Asked partners to agree on shares',
  'splits.propose': 'Proposed shares',
  'splits.accept': 'Accepted shares',
  'splits.decline': 'Declined shares',
  'splits.confirm': 'Confirmed agreed shares',
  'splits.withdraw': 'Withdrew an agreement on shares',
  'split.expired': 'Shares were not agreed on in time',
  'orgs.create': 'Created the organization',
  'orgs.makeOwner': 'Made an owner, at the command line',
  'orgs.invite': 'Invited somebody',
  'orgs.revokeInvitation': 'Withdrew an invitation',
  'orgs.changeRole': 'Changed a role',
  'orgs.disableMember': 'Disabled a member',
  'orgs.enableMember': 'Enabled a member',
  'orgs.endMemberSessions': 'Ended a member’s sessions',
  'orgs.resetSecondFactor': 'Removed a member’s second factors',
  'orgs.updateSettings': 'Changed the settings',
  'orgs.pauseTransfers': 'Paused all transfers',
  'orgs.resumeTransfers': 'Resumed transfers',
  'orgs.restored': 'Restored the database from a backup',
  'orgs.reconciledAfterRestore': 'Compared with Stripe after a restore',
  'auth.signIn': 'Signed in',
  'auth.signOut': 'Signed out',
  'auth.switchOrganization': 'Switched organization',
  'auth.acceptInvitation': 'Accepted an invitation',
  'auth.forgotPassword': 'Asked for a new password',
  'auth.resetPassword': 'Set a new password by mail',
  'auth.changePassword': 'Changed the password',
  'auth.updateProfile': 'Changed the own name',
  'auth.confirm': 'Confirmed who they are',
  'auth.totpAdded': 'Set up an authenticator app',
  'auth.totpReplaced': 'Replaced the authenticator app',
  'auth.totpRemoved': 'Removed the authenticator app',
  'auth.passkeyAdded': 'Added a passkey',
  'auth.passkeyRemoved': 'Removed a passkey',
  'auth.codesMade': 'Made new recovery codes',
  'auth.endSession': 'Ended a session',
  'auth.endOtherSessions': 'Ended all other sessions',
  'invariant.broken': 'Remit found what can’t be right',
  'invariant.holds': 'What could not be right is right again',
  'jobs.retry': 'Retried a job',
  'jobs.retryAll': 'Retried all jobs of a kind',
  'audit.export': 'Downloaded the audit log',
}

/** The first part of an action, for the filter. What people do is in the plural, what happens by itself in the singular. */
export const domainWords: Record<string, string> = {
  payouts: 'Payouts: what people did',
  payout: 'Payouts: what happened',
  partners: 'Partners: what people did',
  partner: 'Partners: what happened',
  commissions: 'Commissions',
  rules: 'Commission rules',
  disputes: 'Disputes',
  runs: 'Payout runs',
  rates: 'Exchange rates',
  periods: 'Months',
  imports: 'Imports',
  registrations: 'Registrations: what people did',
  registration: 'Registrations: what happened',
  splits: 'Shares among partners',
  orgs: 'Team and settings',
  auth: 'Sign-in and accounts',
  invariant: 'What must always be so',
  jobs: 'Jobs',
  audit: 'The log itself',
}

export const targetWords: Record<string, string> = {
  invariant: 'Invariant',
  payout: 'Payout',
  partner: 'Partner',
  user: 'Person',
  rule_version: 'Rule',
  dispute: 'Dispute',
  run: 'Payout run',
  rate: 'Exchange rate',
  registration: 'Registration',
  membership: 'Member',
  invitation: 'Invitation',
  organization: 'Organization',
  import: 'Import',
  data_import: 'Import',
  export: 'Download',
  job: 'Job',
  jobs: 'Jobs',
}

/** `orgs.changeRole` → `Changed a role`. */
export function actionLabel(action: string): string {
  const known = actionWords[action]
  if (known) return known
  const bare = action
    .replace(/^[^.]*\./, '')
    .replace(/([a-z])([A-Z])|_/g, '$1 $2')
    .toLowerCase()
  return bare.charAt(0).toUpperCase() + bare.slice(1)
}

/** The page that shows what an entry is about, where there is one. */
export function targetPage(type: string, id: string): string | null {
  switch (type) {
    case 'payout':
      return `/admin/payouts/${id}`
    case 'partner':
      return `/admin/partners/${id}`
    case 'run':
      return `/admin/runs/${id}`
    case 'rate':
      return '/admin/rates'
    case 'registration':
      return `/admin/registrations/${id}`
    case 'data_import':
      return `/admin/imports/${id}`
    case 'import':
      return `/admin/payouts/import/${id}`
    case 'membership':
    case 'invitation':
      return '/admin/team'
    case 'organization':
      return '/admin/settings'
    case 'job':
    case 'jobs':
      return '/admin/jobs'
    default:
      return null
  }
}

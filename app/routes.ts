import { index, layout, type RouteConfig, route } from '@remix-run/route-config'

// Every URL of Remit.
export default [
  index('routes/home.tsx'),

  route('login', 'routes/auth/login.tsx'),
  route('logout', 'routes/auth/logout.ts'),
  route('forgot', 'routes/auth/forgot.tsx'),
  route('reset/:token', 'routes/auth/reset.tsx'),
  route('invitations/:token', 'routes/auth/invite.tsx'),
  route('switch', 'routes/auth/switch.ts'),
  route('theme', 'routes/resources/theme.ts'),

  route('admin', 'routes/admin/layout.tsx', [
    index('routes/admin/overview.tsx'),
    route('payouts', 'routes/admin/payouts.tsx'),
    route('payouts/new', 'routes/admin/payout-new.tsx'),
    route('payouts/import', 'routes/admin/payout-import.tsx'),
    route('payouts/import/:importId', 'routes/admin/payout-import-review.tsx'),
    route('payouts/:payoutId', 'routes/admin/payout.tsx'),
    route('payouts/:payoutId/edit', 'routes/admin/payout-edit.tsx'),
    route('partners', 'routes/admin/partners.tsx'),
    route('partners/new', 'routes/admin/partner-new.tsx'),
    route('partners/:partnerId', 'routes/admin/partner.tsx'),
    route('partners/:partnerId/edit', 'routes/admin/partner-edit.tsx'),
    route('emails', 'routes/admin/emails.tsx'),
    route('emails/:emailId', 'routes/admin/email.tsx'),
    route('jobs', 'routes/admin/jobs.tsx'),
    route('audit', 'routes/admin/audit.tsx'),
    route('reconcile', 'routes/admin/reconcile.tsx'),
    route('team', 'routes/admin/team.tsx'),
    route('settings', 'routes/admin/settings.tsx'),
    route('account', 'routes/admin/account.tsx'),
  ]),
  // Files and frames: no page around them.
  route('admin/payouts/export.csv', 'routes/resources/payouts-csv.ts'),
  route('admin/payouts/import/sample.csv', 'routes/resources/sample-csv.ts'),
  route('admin/payouts/import/:importId/errors.csv', 'routes/resources/import-errors-csv.ts'),
  route('admin/emails/:emailId/body', 'routes/resources/email-body.ts'),
  route('admin/audit/export.jsonl', 'routes/resources/audit-jsonl.ts'),

  layout('routes/portal/layout.tsx', [
    route('portal', 'routes/portal/earnings.tsx'),
    route('portal/payouts', 'routes/portal/payouts.tsx'),
    route('portal/payouts/:payoutId', 'routes/portal/payout.tsx'),
    route('portal/setup', 'routes/portal/setup.tsx'),
    route('portal/account', 'routes/portal/account.tsx'),
  ]),
  route('portal/payouts/:payoutId/statement.csv', 'routes/resources/statement-csv.ts'),

  route('*', 'routes/not-found.tsx'),
] satisfies RouteConfig

import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Outlet, useLoaderData, useRouteLoaderData } from '@remix-run/react'
import type { ReactNode } from 'react'
import { query } from '#app/api.server.ts'
import { AdminShell } from '#app/components/admin-shell.tsx'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { ErrorPage } from '#app/components/error-page.tsx'
import { Live } from '#app/components/live.tsx'
import type { NavGroup, NavItem } from '#app/components/nav-links.tsx'
import { OrgSwitcher } from '#app/components/org-switcher.tsx'
import { When } from '#app/components/when.tsx'
import { allows, type Permission, type Role, roleLabels } from '#server/auth/rules.ts'

/** Every place of the admin and the permission that shows it. Hiding is courtesy: the procedures decide. */
const places: { heading?: string; items: (NavItem & { needs: Permission })[] }[] = [
  {
    items: [
      { label: 'Overview', to: '/admin', icon: 'home', end: true, needs: 'payouts.read' },
      { label: 'Payouts', to: '/admin/payouts', icon: 'payouts', needs: 'payouts.read' },
      { label: 'Runs', to: '/admin/runs', icon: 'calendar', needs: 'runs.read' },
      { label: 'Deals', to: '/admin/deals', icon: 'chart', needs: 'deals.read' },
      { label: 'Registrations', to: '/admin/registrations', icon: 'file', needs: 'registrations.read' },
      { label: 'Commissions', to: '/admin/commissions', icon: 'wallet', needs: 'commissions.read' },
      { label: 'Partners', to: '/admin/partners', icon: 'partners', needs: 'partners.read' },
    ],
  },
  {
    heading: 'Operations',
    items: [
      { label: 'Imports', to: '/admin/imports', icon: 'upload', needs: 'imports.manage' },
      { label: 'Emails', to: '/admin/emails', icon: 'mail', needs: 'emails.read' },
      { label: 'Jobs', to: '/admin/jobs', icon: 'jobs', needs: 'jobs.read' },
      { label: 'Reconcile', to: '/admin/reconcile', icon: 'refresh', needs: 'payouts.compare' },
      { label: 'Audit', to: '/admin/audit', icon: 'audit', needs: 'audit.read' },
    ],
  },
  {
    heading: 'Organization',
    items: [
      { label: 'Programs', to: '/admin/programs', icon: 'link', needs: 'deals.read' },
      { label: 'Rules', to: '/admin/rules', icon: 'filter', needs: 'rules.read' },
      { label: 'Team', to: '/admin/team', icon: 'user', needs: 'team.read' },
      { label: 'Settings', to: '/admin/settings', icon: 'settings', needs: 'settings.read' },
    ],
  },
]

/** `waiting`: how many things wait for this viewer, by the place that shows them. */
function navFor(role: Role, waiting: Record<string, number>): NavGroup[] {
  return places
    .map(({ heading, items }) => ({
      heading,
      items: items
        .filter(({ needs }) => allows(role, needs))
        .map(({ needs: _, ...item }) => ({ ...item, count: waiting[item.to] ?? 0 })),
    }))
    .filter(group => group.items.length > 0)
}

export async function loader(args: LoaderFunctionArgs) {
  // A partner who lands here is led to the portal; this guards nothing, every procedure asks for itself.
  if (args.context.viewer?.role === 'partner') throw redirect('/portal')
  return query(args, async api => {
    const { viewer, memberships } = await api.auth.me()
    const settings = await api.orgs.settings()
    const stats = await api.payouts.stats()
    const waiting = {
      '/admin/payouts': allows(viewer.role, 'payouts.approve') ? stats.pending.count : 0,
      '/admin/registrations': allows(viewer.role, 'registrations.decide') ? await api.registrations.waiting() : 0,
    }
    const orgs = memberships.map(({ id, orgName, partnerName, role, current }) => ({
      id,
      name: orgName,
      role: partnerName ? `Partner: ${partnerName}` : roleLabels[role].name,
      current,
    }))
    return {
      viewer: { name: viewer.name, email: viewer.email, role: roleLabels[viewer.role].name },
      orgs,
      groups: navFor(viewer.role, waiting),
      paused: settings.paused,
      mayPause: settings.mayPause,
    }
  })
}

export default function AdminLayout() {
  return (
    <Frame {...useLoaderData<typeof loader>()}>
      <Live />
      <Outlet />
    </Frame>
  )
}

type FrameProps = ReturnType<typeof useLoaderData<typeof loader>> & { children: ReactNode }

function Frame({ viewer, orgs, groups, paused, mayPause, children }: FrameProps) {
  const current = orgs.find(org => org.current) ?? orgs[0] ?? { id: '', name: 'Remit', role: '' }
  return (
    <AdminShell
      groups={groups}
      org={<OrgSwitcher current={current} orgs={orgs} />}
      viewer={viewer}
      accountLinks={[{ label: 'Profile and sessions', to: '/admin/account', icon: 'user' }]}
      banner={
        paused ? (
          <Banner
            tone="danger"
            icon="pause"
            title="All transfers are paused"
            action={
              paused.unreconciledSince !== null && mayPause ? (
                <LinkButton to="/admin/reconcile" size="sm">
                  Compare with Stripe
                </LinkButton>
              ) : (
                <LinkButton to="/admin/settings#transfers" size="sm">
                  {mayPause ? 'Resume transfers' : 'See settings'}
                </LinkButton>
              )
            }
          >
            {paused.reason} — by {paused.by}, <When at={paused.at} />. Approved payouts wait; nothing is lost.
          </Banner>
        ) : null
      }
    >
      {children}
    </AdminShell>
  )
}

/** A page that failed keeps the admin's frame, if the frame's own data is there. */
export function ErrorBoundary() {
  // useLoaderData is refused in an error boundary; this is the same data.
  const frame = useRouteLoaderData<typeof loader>('routes/admin/layout')
  const page = <ErrorPage homeTo="/admin" />
  if (frame) return <Frame {...frame}>{page}</Frame>
  return (
    <main id="main" tabIndex={-1} className="px-4">
      {page}
    </main>
  )
}

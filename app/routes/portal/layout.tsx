import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { isRouteErrorResponse, Outlet, useLoaderData, useRouteError, useRouteLoaderData } from '@remix-run/react'
import type { ReactNode } from 'react'
import { query } from '#app/api.server.ts'
import { ErrorPage } from '#app/components/error-page.tsx'
import { Live } from '#app/components/live.tsx'
import type { NavItem } from '#app/components/nav-links.tsx'
import { OrgSwitcher } from '#app/components/org-switcher.tsx'
import { PortalShell } from '#app/components/portal-shell.tsx'
import { roleLabels } from '#server/auth/rules.ts'

const places: readonly NavItem[] = [
  { label: 'Earnings', to: '/portal', icon: 'home', end: true },
  { label: 'Commissions', to: '/portal/commissions', icon: 'chart' },
  { label: 'Deals', to: '/portal/deals', icon: 'file' },
  { label: 'Payouts', to: '/portal/payouts', icon: 'payouts' },
]

export async function loader(args: LoaderFunctionArgs) {
  // Staff who land here are led to the admin; this guards nothing, every procedure asks for itself.
  const viewer = args.context.viewer
  if (viewer && viewer.role !== 'partner') throw redirect('/admin')
  const { viewer: me, memberships } = await query(args, api => api.auth.me())
  const orgs = memberships.map(({ id, orgName, partnerName, role, current }) => ({
    id,
    name: orgName,
    role: partnerName ? `Partner: ${partnerName}` : roleLabels[role].name,
    current,
  }))
  return {
    viewer: { name: me.name, email: me.email, role: orgs.find(org => org.current)?.role },
    orgs,
  }
}

export default function PortalLayout() {
  return (
    <Frame {...useLoaderData<typeof loader>()}>
      <Live />
      <Outlet />
    </Frame>
  )
}

type FrameProps = ReturnType<typeof useLoaderData<typeof loader>> & { children: ReactNode }

function Frame({ viewer, orgs, children }: FrameProps) {
  const current = orgs.find(org => org.current) ?? orgs[0] ?? { id: '', name: 'Remit', role: '' }
  return (
    <PortalShell
      items={places}
      org={<OrgSwitcher current={current} orgs={orgs} />}
      viewer={viewer}
      accountLinks={[
        { label: 'Payout set-up', to: '/portal/setup', icon: 'bank' },
        { label: 'Profile and sessions', to: '/portal/account', icon: 'user' },
      ]}
    >
      {children}
    </PortalShell>
  )
}

/** A page that failed keeps the portal's frame, if its own data is there. */
export function ErrorBoundary() {
  const error = useRouteError()
  const frame = useRouteLoaderData<typeof loader>('routes/portal/layout')
  const page = <ErrorPage homeTo="/portal" />
  const signedOut = isRouteErrorResponse(error) && error.status === 401
  if (frame && !signedOut) return <Frame {...frame}>{page}</Frame>
  return (
    <main id="main" tabIndex={-1} className="mx-auto w-full max-w-2xl px-4 py-6">
      {page}
    </main>
  )
}

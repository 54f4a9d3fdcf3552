import { data, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Links, Meta, Outlet, Scripts, ScrollRestoration, useLocation, useRouteLoaderData } from '@remix-run/react'
import { type ReactNode, useEffect } from 'react'
import favicon from './assets/favicon.svg?no-inline'
import { SimulatedBanner } from './components/banner.tsx'
import { ErrorPage } from './components/error-page.tsx'
import { LiveRegion, useAnnounce } from './components/live-region.tsx'
import { Logo } from './components/logo.tsx'
import { PageProgress } from './components/page-progress.tsx'
import { useRememberPosted } from './components/posted.ts'
import { useRequestInfo } from './components/request-context.ts'
import { useTheme } from './components/theme-switch.tsx'
import { ToastRegion } from './components/toast.tsx'
import styles from './styles/app.css?url'
import { readTheme } from './theme.ts'

export const links: LinksFunction = () => [
  { rel: 'stylesheet', href: styles },
  { rel: 'icon', href: favicon, type: 'image/svg+xml' },
]

export const meta: MetaFunction = () => [{ title: 'Remit' }]

/** What every page's frame needs; pages read nothing of their own from here. */
export function loader({ request, context }: LoaderFunctionArgs) {
  return data({
    theme: readTheme(request.headers.get('Cookie')),
    simulated: context.simulated,
    timeZone: context.timeZone,
    toast: context.toast,
  })
}

/** The document around every page and every error. */
export function Layout({ children }: { children: ReactNode }) {
  const { nonce, requestId } = useRequestInfo()
  const root = useRouteLoaderData<typeof loader>('root')
  const theme = useTheme()
  useRememberPosted()
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme} data-request-id={requestId}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content={theme === 'system' ? 'light dark' : theme} />
        <Meta />
        <Links />
      </head>
      <body>
        <a
          href="#main"
          className="skip-link sr-only rounded-md bg-accent-solid px-3 py-2 font-medium text-on-accent focus:not-sr-only focus:fixed focus:start-3 focus:top-3 focus:z-60"
        >
          Skip to content
        </a>
        <LiveRegion>
          <PageProgress />
          {root?.simulated ? <SimulatedBanner /> : null}
          {children}
          <ToastRegion toast={root?.toast ?? null} />
          <RouteAnnouncer />
        </LiveRegion>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  )
}

export default function Root() {
  return <Outlet />
}

export function ErrorBoundary() {
  return (
    <main id="main" tabIndex={-1} className="mx-auto w-full max-w-2xl px-4 py-6">
      <Logo />
      <ErrorPage />
    </main>
  )
}

/** Tells screen readers the new page's title after a navigation without a page load. */
function RouteAnnouncer() {
  const { pathname } = useLocation()
  const announce = useAnnounce()
  // The path is the trigger; the first page announces itself
  useEffect(() => {
    if (mounted) announce(document.title)
    mounted = true
  }, [pathname])
  return null
}

let mounted = false

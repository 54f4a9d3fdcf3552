import type { ReactNode } from 'react'
import { type AccountLink, AccountMenu } from './account-menu.tsx'
import { Icon } from './icon.tsx'
import { Logo } from './logo.tsx'
import { useDismiss } from './menu.tsx'
import { type NavGroup, NavGroups } from './nav-links.tsx'
import { PageContent } from './skeleton.tsx'

type AdminShellProps = {
  groups: readonly NavGroup[]
  /** An OrgSwitcher. */
  org: ReactNode
  viewer: { name: string; email: string; role?: string }
  accountLinks: readonly AccountLink[]
  /** Across the page, above the content: transfers paused, Stripe not set up. */
  banner?: ReactNode
  children: ReactNode
}

/** The admin's frame: a sidebar from 1024 px, below it a top bar whose menu is a <details>. */
export function AdminShell({ groups, org, viewer, accountLinks, banner, children }: AdminShellProps) {
  const phoneMenu = useDismiss()
  return (
    <div className="flex min-h-[calc(100dvh-var(--strip))] flex-col lg:flex-row">
      <div
        className="sticky top-(--strip) hidden h-[calc(100dvh-var(--strip))] w-56 shrink-0 flex-col border-line border-e bg-surface lg:flex"
        data-no-print=""
      >
        <div className="px-2 pt-3">{org}</div>
        <nav aria-label="Main" className="min-h-0 flex-1 overflow-y-auto px-2 py-2">
          <NavGroups groups={groups} />
        </nav>
        <div className="border-line border-t p-2">
          <AccountMenu viewer={viewer} links={accountLinks} side="up" wide />
        </div>
      </div>

      <header
        className="sticky top-(--strip) z-30 flex h-14 items-center gap-2 border-line border-b bg-surface px-3 lg:hidden"
        data-no-print=""
      >
        <details ref={phoneMenu} className="group">
          <summary
            aria-label="Menu"
            className="grid size-11 place-items-center rounded-md text-muted hover:bg-neutral-soft"
          >
            <Icon name="menu" size={20} className="group-open:hidden" />
            <Icon name="x" size={20} className="hidden group-open:block" />
          </summary>
          <nav
            aria-label="Main menu"
            className="absolute inset-x-0 top-full max-h-[calc(100dvh-3.5rem-var(--strip))] overflow-y-auto border-line border-b bg-surface px-3 pb-3 shadow-pop"
          >
            <div className="border-line border-b py-1">{org}</div>
            <NavGroups groups={groups} />
          </nav>
        </details>
        <Logo />
        <div className="ms-auto">
          <AccountMenu viewer={viewer} links={accountLinks} />
        </div>
      </header>

      <div className="flex min-w-0 flex-1 flex-col">
        <main id="main" tabIndex={-1} className="flex-1 px-4 py-5 sm:px-6 lg:px-8 lg:py-6">
          {banner ? <div className="mx-auto mb-4 w-full max-w-6xl">{banner}</div> : null}
          <PageContent>{children}</PageContent>
        </main>
      </div>
    </div>
  )
}

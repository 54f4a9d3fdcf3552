import { NavLink } from '@remix-run/react'
import type { ReactNode } from 'react'
import { type AccountLink, AccountMenu } from './account-menu.tsx'
import { classNames } from './class-names.ts'
import { Icon } from './icon.tsx'
import type { NavItem } from './nav-links.tsx'
import { PageContent } from './skeleton.tsx'

type PortalShellProps = {
  /** Three to five places. */
  items: readonly NavItem[]
  /** The company that pays: its name, or an OrgSwitcher. */
  org: ReactNode
  viewer: { name: string; email: string; role?: string }
  accountLinks: readonly AccountLink[]
  banner?: ReactNode
  children: ReactNode
}

/** The portal's frame, phone first: navigation at the thumb below 640 px, in the header above. */
export function PortalShell({ items, org, viewer, accountLinks, banner, children }: PortalShellProps) {
  return (
    <div data-density="comfortable" className="flex min-h-[calc(100dvh-var(--strip))] flex-col">
      <header className="sticky top-(--strip) z-30 border-line border-b bg-surface" data-no-print="">
        <div className="mx-auto flex h-14 max-w-4xl items-center gap-4 px-4 sm:px-6">
          <div className="min-w-0 max-w-64 flex-1 sm:flex-none">{org}</div>
          <nav aria-label="Main" className="hidden flex-1 sm:block">
            <ul className="flex gap-1">
              {items.map(item => (
                <li key={item.to}>
                  <NavLink
                    to={item.to}
                    end={item.end}
                    prefetch="intent"
                    className={({ isActive }) =>
                      classNames(
                        'inline-flex min-h-9 items-center rounded-md px-3 pointer-coarse:min-h-11',
                        isActive ? 'bg-neutral-soft font-medium text-ink' : 'text-muted hover:text-ink',
                      )
                    }
                  >
                    {item.label}
                  </NavLink>
                </li>
              ))}
            </ul>
          </nav>
          <div className="ms-auto">
            <AccountMenu viewer={viewer} links={accountLinks} />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-4xl flex-1 px-4 pt-5 pb-24 sm:px-6 sm:py-8">
        {banner ? <div className="mb-4">{banner}</div> : null}
        <PageContent>{children}</PageContent>
      </main>
      <nav
        aria-label="Main, below"
        className="fixed inset-x-0 bottom-0 z-30 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] sm:hidden"
      >
        <ul className="flex">
          {items.map(item => (
            <li key={item.to} className="min-w-0 flex-1">
              <NavLink
                to={item.to}
                end={item.end}
                className={({ isActive }) =>
                  classNames(
                    'flex min-h-14 flex-col items-center justify-center gap-0.5 text-xs -outline-offset-2!',
                    isActive ? 'font-medium text-accent' : 'text-muted',
                  )
                }
              >
                <Icon name={item.icon} size={20} />
                <span className="max-w-full truncate">{item.label}</span>
              </NavLink>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  )
}

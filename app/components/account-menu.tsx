import { Form, Link } from '@remix-run/react'
import { Avatar } from './avatar.tsx'
import { Icon, type IconName } from './icon.tsx'
import { Menu, menuItemClass } from './menu.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

export type AccountLink = { label: string; to: string; icon?: IconName }

type AccountMenuProps = {
  viewer: { name: string; email: string; role?: string }
  links: readonly AccountLink[]
  signOutTo?: string
  side?: 'up' | 'down'
  /** Shows the name beside the initials (the admin's sidebar). */
  wide?: boolean
}

/** Who I am, my profile and sessions, the theme, and the way out (a POST, so that no link can sign me out). */
export function AccountMenu({ viewer, links, signOutTo = '/logout', side = 'down', wide = false }: AccountMenuProps) {
  return (
    <Menu
      label={`Account: ${viewer.name}`}
      side={side}
      align={wide ? 'start' : 'end'}
      triggerClass={
        wide
          ? 'flex min-h-10 items-center gap-2 rounded-md p-1.5 hover:bg-neutral-soft'
          : 'grid size-9 place-items-center rounded-full hover:bg-neutral-soft pointer-coarse:size-11'
      }
      trigger={
        wide ? (
          <>
            <Avatar name={viewer.name} size="sm" />
            <span className="min-w-0 flex-1 truncate font-medium">{viewer.name}</span>
            <Icon name="sort" className="text-faint" />
          </>
        ) : (
          <Avatar name={viewer.name} />
        )
      }
    >
      <div className="px-2 py-1.5">
        <p className="truncate font-medium">{viewer.name}</p>
        <p className="truncate text-muted text-sm">{viewer.email}</p>
        {viewer.role ? <p className="text-muted text-sm">{viewer.role}</p> : null}
      </div>
      <ul className="mt-1 border-line border-t pt-1">
        {links.map(({ label, to, icon }) => (
          <li key={to}>
            <Link to={to} className={menuItemClass}>
              <Icon name={icon ?? 'settings'} className="text-muted" />
              {label}
            </Link>
          </li>
        ))}
      </ul>
      <div className="mt-1 flex items-center justify-between border-line border-t px-2 pt-1">
        <span className="text-muted text-sm">Theme</span>
        <ThemeSwitch />
      </div>
      <Form method="post" action={signOutTo} className="mt-1 border-line border-t pt-1">
        <button type="submit" className={menuItemClass}>
          <Icon name="logout" className="text-muted" />
          Sign out
        </button>
      </Form>
    </Menu>
  )
}

import { NavLink } from '@remix-run/react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

/** One line of a shell's navigation. `count` is what waits there. `end` matches the exact address only. */
export type NavItem = { label: string; to: string; icon: IconName; count?: number; end?: boolean }

/** The admin's vertical navigation, in groups; a group may have a heading. */
export type NavGroup = { heading?: string; items: readonly NavItem[] }

export function NavGroups({ groups }: { groups: readonly NavGroup[] }) {
  return groups.map(({ heading, items }, index) => (
    <div key={heading ?? index} className="flex flex-col gap-0.5">
      {heading ? <p className="px-2 pt-3 pb-1 font-medium text-muted text-xs">{heading}</p> : null}
      <ul className="flex flex-col gap-0.5">
        {items.map(item => (
          <li key={item.to}>
            <NavLink
              to={item.to}
              end={item.end}
              prefetch="intent"
              className={({ isActive }) =>
                classNames(
                  'flex min-h-8 items-center gap-2 rounded-md px-2 pointer-coarse:min-h-11',
                  isActive
                    ? 'bg-neutral-soft font-medium text-ink'
                    : 'text-muted hover:bg-neutral-soft/60 hover:text-ink',
                )
              }
            >
              {({ isActive }) => (
                <>
                  <Icon name={item.icon} className={isActive ? 'text-accent' : undefined} />
                  <span className="min-w-0 flex-1 truncate">{item.label}</span>
                  <Waiting count={item.count} />
                </>
              )}
            </NavLink>
          </li>
        ))}
      </ul>
    </div>
  ))
}

function Waiting({ count }: { count: number | undefined }) {
  if (!count) return null
  return (
    <span className="num rounded-sm bg-accent-soft px-1.5 font-medium text-accent text-xs">
      {count > 999 ? '999+' : count}
      <span className="sr-only"> waiting</span>
    </span>
  )
}

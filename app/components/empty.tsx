import type { ReactNode } from 'react'
import { LinkButton } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'

/** Nothing here yet: what this is, and the one thing to do. */
export function Empty({
  icon = 'file',
  title,
  children,
  action,
}: {
  icon?: IconName
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      <span className="grid size-10 place-items-center rounded-full bg-neutral-soft text-muted">
        <Icon name={icon} size={20} />
      </span>
      <p className="font-semibold">{title}</p>
      {children ? <div className="max-w-md text-muted text-sm">{children}</div> : null}
      {action ? <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div> : null}
    </div>
  )
}

/** Nothing matches: not the same as nothing there. */
export function EmptyFiltered({ things, clearTo }: { things: string; clearTo: string }) {
  return (
    <Empty
      icon="search"
      title={`No ${things} match these filters`}
      action={<LinkButton to={clearTo}>Clear filters</LinkButton>}
    >
      Try a wider period, another status, or fewer words.
    </Empty>
  )
}

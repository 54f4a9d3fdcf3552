import { Form } from '@remix-run/react'
import { classNames } from './class-names.ts'
import { Icon } from './icon.tsx'
import { Menu, menuItemClass } from './menu.tsx'

/** An organization the viewer belongs to, and as what. */
export type OrgChoice = { id: string; name: string; role: string }

/** The current organization; with more than one, a menu of POST buttons (switching changes the session). */
export function OrgSwitcher({
  current,
  orgs,
  action = '/switch',
}: {
  current: OrgChoice
  orgs: readonly OrgChoice[]
  action?: string
}) {
  const face = (
    <>
      <span
        aria-hidden="true"
        className="grid size-6 shrink-0 place-items-center rounded-md bg-accent-solid font-semibold text-on-accent text-xs"
      >
        {[...current.name][0]?.toUpperCase()}
      </span>
      <span className="min-w-0 flex-1 truncate text-start font-semibold">{current.name}</span>
    </>
  )
  if (orgs.length < 2) return <div className="flex min-h-10 min-w-0 items-center gap-2 p-1.5">{face}</div>
  return (
    <Menu
      label={`Organization: ${current.name}. Switch`}
      align="start"
      triggerClass="flex min-h-10 min-w-0 items-center gap-2 rounded-md p-1.5 hover:bg-neutral-soft"
      trigger={
        <>
          {face}
          <Icon name="sort" className="text-faint" />
        </>
      }
    >
      <Form method="post" action={action}>
        <ul>
          {orgs.map(({ id, name, role }) => (
            <li key={id}>
              <button
                type="submit"
                name="orgId"
                value={id}
                aria-current={id === current.id}
                className={classNames(menuItemClass, 'justify-between')}
              >
                <span className="min-w-0">
                  <span className="block truncate font-medium">{name}</span>
                  <span className="block text-muted text-sm">{role}</span>
                </span>
                {id === current.id ? <Icon name="check" className="text-accent" /> : null}
              </button>
            </li>
          ))}
        </ul>
      </Form>
    </Menu>
  )
}

import { useFetcher, useFetchers, useLocation, useRouteLoaderData } from '@remix-run/react'
import { isTheme, type Theme } from '#app/theme.ts'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

const FETCHER = 'theme'

const choices: { theme: Theme; label: string; icon: IconName }[] = [
  { theme: 'light', label: 'Light', icon: 'sun' },
  { theme: 'dark', label: 'Dark', icon: 'moon' },
  { theme: 'system', label: 'Like this device', icon: 'monitor' },
]

/** Light, dark, or as the device says: three submit buttons of a plain form to `/theme`. */
export function ThemeSwitch() {
  const fetcher = useFetcher({ key: FETCHER })
  const { pathname, search } = useLocation()
  const current = useTheme()
  return (
    <fetcher.Form method="post" action="/theme" className="flex items-center gap-0.5" aria-label="Theme">
      <input type="hidden" name="returnTo" value={pathname + search} />
      {choices.map(({ theme, label, icon }) => (
        <button
          key={theme}
          type="submit"
          name="theme"
          value={theme}
          aria-pressed={current === theme}
          title={label}
          className={classNames(
            'grid size-7 place-items-center rounded-md pointer-coarse:size-11',
            current === theme ? 'bg-neutral-soft text-ink' : 'text-muted hover:text-ink',
          )}
        >
          <Icon name={icon} />
          <span className="sr-only">{label}</span>
        </button>
      ))}
    </fetcher.Form>
  )
}

/** The theme of this page: the one just chosen, before the server answers, else the root loader's. */
export function useTheme(): Theme {
  const chosen = useFetchers()
    .find(fetcher => fetcher.key === FETCHER)
    ?.formData?.get('theme')
  const root = useRouteLoaderData('root') as { theme?: Theme } | undefined
  return isTheme(chosen) ? chosen : (root?.theme ?? 'system')
}

/** What the person chose. `system` follows the device, and is what nobody chose. */
export type Theme = 'light' | 'dark' | 'system'

const COOKIE = 'theme'
const YEAR_SECONDS = 365 * 24 * 60 * 60

/** Whether a form's value is a theme. */
export function isTheme(value: unknown): value is Theme {
  return value === 'light' || value === 'dark' || value === 'system'
}

/** Reads the theme from a Cookie header; anything unknown is `system`. */
export function readTheme(cookieHeader: string | null): Theme {
  const match = cookieHeader?.match(/(?:^|;\s*)theme=(\w+)/)
  return isTheme(match?.[1]) ? match[1] : 'system'
}

/** The Set-Cookie value that keeps a theme for a year. It is a preference, not a secret; `secure` is for https. */
export function themeCookie(theme: Theme, secure: boolean): string {
  const age = theme === 'system' ? 0 : YEAR_SECONDS
  return `${COOKIE}=${theme}; Path=/; Max-Age=${age}; SameSite=Lax; HttpOnly${secure ? '; Secure' : ''}`
}

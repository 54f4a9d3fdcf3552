/** What a page looks like before one knows more: figures above a list, a list, one thing with its facts, fields to fill in. */
export type PageKind = 'overview' | 'list' | 'detail' | 'form'

const overviews = new Set(['/admin', '/admin/payouts', '/portal'])
const forms = new Set(['new', 'edit', 'import', 'settings', 'account', 'setup'])

const trimmed = (pathname: string) => pathname.replace(/\/+$/, '')

/** The kind of page behind a path, by how our addresses are made: ids are prefixed, and forms have their verb at the end. */
export function pageKindOf(pathname: string): PageKind {
  const path = trimmed(pathname)
  const last = path.split('/').at(-1) ?? ''
  if (overviews.has(path)) return 'overview'
  if (forms.has(last)) return 'form'
  return /^[a-z]+_\w/.test(last) ? 'detail' : 'list'
}

/** Whether it is one of a list's pages, which lead back to it by breadcrumbs: `/admin/payouts/new`, not `/admin/settings`. */
export function isBelowAList(pathname: string): boolean {
  return trimmed(pathname).split('/').length > 3
}

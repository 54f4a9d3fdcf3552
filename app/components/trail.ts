import { withParams } from './search-params.ts'

/*
 * Keyset lists know the way on, not the way back. So the address keeps the way: its one cursor parameter holds the cursors of
 * all pages since the first, joined by dots (no cursor contains one), the current page's last. Whatever drops the parameter
 * (a filter, a tab, a sort) drops the way with it.
 */

/** A longer way forgets its beginning, so that an address stays one that servers and mail programs take. */
const longest = 1_500

const wayOf = (params: URLSearchParams, name: string) => (params.get(name) ?? '').split('.')

/** The current page's cursor for the procedure; undefined on the first page, and for one longer than any of ours. */
export function cursorIn(params: URLSearchParams, name = 'after', max = 400): string | undefined {
  const cursor = wayOf(params, name).at(-1)
  return cursor && cursor.length <= max ? cursor : undefined
}

export interface Steps {
  prev: string | null
  next: string | null
  /** The start of the list, where it is further than one step back. */
  first: string | null
}

/** The links of a page, given the cursor of the one that follows. */
export function stepsFrom(params: URLSearchParams, next: string | null, name = 'after'): Steps {
  const to = (way: readonly string[]) => withParams(params, { [name]: way.length > 0 ? way.join('.') : null })
  const way = params.get(name) ? wayOf(params, name) : []
  const onward = next === null ? null : cut([...way, next])
  const back = way.slice(0, -1)
  // An empty first step says that earlier ones were forgotten.
  const lost = back.length === 1 && back[0] === ''
  return {
    prev: way.length === 0 || lost ? null : to(back),
    next: onward && to(onward),
    first: back.length > 0 ? to([]) : null,
  }
}

function cut(way: string[]): string[] {
  let kept = way.filter(cursor => cursor !== '')
  let forgot = kept.length < way.length
  while (kept.length > 1 && kept.join('.').length > longest) {
    kept = kept.slice(1)
    forgot = true
  }
  return forgot ? ['', ...kept] : kept
}

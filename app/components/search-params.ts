/**
 * The current query with some parameters replaced, as a `to` for a link (`?a=1&b=2`). `null` removes one, a list sets
 * several of the same name. Everything else in the address stays, so filters survive sorting and paging.
 */
export function withParams(
  search: string | URLSearchParams,
  changes: Record<string, string | readonly string[] | null | undefined>,
): string {
  const params = new URLSearchParams(search)
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name)
    if (value === null || value === undefined) continue
    for (const one of typeof value === 'string' ? [value] : value) params.append(name, one)
  }
  return `?${params}`
}

/** The current query without one value of a parameter that may occur several times. */
export function withoutValue(search: string | URLSearchParams, name: string, value: string): string {
  const kept = new URLSearchParams(search).getAll(name).filter(one => one !== value)
  return withParams(search, { [name]: kept })
}

import type { ServerBuild } from '@remix-run/node'

type Routes = ServerBuild['routes']

interface Pattern {
  pattern: string
  matches: RegExp
}

/**
 * Says by which pattern a path is routed: `/admin/payouts/:payoutId`, never the path itself, which holds ids and whatever else somebody
 * types. A page and its data twin of single fetch have the same; what no route knows is `unmatched`.
 */
export function routePatterns(routes: Routes, fixed: readonly string[]): (path: string) => string {
  const patterns = [...fixed, ...Object.values(routes).flatMap(route => patternOf(route, routes) ?? [])]
  const known = [...new Set(patterns)].sort((a, b) => rank(a).localeCompare(rank(b))).map(compile)
  return path => {
    const page = path === '/_root.data' ? '/' : path.replace(/\.data$/, '').replace(/(?<=.)\/+$/, '')
    return known.find(({ matches }) => matches.test(page))?.pattern ?? 'unmatched'
  }
}

function patternOf(route: Routes[string], routes: Routes): string | null {
  if (!route || (route.path === undefined && !route.index)) return null
  const parts: string[] = []
  for (let at: Routes[string] | undefined = route; at; at = at.parentId ? routes[at.parentId] : undefined)
    if (at.path) parts.unshift(at.path)
  return `/${parts.join('/')}`
}

/** A word goes before a parameter, and that before the rest of a path. */
function rank(pattern: string): string {
  return pattern
    .split('/')
    .map(part => (part === '*' ? '2' : part.includes(':') ? '1' : '0') + part)
    .join('/')
}

function compile(pattern: string): Pattern {
  const source = pattern
    .split('/')
    .map(part => (part === '*' ? '.*' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/:\w+\??/g, '[^/]+')))
    .join('/')
  return { pattern, matches: new RegExp(`^${source}$`) }
}

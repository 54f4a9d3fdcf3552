import type { RouteConfigEntry } from '@remix-run/route-config'
import routes from '#app/routes.ts'

/** One address of the app: its pattern as routes.ts has it, the id single fetch knows it by, and whether people see it as a page. */
export interface Route {
  pattern: string
  id: string
  isPage: boolean
}

/** Every address that routes.ts knows; layouts are none of their own. */
export const allRoutes: readonly Route[] = flatten(routes as RouteConfigEntry[], '')

function flatten(entries: RouteConfigEntry[], parent: string): Route[] {
  return entries.flatMap(({ path, index, file, children }) => {
    const pattern = path === undefined ? parent : `${parent}/${path}`
    if (children) return flatten(children, pattern)
    if (path === undefined && !index) return []
    return [{ pattern: pattern || '/', id: file.replace(/\.tsx?$/, ''), isPage: file.endsWith('.tsx') }]
  })
}

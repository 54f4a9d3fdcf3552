import type { ParameterSpec, Values } from './parameters.ts'
import type { World } from './world.ts'

export interface Call<S extends ParameterSpec = ParameterSpec, R extends keyof S = never> {
  world: World
  /** The account the request acts on: the platform, or the connected one that a header names. */
  account: string
  /** What stood for each `:name` of the path, in order. */
  ids: string[]
  params: Values<S> & Required<Pick<Values<S>, R & keyof Values<S>>>
}

export interface Route {
  method: 'GET' | 'POST' | 'DELETE'
  /** With `:name` for ids. */
  path: string
  /** The stripe package's type whose names `parameters` holds, or null when it takes none. */
  mirrors: string | null
  parameters: ParameterSpec
  required: readonly string[]
  /** The stripe package's type of the answer. */
  answers: string
  /** Whether it can also act on a connected account; the others are the platform's alone. */
  onAccounts: boolean
  run: (call: Call) => object
}

/** Types a route's parameters for its handler. */
export function route<const S extends ParameterSpec, const R extends keyof S = never>(definition: {
  method: Route['method']
  path: string
  mirrors: string | null
  parameters?: S
  required?: readonly R[]
  answers: string
  onAccounts?: boolean
  run: (call: Call<S, R>) => object
}): Route {
  return { parameters: {}, required: [], onAccounts: false, ...definition } as unknown as Route
}

/** Finds the route for a method and path (without query). */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; ids: string[] } | null {
  const parts = path.split('/')
  for (const candidate of routes) {
    if (candidate.method !== method) continue
    const pattern = candidate.path.split('/')
    if (pattern.length !== parts.length) continue
    if (!pattern.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))) continue
    const ids = parts.filter((_, index) => pattern[index]!.startsWith(':')).map(decodeURIComponent)
    return { route: candidate, ids }
  }
  return null
}

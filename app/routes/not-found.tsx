import { data, type MetaFunction } from '@remix-run/node'

export const meta: MetaFunction = () => [{ title: 'Not found · Remit' }]

/** Every address that routes.ts doesn't know. The root's error page shows it. */
export function loader() {
  throw data(null, { status: 404 })
}

export function action() {
  return loader()
}

export default function NotFound() {
  return null
}

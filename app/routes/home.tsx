import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { homeOf } from '#server/auth/rules.ts'

/** The start page is where the person's role begins. */
export function loader({ context }: LoaderFunctionArgs) {
  return redirect(context.viewer ? homeOf(context.viewer.role) : '/login')
}

export default function Home() {
  return null
}

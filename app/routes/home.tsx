import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { homeOf } from '#server/auth/rules.ts'

/** The start page is where the person's role begins. */
export function loader({ context }: LoaderFunctionArgs) {
  return redirect(context.viewer ? homeOf(context.viewer.role) : '/login')
}

/** Does nothing, without asking the server; what follows every action is what live.tsx is after: the loaders are read again. */
export function clientAction() {
  return null
}

export default function Home() {
  return null
}

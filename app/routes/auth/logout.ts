import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { mutate } from '#app/api.server.ts'

/** Only a POST signs out: a link or an image on another page must not. */
export function loader() {
  return redirect('/')
}

export async function action(args: ActionFunctionArgs) {
  await mutate(args, api => api.auth.signOut())
  return redirect('/login', 303)
}

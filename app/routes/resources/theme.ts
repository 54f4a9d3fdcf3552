import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { ownPath } from '#app/routes/auth/return-path.ts'
import { isTheme, themeCookie } from '#app/theme.ts'

export function loader() {
  return redirect('/')
}

/** Keeps the chosen theme in a cookie and goes back to where the person was. */
export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData()
  const theme = form.get('theme')
  const to = ownPath(form.get('returnTo')) ?? '/'
  if (!isTheme(theme)) return redirect(to, 303)
  return redirect(to, { status: 303, headers: { 'Set-Cookie': themeCookie(theme, context.secure) } })
}

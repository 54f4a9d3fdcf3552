import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { mutate, redirectWithToast } from '#app/api.server.ts'

export function loader() {
  return redirect('/')
}

/** Turns the session to another of the person's organizations. The switcher names the choice `orgId`; it is a membership's id. */
export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const membershipId = String(form.get('membershipId') ?? form.get('orgId') ?? '')
  const outcome = await mutate(args, api => api.auth.switchOrganization({ membershipId }))
  if (!outcome.ok) return redirectWithToast(args.context, '/', { kind: 'error', message: outcome.message })
  return redirect(outcome.value.home, 303)
}

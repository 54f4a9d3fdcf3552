import type { LoaderFunctionArgs } from '@remix-run/node'
import { mutate } from '#app/api.server.ts'
import { checkInput } from '#server/registrations/rules.ts'

/** Whether somebody is there already, while the form is being filled in. What can't be asked is answered with nothing. */
export async function loader(args: LoaderFunctionArgs) {
  const search = new URL(args.request.url).searchParams
  const asked = checkInput.safeParse({
    contactEmail: search.get('email') ?? '',
    registrationId: search.get('registrationId') ?? undefined,
  })
  if (!asked.success) return null
  const outcome = await mutate(args, api => api.registrations.check(asked.data))
  if (outcome.ok) return outcome.value && { ...outcome.value, unknown: false }
  // Asked too often: the form says so, and can be sent in all the same.
  return { message: outcome.message, own: null, unknown: true }
}

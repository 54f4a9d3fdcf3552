import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { checkInput } from '#server/registrations/rules.ts'

/** Whether somebody is there already, while the form is being filled in. What can't be asked is answered with nothing. */
export async function loader(args: LoaderFunctionArgs) {
  const search = new URL(args.request.url).searchParams
  const asked = checkInput.safeParse({
    contactEmail: search.get('email') ?? '',
    registrationId: search.get('registrationId') ?? undefined,
  })
  return asked.success ? query(args, api => api.registrations.check(asked.data)) : null
}

import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { query, redirectWithToast } from '#app/api.server.ts'
import { AuthShell } from '#app/components/auth-shell.tsx'
import { homeOf } from '#server/auth/rules.ts'
import { attempt } from './attempt.server.ts'
import { fieldsFor, isSecondFactor, readProof } from './proof.server.ts'
import { ProveForms } from './prove-forms.tsx'
import { ownPath } from './return-path.ts'

export const meta: MetaFunction = () => [{ title: 'Second step · Remit' }]

/** The second step of signing in. Without a first one, or too long after it, it leads back there. */
export async function loader(args: LoaderFunctionArgs) {
  const { search, searchParams } = new URL(args.request.url)
  const ways = await query(args, api => api.auth.secondStep())
  if (ways) return { ways, search }
  const { viewer } = args.context
  throw redirect(viewer ? (ownPath(searchParams.get('to')) ?? homeOf(viewer.role)) : `/login${search}`)
}

export async function action(args: ActionFunctionArgs) {
  const { search, searchParams } = new URL(args.request.url)
  const proof = readProof(await args.request.formData())
  if (!proof || !isSecondFactor(proof)) return redirect(`/verify${search}`, 303)
  const outcome = await attempt(args, api => api.auth.finishSignIn(proof))
  if (!outcome.ok) {
    const { message, status } = outcome
    return data({ message, by: proof.by, fields: fieldsFor(proof.by, outcome.fields) }, { status })
  }
  const { home, codesLeft } = outcome.value
  const to = ownPath(searchParams.get('to')) ?? home
  if (proof.by !== 'recovery') return redirect(to, 303)
  const left = codesLeft === 1 ? 'One recovery code is left.' : `${codesLeft} recovery codes are left.`
  const message = `${left} Set up a new device under Account, or make new codes there.`
  return redirectWithToast(args.context, to, { kind: 'info', message })
}

export default function Verify() {
  const { ways, search } = useLoaderData<typeof loader>()
  const refusal = useActionData<typeof action>()
  return (
    <AuthShell
      title="One more step"
      description="Your password was right. Show that it is you with your second factor."
      footer={
        <Link to={`/login${search}`} className="link inline-flex min-h-11 items-center">
          Start over
        </Link>
      }
    >
      <ProveForms ways={ways} verb="Sign in" ceremony="signIn" errors={refusal} />
    </AuthShell>
  )
}

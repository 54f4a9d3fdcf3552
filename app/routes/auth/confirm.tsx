import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { AuthShell } from '#app/components/auth-shell.tsx'
import { LinkButton } from '#app/components/button.tsx'
import type { ConfirmWay } from '#server/lib/errors.ts'
import { attempt } from './attempt.server.ts'
import { fieldsOf, readErrand } from './errand.ts'
import { GoOn } from './go-on.tsx'
import { fieldsFor, readProof } from './proof.server.ts'
import { ProveForms } from './prove-forms.tsx'

export const meta: MetaFunction = () => [{ title: 'Confirm that it’s you · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const ways = await query(args, api => api.auth.waysToConfirm())
  return { ways, email: args.context.viewer?.email ?? '', errand: readErrand(args.request, null) }
}

/** First a form arrives that was held up, and is shown with the question; then the answer, with the form around it. */
export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const errand = readErrand(args.request, form)
  const proof = readProof(form)
  if (!proof) return data({ errand, refusal: null, confirmed: false })
  const outcome = await attempt(args, api => api.auth.confirm(proof))
  if (!outcome.ok) {
    const { message, status } = outcome
    const refusal = { message, by: proof.by, fields: fieldsFor(proof.by, outcome.fields) }
    return data({ errand, refusal, confirmed: false }, { status })
  }
  if (!errand.post) return redirect(errand.to ?? '/', 303)
  return data({ errand, refusal: null, confirmed: true })
}

export default function Confirm() {
  const { ways, email, errand: asked } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const errand = answer?.errand ?? asked
  if (answer?.confirmed)
    return (
      <AuthShell title="Thank you" description="It is you. What you were about to do goes on now.">
        <GoOn errand={errand} label="Go on" atOnce />
        {isFile(errand.to) ? <Back /> : null}
      </AuthShell>
    )
  return (
    <AuthShell
      title="Confirm that it’s you"
      description={`${asksFor(ways)} Then you go on where you were; nothing you typed is lost.`}
    >
      <ProveForms
        ways={ways}
        verb="Confirm"
        ceremony="confirm"
        email={email}
        carried={fieldsOf(errand)}
        errors={answer?.refusal}
      />
    </AuthShell>
  )
}

function asksFor(ways: readonly ConfirmWay[]): string {
  return ways.includes('password')
    ? 'Before you set up a second factor, enter your password once more.'
    : 'For what moves money or decides who may, Remit asks for your second factor again ten minutes after the last time.'
}

/** A download leaves this page where it is. */
function isFile(to: string | null): boolean {
  return /\.\w+($|\?)/.test(to ?? '')
}

function Back() {
  return (
    <p className="mt-3">
      <LinkButton to="/" block>
        To the start page
      </LinkButton>
    </p>
  )
}

import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { AuthShell } from '#app/components/auth-shell.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Form } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { attempt } from './attempt.server.ts'

export const meta: MetaFunction = () => [{ title: 'Forgot your password · Remit' }]

export function loader({ request }: LoaderFunctionArgs) {
  return { sent: new URL(request.url).searchParams.has('sent') }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const email = String(form.get('email') ?? '')
  const outcome = await attempt(args, api => api.auth.forgotPassword({ email }))
  if (!outcome.ok) return data({ ...outcome, email: email.slice(0, 254) }, { status: outcome.status })
  return redirect('/forgot?sent', 303)
}

export default function Forgot() {
  const { sent } = useLoaderData<typeof loader>()
  const refusal = useActionData<typeof action>()
  const footer = (
    <Link to="/login" className="link inline-flex min-h-11 items-center">
      Back to sign-in
    </Link>
  )
  // The same words whether or not anybody has that address: the page must not tell who is here.
  if (sent && !refusal)
    return (
      <AuthShell title="Look in your mailbox" footer={footer}>
        <p>
          If somebody here uses that address, a link to choose a new password is on its way to it. The link works once,
          for ten minutes.
        </p>
        <p className="mt-3 text-muted text-sm">
          Nothing there? Look among the unwanted mail, or{' '}
          <Link to="/forgot" className="link">
            try another address
          </Link>
          .
        </p>
      </AuthShell>
    )
  return (
    <AuthShell
      title="Forgot your password?"
      description="We send a link to choose a new one to the address you sign in with."
      footer={footer}
    >
      <Form errors={refusal}>
        <Input
          name="email"
          type="email"
          label="Email"
          autoComplete="username"
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          required
          defaultValue={refusal?.email}
          error={refusal?.fields.email}
        />
        <SubmitButton size="lg" block>
          Send the link
        </SubmitButton>
      </Form>
    </AuthShell>
  )
}

import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { AuthShell } from '#app/components/auth-shell.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Form, HiddenFields } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { homeOf } from '#server/auth/rules.ts'
import { attempt } from './attempt.server.ts'
import { PasskeyForm } from './passkey-form.tsx'
import { ownPath } from './return-path.ts'

export const meta: MetaFunction = () => [{ title: 'Sign in · Remit' }]

export function loader({ request, context }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url)
  const to = ownPath(searchParams.get('to') ?? searchParams.get('returnTo'))
  if (context.viewer) throw redirect(to ?? homeOf(context.viewer.role))
  return { to, passkeys: context.passkeysPossible }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  if (form.get('remit.by') === 'passkey') {
    const response = String(form.get('remit.passkey') ?? '')
    const entered = await attempt(args, api => api.auth.signInWithPasskey({ response }))
    if (entered.ok) return redirect(ownPath(form.get('to')) ?? entered.value.home, 303)
    const fields: Record<string, string> = {}
    return data({ ...entered, fields, email: '' }, { status: entered.status })
  }
  const email = String(form.get('email') ?? '')
  const outcome = await attempt(args, api => api.auth.signIn({ email, password: String(form.get('password') ?? '') }))
  // The address is kept for the next try, the password never.
  if (!outcome.ok) return data({ ...outcome, email: email.slice(0, 254) }, { status: outcome.status })
  const to = ownPath(form.get('to'))
  const { home } = outcome.value
  if (home === '/verify') return redirect(to ? `/verify?to=${encodeURIComponent(to)}` : '/verify', 303)
  return redirect(to ?? home, 303)
}

export default function Login() {
  const { to, passkeys } = useLoaderData<typeof loader>()
  const refusal = useActionData<typeof action>()
  return (
    <AuthShell
      title="Sign in"
      footer={
        <Link to="/forgot" className="link inline-flex min-h-11 items-center">
          Forgot your password?
        </Link>
      }
    >
      <Form errors={refusal}>
        <HiddenFields values={{ to: to ?? undefined }} />
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
        <Input
          name="password"
          type="password"
          label="Password"
          autoComplete="current-password"
          required
          error={refusal?.fields.password}
        />
        <SubmitButton size="lg" block>
          Sign in
        </SubmitButton>
      </Form>
      {passkeys ? (
        <div className="mt-4">
          <PasskeyForm
            ceremony="signIn"
            label="Use a passkey"
            carried={to ? [['to', to]] : []}
            variant="secondary"
            size="lg"
            block
          />
        </div>
      ) : null}
    </AuthShell>
  )
}

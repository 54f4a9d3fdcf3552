import {
  type ActionFunctionArgs,
  data,
  type HeadersFunction,
  type LoaderFunctionArgs,
  type MetaFunction,
  redirect,
} from '@remix-run/node'
import { isRouteErrorResponse, Link, useActionData, useLoaderData, useRouteError } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { AuthShell } from '#app/components/auth-shell.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { describeError, ErrorPage } from '#app/components/error-page.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Form } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { When } from '#app/components/when.tsx'
import { roleLabels } from '#server/auth/rules.ts'
import { attempt } from './attempt.server.ts'
import { NewPassword } from './new-password.tsx'
import { notForSearch, privateLinkHeaders } from './private-link.ts'

export const meta: MetaFunction<typeof loader> = ({ data: page }) => [
  { title: page ? `Join ${page.invitation.orgName} · Remit` : 'Invitation · Remit' },
  notForSearch,
]
export const headers: HeadersFunction = () => privateLinkHeaders

export async function loader(args: LoaderFunctionArgs) {
  const token = args.params.token ?? ''
  const invitation = await query(args, api => api.auth.invitation({ token }))
  return { invitation, as: roleLabels[invitation.role], signedInAs: args.context.viewer?.email ?? null }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const outcome = await attempt(args, api =>
    api.auth.acceptInvitation({ token: args.params.token ?? '', name: text('name'), password: text('password') }),
  )
  if (!outcome.ok) return data({ ...outcome, name: text('name')?.slice(0, 120) }, { status: outcome.status })
  return redirect(outcome.value.home, 303)
}

export default function Invite() {
  const { invitation, as, signedInAs } = useLoaderData<typeof loader>()
  const refusal = useActionData<typeof action>()
  const { email, orgName, partnerName, inviterName, expiresAt, needs } = invitation
  return (
    <AuthShell
      title={`Join ${orgName}`}
      description={
        partnerName
          ? `${inviterName} invites you to see the earnings and payouts of ${partnerName}.`
          : `${inviterName} invites you as ${as.name}: ${lowerFirst(as.says)}.`
      }
    >
      <Facts
        facts={[
          { label: 'Your sign-in', value: email },
          { label: 'The link works until', value: <When at={expiresAt} timeZone="UTC" />, hint: 'UTC' },
        ]}
      />
      <Form errors={refusal} className="mt-5">
        {/* Tells password managers which account the password belongs to. */}
        <input type="email" name="email" value={email} autoComplete="username" readOnly hidden />
        {needs === 'account' ? (
          <>
            <Input
              name="name"
              label="Your name"
              autoComplete="name"
              maxLength={120}
              required
              defaultValue={refusal?.name}
              error={refusal?.fields.name}
            />
            <NewPassword label="Choose a password" error={refusal?.fields.password} />
          </>
        ) : null}
        {needs === 'password' ? (
          <Input
            name="password"
            type="password"
            label="Your password"
            hint={
              signedInAs && signedInAs !== email
                ? `${email} has an account already. You are signed in as ${signedInAs}; joining signs you in as ${email}.`
                : `${email} has an account already: enter its password.`
            }
            autoComplete="current-password"
            required
            error={refusal?.fields.password}
          />
        ) : null}
        {needs === 'nothing' ? <p className="text-muted">You are signed in as {email}.</p> : null}
        <SubmitButton size="lg" block>
          {`Join ${orgName}`}
        </SubmitButton>
      </Form>
      {needs === 'password' ? (
        <p className="mt-3 text-sm">
          <Link to="/forgot" className="link inline-flex min-h-6 items-center">
            Forgot your password?
          </Link>
        </p>
      ) : null}
    </AuthShell>
  )
}

/** A link that opens nothing is told plainly; everything else as anywhere. */
export function ErrorBoundary() {
  const error = useRouteError()
  const status = isRouteErrorResponse(error) ? error.status : 500
  if (status !== 404 && status !== 400)
    return (
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-2xl px-4 py-6">
        <ErrorPage />
      </main>
    )
  const said = status === 404 ? describeError(error).message : undefined
  return (
    <AuthShell
      title="This invitation doesn’t open"
      footer={
        <Link to="/login" className="link inline-flex min-h-11 items-center">
          Have an account? Sign in
        </Link>
      }
    >
      <p>{said ?? 'The link is not complete. Copy it from the mail once more, or ask for a new one.'}</p>
    </AuthShell>
  )
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

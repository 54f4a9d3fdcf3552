import type { ActionFunctionArgs, HeadersFunction, MetaFunction } from '@remix-run/node'
import { Link, useActionData } from '@remix-run/react'
import { redirectWithToast, refuse } from '#app/api.server.ts'
import { AuthShell } from '#app/components/auth-shell.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Form } from '#app/components/form.tsx'
import { attempt } from './attempt.server.ts'
import { NewPassword } from './new-password.tsx'
import { notForSearch, privateLinkHeaders } from './private-link.ts'

export const meta: MetaFunction = () => [{ title: 'Choose a new password · Remit' }, notForSearch]
export const headers: HeadersFunction = () => privateLinkHeaders

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const token = args.params.token ?? ''
  const outcome = await attempt(args, api =>
    api.auth.resetPassword({ token, password: String(form.get('password') ?? '') }),
  )
  // A token that can't even be one is the link's fault, not the person's: the field it would name is not on the page.
  if (!outcome.ok && outcome.fields.token)
    return refuse({ ...outcome, message: 'This link is not complete. Copy it from the mail once more.', fields: {} })
  if (!outcome.ok) return refuse(outcome)
  return redirectWithToast(args.context, '/login', {
    kind: 'success',
    message: 'Your new password is set, and you were signed out everywhere. Sign in with it.',
  })
}

export default function Reset() {
  const refusal = useActionData<typeof action>()
  return (
    <AuthShell
      title="Choose a new password"
      description="You will be signed out on all your devices."
      footer={
        <Link to="/forgot" className="link inline-flex min-h-11 items-center">
          Ask for another link
        </Link>
      }
    >
      <Form errors={refusal}>
        <NewPassword error={refusal?.fields.password} />
        <SubmitButton size="lg" block>
          Set the password
        </SubmitButton>
      </Form>
    </AuthShell>
  )
}

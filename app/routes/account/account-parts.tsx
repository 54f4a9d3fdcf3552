import { Form as PlainForm } from '@remix-run/react'
import { Button, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox } from '#app/components/checkbox.tsx'
import { Facts } from '#app/components/facts.tsx'
import { ErrorSummary, Form, FormActions } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { NewPassword } from '#app/routes/auth/new-password.tsx'
import type { AccountAnswer, AccountData, AccountForm, AccountRefusal } from './account.server.ts'
import { Factors } from './factors.tsx'

/** Profile, password, sessions and organizations of the signed-in person. */
export function AccountParts({
  account,
  answer,
  page,
}: {
  account: AccountData
  answer?: AccountAnswer
  page: string
}) {
  const refusal = answer && 'message' in answer ? answer : undefined
  const errorsOf = (form: AccountForm) => (refusal?.form === form ? refusal : undefined)
  return (
    <>
      <Profile account={account} errors={errorsOf('profile')} />
      <Organizations organizations={account.organizations} />
      <Password email={account.email} errors={errorsOf('password')} />
      <Factors factors={account.factors} codes={answer?.codes ?? null} errors={errorsOf('factors')} page={page} />
      <Sessions sessions={account.sessions} errors={errorsOf('sessions')} />
    </>
  )
}

function Profile({ account, errors }: { account: AccountData; errors?: AccountRefusal }) {
  return (
    <Card title="Profile">
      <Form errors={errors}>
        <Input
          // A saved name comes back from the loader; the key makes the field show it.
          key={account.name}
          name="name"
          label="Your name"
          autoComplete="name"
          maxLength={120}
          required
          defaultValue={account.name}
          error={errors?.fields.name}
        />
        <Facts facts={[{ label: 'You sign in with', value: account.email }]} />
        <FormActions>
          <SubmitButton name="intent" value="profile">
            Save the name
          </SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}

function Organizations({ organizations }: { organizations: AccountData['organizations'] }) {
  if (organizations.length < 2) return null
  return (
    <Card title="Organizations" padding="none">
      <ul className="divide-y divide-line">
        {organizations.map(({ id, name, as, current }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-3">
            <div className="min-w-0">
              <p className="font-medium">{name}</p>
              <p className="text-muted text-sm">{as}</p>
            </div>
            {current ? (
              <Badge tone="accent" icon="check">
                You are here
              </Badge>
            ) : (
              <PlainForm method="post" action="/switch">
                <Button type="submit" name="membershipId" value={id}>
                  Switch<span className="sr-only"> to {name}</span>
                </Button>
              </PlainForm>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Password({ email, errors }: { email: string; errors?: AccountRefusal }) {
  return (
    <Card title="Password">
      <Form errors={errors}>
        {/* Tells password managers which account this is. */}
        <input type="email" name="username" value={email} autoComplete="username" readOnly hidden />
        <Input
          name="current"
          type="password"
          label="Current password"
          autoComplete="current-password"
          required
          error={errors?.fields.current}
        />
        <NewPassword error={errors?.fields.password} />
        <Checkbox name="endOtherSessions" label="Sign me out everywhere else" defaultChecked />
        <FormActions>
          <SubmitButton name="intent" value="password">
            Change the password
          </SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}

function Sessions({ sessions, errors }: { sessions: AccountData['sessions']; errors?: AccountRefusal }) {
  return (
    <Card
      title="Where you are signed in"
      padding="none"
      actions={
        sessions.length > 1 ? (
          <PlainForm method="post">
            <SubmitButton name="intent" value="endOtherSessions" variant="secondary">
              Sign out everywhere else
            </SubmitButton>
          </PlainForm>
        ) : null
      }
    >
      {errors ? (
        <div className="p-4">
          <ErrorSummary errors={errors} />
        </div>
      ) : null}
      <ul className="divide-y divide-line">
        {sessions.map(({ id, device, address, createdAt, lastSeenAt, current }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
            <div className="min-w-0">
              <p className="flex flex-wrap items-center gap-2 font-medium">
                {device}
                {current ? (
                  <Badge tone="accent" icon="check">
                    This one
                  </Badge>
                ) : null}
              </p>
              <p className="text-muted text-sm">
                {address} · since <When at={createdAt} mode="date" /> · last seen <When at={lastSeenAt} />
              </p>
            </div>
            <PlainForm method="post">
              <input type="hidden" name="intent" value="endSession" />
              <SubmitButton name="sessionId" value={id} variant="secondary">
                Sign out
                <span className="sr-only">
                  {' '}
                  {device}, since {new Date(createdAt).toISOString().slice(0, 10)}
                </span>
              </SubmitButton>
            </PlainForm>
          </li>
        ))}
      </ul>
    </Card>
  )
}

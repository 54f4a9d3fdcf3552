import type { ReactNode } from 'react'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox } from '#app/components/checkbox.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { ErrorSummary, Form, FormActions } from '#app/components/form.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { RecoveryCodes } from '#app/routes/auth/recovery-codes.tsx'
import type { AccountData, AccountRefusal } from './account.server.ts'

interface FactorsProps {
  factors: AccountData['factors']
  /** New recovery codes, shown this once. */
  codes: readonly string[] | null
  errors?: AccountRefusal
  page: string
}

/** The second factors of the signed-in person, and what to do when a device is gone. */
export function Factors({ factors, codes, errors, page }: FactorsProps) {
  const { totp, codesLeft, fewCodes, required } = factors
  const any = totp !== null || factors.passkeys.length > 0
  const setUp = `/two-factor?to=${encodeURIComponent(page)}`
  return (
    <Card
      title="Second factor"
      description={
        required ? 'Your organization asks for one before money moves.' : 'What a thief of your password doesn’t have.'
      }
      padding="none"
    >
      {errors || codes || fewCodes ? (
        <div className="flex flex-col gap-3 p-4">
          <ErrorSummary errors={errors} />
          {codes ? (
            <div>
              <p className="mb-2">
                <strong>Your new recovery codes.</strong> They are shown only now; the old ones no longer work.
              </p>
              <RecoveryCodes codes={codes} />
            </div>
          ) : fewCodes ? (
            <Banner tone="warning" title={codesLeft === 0 ? 'No recovery code is left' : 'Few recovery codes are left'}>
              Without one, losing your device means that an owner has to let you in again. Make new ones below.
            </Banner>
          ) : null}
        </div>
      ) : null}
      <ul className="divide-y divide-line">
        <Row
          title="Authenticator app"
          on={totp !== null}
          says={
            totp ? (
              <>
                since <When at={totp.createdAt} mode="date" />
                {totp.lastUsedAt === null ? null : (
                  <>
                    {' '}
                    · last used <When at={totp.lastUsedAt} />
                  </>
                )}
              </>
            ) : (
              'Six digits that an app on your phone shows.'
            )
          }
        >
          <LinkButton to={setUp} variant={any ? 'secondary' : 'primary'} reloadDocument>
            {totp ? 'Replace' : 'Set up'}
            <span className="sr-only"> the authenticator app</span>
          </LinkButton>
          {totp ? <RemoveApp last={factors.passkeys.length === 0} required={required} /> : null}
        </Row>
        {factors.passkeys.map(({ id, name, createdAt, lastUsedAt }) => (
          <Row
            key={id}
            title={`Passkey: ${name}`}
            says={
              <>
                since <When at={createdAt} mode="date" />
                {lastUsedAt === null ? ' · not used yet' : null}
                {lastUsedAt === null ? null : (
                  <>
                    {' '}
                    · last used <When at={lastUsedAt} />
                  </>
                )}
              </>
            }
          >
            <RemoveKey id={id} name={name} last={totp === null && factors.passkeys.length === 1} required={required} />
          </Row>
        ))}
        {factors.passkeysPossible ? (
          <Row title="Passkeys" says="A finger, a face, a PIN or a security key; they can’t be phished.">
            <LinkButton to={`${setUp}#passkey`} reloadDocument>
              Add a passkey
            </LinkButton>
          </Row>
        ) : null}
        {any ? (
          <Row title="Recovery codes" says={codesLeft === 1 ? 'One is left.' : `${codesLeft} are left.`}>
            <Form>
              <SubmitButton name="intent" value="renewCodes" variant="secondary">
                Make new ones<span className="sr-only"> of recovery codes</span>
              </SubmitButton>
            </Form>
          </Row>
        ) : null}
      </ul>
    </Card>
  )
}

function Row({ title, on, says, children }: { title: string; on?: boolean; says: ReactNode; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          {title}
          {on === undefined ? null : on ? (
            <Badge tone="success" icon="check">
              On
            </Badge>
          ) : (
            <Badge>Off</Badge>
          )}
        </p>
        <p className="text-muted text-sm">{says}</p>
      </div>
      <div className="flex flex-wrap items-start gap-2">{children}</div>
    </li>
  )
}

/** What is lost with it stands in the dialog. */
function RemoveApp({ last, required }: { last: boolean; required: boolean }) {
  return (
    <Dialog
      trigger={
        <>
          Remove<span className="sr-only"> the authenticator app</span>
        </>
      }
      variant="danger-quiet"
      title="Remove the authenticator app?"
    >
      <Form>
        <p>{lossOf(last, required)}</p>
        <Checkbox
          name="endOtherSessions"
          id="endOtherSessions-totp"
          label="Sign me out everywhere else"
          defaultChecked
        />
        <FormActions>
          <SubmitButton name="intent" value="removeTotp" variant="danger">
            Remove the app
          </SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

function RemoveKey({ id, name, last, required }: { id: string; name: string; last: boolean; required: boolean }) {
  return (
    <Dialog
      trigger={
        <>
          Remove<span className="sr-only"> the passkey {name}</span>
        </>
      }
      variant="danger-quiet"
      title={`Remove the passkey “${name}”?`}
    >
      <Form hidden={{ passkeyId: id }}>
        <p>
          {last ? lossOf(last, required) : 'Your other second factors stay. An email tells you that it was removed.'}
        </p>
        <Checkbox
          name="endOtherSessions"
          id={`endOtherSessions-${id.slice(0, 12)}`}
          label="Sign me out everywhere else"
          defaultChecked
        />
        <FormActions>
          <SubmitButton name="intent" value="removePasskey" variant="danger">
            Remove the passkey
          </SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

function lossOf(last: boolean, required: boolean): string {
  if (!last) return 'You go on with your passkeys. An email tells you that it was removed.'
  const then = required ? ' Before money moves you will have to set up a second factor again.' : ''
  return `It is your only second factor: from then on your password alone signs you in, and your recovery codes are worth nothing.${then}`
}

import { SubmitButton } from '#app/components/button.tsx'
import { firstError } from '#app/components/field.tsx'
import { ErrorSummary, type FormErrors } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import type { ConfirmWay } from '#server/lib/errors.ts'
import { Carried } from './go-on.tsx'
import { PasskeyForm } from './passkey-form.tsx'

interface ProveFormsProps {
  ways: readonly ConfirmWay[]
  /** What the buttons do: 'Sign in', 'Confirm'. */
  verb: string
  /** What a passkey is asked for. */
  ceremony: 'signIn' | 'confirm'
  /** What every form carries along. */
  carried?: readonly (readonly [string, string])[]
  errors?: (FormErrors & { by?: string }) | null
  /** For password managers. */
  email?: string
}

/**
 * A form for each way to prove who you are. They are plain forms, sent by the browser itself: what they carry along may lead
 * anywhere, and a page that came by script could not be sent on.
 */
export function ProveForms({ ways, verb, ceremony, carried = [], errors, email }: ProveFormsProps) {
  const fields = errors?.fields ?? {}
  const second = ways.some(way => way !== 'password')
  return (
    <div className="flex flex-col gap-5">
      {/* One field each: its own sentence stands beside it. */}
      <ErrorSummary errors={errors && { message: errors.message }} />
      {ways.includes('totp') ? (
        <form method="post" className="flex flex-col gap-4">
          <Carried fields={carried} />
          <CodeInput label="Code of your authenticator app" error={fields.code} autoFocus={!errors} />
          <SubmitButton name="remit.by" value="totp" size="lg" block>
            {verb}
          </SubmitButton>
        </form>
      ) : null}
      {ways.includes('passkey') ? (
        <PasskeyForm
          ceremony={ceremony}
          label="Use a passkey"
          carried={carried}
          variant={ways.includes('totp') ? 'secondary' : 'primary'}
          size="lg"
          block
          error={firstError(fields.passkey)}
        />
      ) : null}
      {ways.includes('password') ? (
        <form method="post" className="flex flex-col gap-4">
          <Carried fields={carried} />
          {email ? (
            <input type="email" name="remit.username" value={email} autoComplete="username" readOnly hidden />
          ) : null}
          <Input
            name="remit.password"
            id="password"
            type="password"
            label="Your password"
            autoComplete="current-password"
            required
            error={fields.password}
          />
          <SubmitButton name="remit.by" value="password" size="lg" block>
            {verb}
          </SubmitButton>
        </form>
      ) : null}
      {second ? (
        <details open={errors?.by === 'recovery' || undefined}>
          <summary className="link inline-flex min-h-11 cursor-pointer items-center text-sm">
            Use a recovery code instead
          </summary>
          <form method="post" className="mt-2 flex flex-col gap-4">
            <Carried fields={carried} />
            <Input
              name="remit.recoveryCode"
              id="recoveryCode"
              label="Recovery code"
              hint="One of the ten that you saved when you set up your second factor. Each works once."
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={60}
              required
              className="font-mono"
              error={fields.recoveryCode}
            />
            <SubmitButton name="remit.by" value="recovery" variant="secondary" size="lg" block>
              Use the recovery code
            </SubmitButton>
          </form>
        </details>
      ) : null}
    </div>
  )
}

/** Six digits of an authenticator app; phones offer their number pad, and what they find in messages. */
export function CodeInput({
  label,
  error,
  autoFocus,
}: {
  label: string
  error?: string | readonly string[] | null
  autoFocus?: boolean
}) {
  return (
    <Input
      name="remit.code"
      id="code"
      label={label}
      hint="Six digits. They change every 30 seconds."
      inputMode="numeric"
      autoComplete="one-time-code"
      pattern="\s*[0-9]{3}\s?[0-9]{3}\s*"
      title="Six digits"
      maxLength={9}
      required
      // The one thing to do on this page.
      autoFocus={autoFocus}
      className="num tracking-widest"
      error={error}
    />
  )
}

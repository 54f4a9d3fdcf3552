import { Checkbox } from '#app/components/checkbox.tsx'
import { firstError } from '#app/components/field.tsx'
import type { FormErrors } from '#app/components/form.tsx'
import { useHydrated } from '#app/components/hydrated.ts'
import { Input } from '#app/components/input.tsx'
import { PasskeyForm } from './passkey-form.tsx'

interface AddPasskeyProps {
  carried?: readonly (readonly [string, string])[]
  refusal?: FormErrors | null
}

/** Adds a passkey of this device, of a phone nearby, or of a security key. */
export function AddPasskey({ carried, refusal }: AddPasskeyProps) {
  const hydrated = useHydrated()
  const fields = refusal?.fields ?? {}
  if (!hydrated) return <p className="text-muted text-sm">Passkeys need scripts, which don’t run here.</p>
  return (
    <PasskeyForm
      ceremony="add"
      label="Add the passkey"
      variant="primary"
      carried={carried}
      error={firstError(fields.response)}
    >
      <p className="text-muted text-sm">
        This device, a phone nearby or a security key then signs you in, by finger, face or PIN.
      </p>
      <Input
        name="remit.name"
        id="name"
        label="Name"
        hint="So that you know it again: Work laptop, Blue key."
        maxLength={60}
        autoComplete="off"
        required
        error={fields.name}
      />
      <Checkbox
        name="remit.endOtherSessions"
        id="endOtherSessions-passkey"
        label="Sign me out everywhere else"
        defaultChecked
      />
    </PasskeyForm>
  )
}

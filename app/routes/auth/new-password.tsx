import type { FieldProps } from '#app/components/field.tsx'
import { Input } from '#app/components/input.tsx'

/** The field of a new password. One, not two: password managers and 'forgot' make up for a slip better than a second box does. */
export function NewPassword({ error, label = 'New password' }: { error?: FieldProps['error']; label?: string }) {
  return (
    <Input
      name="password"
      type="password"
      label={label}
      hint="At least 10 characters. A few words in a row make a good one."
      autoComplete="new-password"
      minLength={10}
      maxLength={256}
      required
      error={error}
    />
  )
}

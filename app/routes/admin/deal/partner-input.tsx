import { Input } from '#app/components/input.tsx'

export type PartnerOption = { name: string; email: string }

type PartnerInputProps = {
  name: string
  label: string
  id?: string
  /** Suggestions; others can be typed as well. */
  options: readonly PartnerOption[]
  defaultValue?: string
  error?: string
  hint?: string
  required?: boolean
  optional?: boolean
  hideLabel?: boolean
}

/** A partner by name or email address, with suggestions; findPartner reads it. */
export function PartnerInput({ options, ...field }: PartnerInputProps) {
  const list = `${field.id ?? field.name}-options`
  const names = options.map(({ name }) => name)
  return (
    <div>
      <Input placeholder="Name or email address" {...field} list={list} autoComplete="off" maxLength={200} />
      <datalist id={list}>
        {options.map(({ name, email }) => (
          // Two partners of one name are told apart by their addresses.
          <option key={email} value={names.indexOf(name) === names.lastIndexOf(name) ? name : email}>
            {email}
          </option>
        ))}
      </datalist>
    </div>
  )
}

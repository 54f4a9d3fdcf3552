import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { FieldError } from '#app/components/field.tsx'
import { useTeamPage } from './page-data.ts'

/** The roles with what each may do, as radio buttons. */
export function RoleChoice({ id, current, error }: { id: string; current: string; error?: string }) {
  const { roles } = useTeamPage()
  return (
    <ChoiceGroup legend="Role">
      {roles.map(({ value, label, says }) => (
        <Checkbox
          key={value}
          type="radio"
          name="role"
          id={`${id}-${value}`}
          value={value}
          label={label}
          hint={says}
          defaultChecked={value === current}
        />
      ))}
      <FieldError id={`${id}-role-error`} message={error} />
    </ChoiceGroup>
  )
}

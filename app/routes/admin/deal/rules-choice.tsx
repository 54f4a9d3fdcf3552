import { useEffect, useRef, useState } from 'react'
import { Checkbox } from '#app/components/checkbox.tsx'
import { useHydrated } from '#app/components/hydrated.ts'
import { Textarea } from '#app/components/input.tsx'

/** What rules ask of a deal, by the names of the form's fields. */
const asked = ['amount', 'product', 'territory', 'type', 'programId', 'closedOn']

type Props = { before: Record<string, string>; values: Record<string, string>; errors: Record<string, string> }

/**
 * Of a won deal: whether its commissions keep the rules they were booked by. Shown once something changes that rules ask for; without
 * scripts always.
 */
export function RulesChoice({ before, values, errors }: Props) {
  const place = useRef<HTMLFieldSetElement>(null)
  const hydrated = useHydrated()
  const [changed, setChanged] = useState(false)
  const [matches, setMatches] = useState(values.rules === 'match')
  useEffect(() => {
    const form = place.current?.form
    if (!form) return
    const look = () => {
      const now = new FormData(form)
      setChanged(asked.some(name => String(now.get(name) ?? '').trim() !== (before[name] ?? '')))
    }
    look()
    form.addEventListener('input', look)
    return () => form.removeEventListener('input', look)
  }, [before])
  return (
    <fieldset ref={place} hidden={hydrated && !changed && !errors.rules} className="flex flex-col gap-3">
      <legend className="mb-2 font-medium">The rules of its commissions</legend>
      <Checkbox
        type="radio"
        id="rules-keep"
        name="rules"
        value="keep"
        label="Keep the rules by which they were booked"
        hint="Only the credit and the amount change."
        defaultChecked={!matches}
        onChange={() => setMatches(false)}
      />
      <Checkbox
        type="radio"
        id="rules-match"
        name="rules"
        value="match"
        label="Match the rules again"
        hint="Those in force at the close, for the corrected deal. The difference is booked as lines of its own."
        error={errors.rules}
        defaultChecked={matches}
        onChange={() => setMatches(true)}
      />
      {matches || !hydrated ? (
        <Textarea
          name="rulesReason"
          label="Why"
          hint="The partners read it."
          maxLength={1500}
          defaultValue={values.rulesReason ?? ''}
          error={errors.rulesReason}
        />
      ) : null}
    </fieldset>
  )
}

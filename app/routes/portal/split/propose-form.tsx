import { useState } from 'react'
import { SubmitButton } from '#app/components/button.tsx'
import { classNames } from '#app/components/class-names.ts'
import { Form, FormActions } from '#app/components/form.tsx'
import { Input, Textarea } from '#app/components/input.tsx'
import { percentDigits, percentWords, readPercent } from '#server/lib/percent.ts'
import type { SplitView } from '#server/splits/view.ts'

type Props = {
  partners: SplitView['partners']
  hidden: Record<string, string | number>
  refusal: { message: string; fields: Record<string, string>; values: Record<string, string> } | null
}

/** A share for each partner, with what is still to be given away; the server counts again. */
export function ProposeForm({ partners, hidden, refusal }: Props) {
  const [typed, setTyped] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      partners.map(({ id, bp }) => [id, refusal?.values[`share-${id}`] ?? (bp === null ? '' : percentDigits(bp))]),
    ),
  )
  const parts = partners.map(({ id }) => (typed[id]?.trim() ? readPercent(typed[id]) : 0))
  const left = parts.includes(null) ? null : 10_000 - parts.reduce<number>((sum, part) => sum + (part ?? 0), 0)
  return (
    <Form hidden={hidden} errors={refusal && { message: refusal.message }}>
      {partners.map(({ id, name, own }) => (
        <Input
          key={id}
          name={`share-${id}`}
          label={own ? `${name} (you), in %` : `${name}, in %`}
          inputMode="decimal"
          autoComplete="off"
          maxLength={8}
          value={typed[id] ?? ''}
          onChange={event => setTyped({ ...typed, [id]: event.target.value })}
          error={refusal?.fields[`share-${id}`]}
        />
      ))}
      <output className={classNames('num', left === 0 ? 'text-success' : 'text-muted')}>{leftWords(left)}</output>
      <Textarea
        name="note"
        label="A word to the others"
        optional
        rows={2}
        maxLength={2000}
        defaultValue={refusal?.values.note ?? ''}
        error={refusal?.fields.note}
      />
      <FormActions>
        <SubmitButton size="lg" name="send" value="propose">
          Propose
        </SubmitButton>
      </FormActions>
    </Form>
  )
}

function leftWords(left: number | null): string {
  if (left === null) return 'Write shares like 33.33.'
  if (left === 0) return 'The shares add up to 100 %.'
  return left > 0 ? `${percentWords(left)} are still to be given.` : `${percentWords(-left)} too much.`
}

import type { ReactNode } from 'react'
import { Checkbox } from './checkbox.tsx'
import type { FieldProps } from './field.tsx'

type ConfirmBoxProps = {
  /** What exactly will happen: how many, how much, to whom, who is told. */
  children: ReactNode
  /** What can't be taken back. */
  warning?: ReactNode
  /** The sentence to agree to. */
  label?: string
  name?: string
  id?: string
  error?: FieldProps['error']
}

/** The step before money moves: the facts, and a required box 'I have checked …'. The server asks for it too. */
export function ConfirmBox({
  children,
  warning,
  label = 'I have checked the amount and the recipient.',
  name = 'confirmed',
  id,
  error,
}: ConfirmBoxProps) {
  return (
    <div className="flex flex-col gap-3 rounded-lg border border-line bg-sunken p-3.5">
      <div>{children}</div>
      {warning ? <p className="text-muted text-sm">{warning}</p> : null}
      <Checkbox name={name} id={id} value="yes" required label={label} error={error} />
    </div>
  )
}

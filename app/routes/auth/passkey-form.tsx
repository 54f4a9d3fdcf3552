import { type ReactNode, useRef, useState } from 'react'
import { Button, type ButtonSize, type ButtonVariant } from '#app/components/button.tsx'
import { FieldError } from '#app/components/field.tsx'
import { useHydrated } from '#app/components/hydrated.ts'
import { Carried } from './go-on.tsx'
import { type Ceremony, passkey, saysOf } from './passkey.ts'

interface PasskeyFormProps {
  ceremony: Ceremony
  label: ReactNode
  carried?: readonly (readonly [string, string])[]
  variant?: ButtonVariant
  size?: ButtonSize
  block?: boolean
  /** What the server said against the last answer. */
  error?: string
  /** Further fields of the form, filled in before the device is asked. */
  children?: ReactNode
}

/** Asks the device, and posts its answer in a plain form. Not there without scripts, which are how a browser reaches passkeys. */
export function PasskeyForm({
  ceremony,
  label,
  carried = [],
  variant,
  size,
  block,
  error,
  children,
}: PasskeyFormProps) {
  const form = useRef<HTMLFormElement>(null)
  const answer = useRef<HTMLInputElement>(null)
  const [state, setState] = useState<{ asking: boolean; problem?: string }>({ asking: false })
  const hydrated = useHydrated()
  if (!hydrated) return null
  const ask = async () => {
    if (!form.current?.reportValidity() || !answer.current) return
    setState({ asking: true })
    try {
      answer.current.value = await passkey[ceremony]()
      form.current.submit()
    } catch (problem) {
      setState({ asking: false, problem: saysOf(problem) })
    }
  }
  return (
    <form
      ref={form}
      method="post"
      className="flex flex-col gap-3"
      onSubmit={event => {
        // Enter in a field asks the device too.
        event.preventDefault()
        void ask()
      }}
    >
      <Carried fields={carried} />
      <input type="hidden" name="remit.by" value="passkey" />
      <input ref={answer} type="hidden" name="remit.passkey" />
      {children}
      <div>
        <Button type="submit" icon="key" variant={variant} size={size} block={block} pending={state.asking}>
          {label}
        </Button>
        <div role="status" className="mt-1">
          <FieldError id={`passkey-${ceremony}-error`} message={state.problem ?? error} />
        </div>
      </div>
    </form>
  )
}

import { useEffect, useRef } from 'react'
import { Button, LinkButton } from '#app/components/button.tsx'
import type { Errand } from './errand.ts'

/** Leads on with an errand: a link, or the form that was held up. `atOnce` sends it without a click where scripts run. */
export function GoOn({ errand, atOnce = false, label }: { errand: Errand; atOnce?: boolean; label: string }) {
  const form = useRef<HTMLFormElement>(null)
  const sent = useRef(false)
  useEffect(() => {
    if (!atOnce || sent.current) return
    sent.current = true
    form.current?.submit()
  }, [atOnce])
  if (!errand.post)
    return (
      <LinkButton to={errand.to ?? '/'} variant="primary" size="lg" block reloadDocument>
        {label}
      </LinkButton>
    )
  return (
    <form ref={form} method="post" action={errand.to ?? '/'}>
      <Carried fields={errand.fields} />
      <Button type="submit" variant="primary" size="lg" block>
        {label}
      </Button>
    </form>
  )
}

/** Hidden inputs; names may repeat, as those of checkboxes do. */
export function Carried({ fields }: { fields: readonly (readonly [string, string])[] }) {
  return fields.map(([name, value], index) => (
    <input key={`${index} ${name}`} type="hidden" name={name} value={value} />
  ))
}

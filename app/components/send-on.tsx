import { useEffect, useRef } from 'react'
import { Button } from './button.tsx'
import { lastPosted } from './posted.ts'

/**
 * A form that was sent by script and first takes a proof of who you are: sent on, with all its fields, to the page that asks.
 * Only where scripts run, since only they send forms that way.
 */
export function SendOn({ to }: { to: string }) {
  const form = useRef<HTMLFormElement>(null)
  const sent = useRef(false)
  useEffect(() => {
    if (sent.current) return
    sent.current = true
    form.current?.submit()
  }, [])
  return (
    <form
      ref={form}
      method="post"
      action={to}
      className="mx-auto flex max-w-lg flex-col items-start gap-3 py-10 sm:py-16"
    >
      {lastPosted().map(([name, value], index) => (
        <input key={`${index} ${name}`} type="hidden" name={name} value={value} />
      ))}
      <h1 className="font-semibold text-2xl tracking-tight">Confirm that it’s you</h1>
      <p>This takes a fresh proof of who you are. Nothing you typed is lost.</p>
      <Button type="submit" variant="primary">
        Go on
      </Button>
    </form>
  )
}

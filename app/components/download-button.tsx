import { Form } from '@remix-run/react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'

/** Saves a file. A post, because the download is recorded; a real one, so the browser saves the file. */
export function DownloadButton({
  action,
  size,
  fields = [],
  children,
}: {
  action: string
  size?: 'lg'
  /** What the file is filtered by. */
  fields?: Iterable<[name: string, value: string]>
  children: ReactNode
}) {
  return (
    <Form method="post" action={action} reloadDocument data-no-print="">
      {[...fields].map(([name, value]) => (
        <input key={`${name} ${value}`} type="hidden" name={name} value={value} />
      ))}
      <Button type="submit" icon="download" size={size}>
        {children}
      </Button>
    </Form>
  )
}

import { Form, useSearchParams } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'

/** Downloads exactly what the filter shows. A post, because the download is recorded; a real one, so the browser saves the file. */
export function ExportButton() {
  const [params] = useSearchParams()
  return (
    <Form method="post" action="/admin/payouts/export.csv" reloadDocument>
      {[...params].map(([name, value]) =>
        name === 'after' ? null : <input key={`${name} ${value}`} type="hidden" name={name} value={value} />,
      )}
      <Button type="submit" icon="download">
        Export CSV
      </Button>
    </Form>
  )
}

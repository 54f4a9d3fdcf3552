import { useSearchParams } from '@remix-run/react'
import { DownloadButton } from '#app/components/download-button.tsx'

/** Downloads exactly what the filter shows. */
export function ExportButton() {
  const [params] = useSearchParams()
  return (
    <DownloadButton action="/admin/payouts/export.csv" fields={[...params].filter(([name]) => name !== 'after')}>
      Export CSV
    </DownloadButton>
  )
}

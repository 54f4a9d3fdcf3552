import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { decimalText } from '#server/lib/money.ts'
import { answerFile, fileResponse } from './file.server.ts'

const header = ['partner email', 'amount', 'currency', 'period', 'reference', 'notes']
const examples = [
  { email: 'ana@example.com', currency: 'USD' },
  { email: 'ben@example.com', currency: 'EUR' },
]

/** A file to start from. Its rows name the organization's own first partners, so that it can be tried as it is. */
export function loader(args: LoaderFunctionArgs) {
  return answerFile(async () => {
    const partners = await query(args, api => api.partners.options({ limit: 3 }))
    const period = new Date().toISOString().slice(0, 7)
    const rows = (partners.length > 0 ? partners : examples).map(({ email, currency }, index) => [
      email,
      decimalText(12_500 * (index + 1), currency),
      currency,
      period,
      `INV-${period}-${index + 1}`,
      index === 0 ? 'The partner can read this note' : '',
    ])
    const text = [header, ...rows].map(cells => `${cells.join(',')}\r\n`).join('')
    return fileResponse(text, 'payouts-sample.csv', 'text/csv; charset=utf-8')
  })
}

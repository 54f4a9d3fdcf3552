import { Link } from '@remix-run/react'
import { Money } from '#app/components/money.tsx'
import type { PayoutPart } from '#server/payouts/parts.ts'
import { Sentence } from './commission/parts.tsx'
import type { Piece } from './commission/words.ts'

type Part = Omit<PayoutPart, 'conversion'> & { pieces: Piece[]; converted: string | null }

/** The commissions of a payout, each with the sentence that explains it, and how it was converted where it was. */
export function Parts({ parts, total }: { parts: readonly Part[]; total: { amount: number; currency: string } }) {
  return (
    <ul className="divide-y divide-line" aria-label="Lines of this payout">
      {parts.map(part => (
        <li key={part.commission.id} className="px-4 py-3" data-row={part.commission.id}>
          <div className="flex items-baseline justify-between gap-4">
            <Link
              to={`/portal/commissions/${part.commission.id}`}
              className="inline-flex min-h-6 min-w-0 items-center break-words font-medium hover:underline"
            >
              {part.deal?.name ?? part.commission.number}
            </Link>
            <Money amount={part.amount} currency={part.currency} className="shrink-0 font-medium" />
          </div>
          <p className="mt-0.5 text-muted text-sm">
            <Sentence pieces={part.pieces} />
          </p>
          {part.converted ? <p className="num mt-0.5 break-words text-muted text-sm">{part.converted}</p> : null}
        </li>
      ))}
      <li className="flex items-baseline justify-between gap-4 px-4 py-3 font-semibold">
        <span>Total</span>
        <Money amount={total.amount} currency={total.currency} />
      </li>
    </ul>
  )
}

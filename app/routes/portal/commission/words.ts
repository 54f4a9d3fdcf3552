import type { Token } from '#server/commissions/explain.ts'
import { kindLabels, stateLabels } from '#server/commissions/rules.ts'
import type { CommissionRow } from '#server/commissions/view.ts'
import { formatDate } from '#server/lib/period.ts'

// What the portal says of a commission to the partner who earned it. Loaders only.

/** A piece of the sentence, with where it leads for this reader. */
export type Piece = { text: string; to: string | null }

/** Partners follow the deal and their own touches; rules, attributions and refunds are the payer's records. */
export function piecesOf(tokens: readonly Token[], deal: { id: string } | null): Piece[] {
  return tokens.map(token => {
    const { link } = token
    const text = unbroken(token.text)
    if (!deal || (link?.kind !== 'deal' && link?.kind !== 'touch')) return { text, to: null }
    return { text, to: `/portal/deals/${deal.id}${link.kind === 'touch' ? `#${link.id}` : ''}` }
  })
}

/** `12.5 %` stays on one line, and so does a minus with its amount. */
function unbroken(text: string): string {
  return text.replaceAll(' %', '\u00a0%').replace(/−(?=\p{Sc})/gu, '−\u2060')
}

/** Where a line stands, in a sentence, with what comes next. */
export function standing(row: CommissionRow, orgName: string, timeZone: string): string {
  const debt = row.amount < 0
  switch (row.state) {
    case 'on_hold': {
      const until = formatDate(row.releaseAt, timeZone)
      return debt
        ? `Taken off what is released on ${until}.`
        : `On hold until ${until}; then it goes into your next payout.`
    }
    case 'payable':
      return debt ? 'Taken off your next payout.' : `Goes into the next payout that ${orgName} prepares.`
    case 'disputed':
      return `You disputed it; it waits until ${orgName} has decided.`
    case 'in_payout':
      return `In payout ${row.payout?.number ?? ''}, which is being approved or sent.`
    case 'paid':
      return row.payout ? `Settled with payout ${row.payout.number}.` : 'Paid before it came here.'
  }
}

/** A row as the portal's lists show it. */
export function toLine(row: CommissionRow, orgName: string, timeZone: string) {
  const { id, number, state, amount, currency, deal, payout, tokens, text, note, createdAt, installment } = row
  return {
    ...{ id, number, state, amount, currency, note, createdAt, installment },
    text: unbroken(text),
    stateLabel: stateLabels[state].label,
    kind: row.kind,
    kindLabel: kindLabels[row.kind].label,
    deal: deal && { id: deal.id, name: deal.name, number: deal.number },
    payout: payout && { id: payout.id, number: payout.number },
    pieces: piecesOf(tokens, deal),
    standing: standing(row, orgName, timeZone),
  }
}

export type Line = ReturnType<typeof toLine>

import { Link } from '@remix-run/react'
import type { Token } from '#server/commissions/explain.ts'

interface SentenceProps {
  tokens: readonly Token[]
  /** What the tokens' records are found under. */
  dealId: string | null
  ruleId: string | null
}

/** The sentence that explains a commission; each piece leads to the record that it speaks of. */
export function Sentence({ tokens, dealId, ruleId }: SentenceProps) {
  return tokens.map(({ text, link }, index) => {
    const to = link && addressOf(link, dealId, ruleId)
    return to ? (
      <Link key={index} to={to} className="link">
        {text}
      </Link>
    ) : (
      <span key={index}>{text}</span>
    )
  })
}

function addressOf(
  { kind, id }: NonNullable<Token['link']>,
  dealId: string | null,
  ruleId: string | null,
): string | null {
  const deal = dealId && `/admin/deals/${dealId}`
  switch (kind) {
    case 'deal':
      return `/admin/deals/${id}`
    case 'touch':
      return deal && `${deal}#${id}`
    case 'run':
    case 'refund':
      return deal
    case 'rule':
      return ruleId && `/admin/rules/${ruleId}#${id}`
  }
}

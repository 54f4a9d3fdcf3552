import { Button } from '@react-email/button'
import { Text } from '@react-email/text'
import type { ReactNode } from 'react'
import { Box } from './box.tsx'
import type { PayoutProps } from './template.ts'
import { colors, wrap } from './theme.ts'

export function Paragraph(props: { children: ReactNode }) {
  return (
    <Text
      className="ink"
      style={{ margin: '0 0 16px', fontSize: '16px', lineHeight: '24px', color: colors.ink, ...wrap }}
    >
      {props.children}
    </Text>
  )
}

/** The figures the message is about, one line for each currency. */
export function Amount(props: { children: string | string[] }) {
  const lines = typeof props.children === 'string' ? [props.children] : props.children
  const size = lines.length === 1 ? { fontSize: '40px', lineHeight: '48px' } : { fontSize: '28px', lineHeight: '38px' }
  return (
    <div style={{ margin: '0 0 20px' }}>
      {lines.map(line => (
        <div
          key={line}
          className={lines.length === 1 ? 'amount ink' : 'amounts ink'}
          style={{
            ...size,
            fontWeight: 700,
            letterSpacing: '-0.02em',
            fontVariantNumeric: 'tabular-nums',
            color: colors.ink,
            ...wrap,
          }}
        >
          {line}
        </div>
      ))}
    </div>
  )
}

/** A sentence that must not be missed; 'warning' when the reader has to act. */
export function Notice(props: { tone?: 'plain' | 'warning'; children: ReactNode }) {
  const warning = props.tone === 'warning'
  const box = {
    padding: '12px 16px',
    backgroundColor: warning ? colors.warningCard : colors.page,
    borderLeft: `4px solid ${warning ? colors.warningLine : colors.accent}`,
    borderRadius: '4px',
  }
  const ink = warning ? colors.warningInk : colors.ink
  return (
    <div style={{ paddingBottom: '20px' }}>
      <Box className={warning ? 'warning' : 'notice'} style={box}>
        <Text
          className={warning ? 'warning-ink' : 'notice-ink'}
          style={{ margin: 0, fontSize: '15px', lineHeight: '22px', color: ink, ...wrap }}
        >
          {props.children}
        </Text>
      </Box>
    </div>
  )
}

export type Fact = [label: string, value: string | undefined]

/** Labels and values; a fact that is not known is left out. */
export function Facts(props: { rows: Fact[] }) {
  const rows = props.rows.filter((row): row is [string, string] => Boolean(row[1]))
  if (rows.length === 0) return null
  const cell = { padding: '10px 0', borderTop: `1px solid ${colors.line}`, fontSize: '14px', lineHeight: '20px' }
  return (
    <table
      className="facts"
      width="100%"
      cellPadding="0"
      cellSpacing="0"
      style={{ width: '100%', margin: '0 0 24px', borderCollapse: 'collapse' }}
    >
      <tbody>
        {rows.map(([label, value]) => (
          <tr key={label}>
            <th
              scope="row"
              className="muted rule"
              style={{
                ...cell,
                width: '36%',
                paddingRight: '12px',
                textAlign: 'left',
                verticalAlign: 'top',
                fontWeight: 400,
                color: colors.muted,
              }}
            >
              {label}
            </th>
            <td
              className="ink rule"
              style={{
                ...cell,
                verticalAlign: 'top',
                fontWeight: 500,
                fontVariantNumeric: 'tabular-nums',
                color: colors.ink,
                ...wrap,
              }}
            >
              {value}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The rows that every email about a payout ends with. */
export function payoutFacts(props: PayoutProps): Fact[] {
  return [
    ['Partner', props.partnerName],
    ['Period', props.period],
    ['Reference', props.reference],
  ]
}

/**
 * The one thing to do. It opens a page; nothing is decided by opening it, since scanners open every link they see.
 * @throws TypeError unless the address is absolute http(s)
 */
export function Action(props: { href: string; children: string }) {
  if (!/^https?:\/\/[^\s]+$/i.test(props.href))
    throw new TypeError(`An email links to absolute URLs only: ${props.href}`)
  return (
    <Button
      className="action"
      href={props.href}
      style={{
        padding: '14px 24px',
        borderRadius: '8px',
        backgroundColor: colors.accent,
        color: colors.onAccent,
        fontSize: '16px',
        fontWeight: 600,
      }}
    >
      {props.children}
    </Button>
  )
}

import type { CSSProperties, ReactNode } from 'react'

/** A padded area as a one-cell table: Outlook ignores padding and background on anything else. */
export function Box(props: { className: string; style: CSSProperties; children: ReactNode }) {
  return (
    <table
      role="presentation"
      width="100%"
      cellPadding="0"
      cellSpacing="0"
      border={0}
      style={{ width: '100%', borderCollapse: 'separate' }}
    >
      <tbody>
        <tr>
          <td className={props.className} style={props.style}>
            {props.children}
          </td>
        </tr>
      </tbody>
    </table>
  )
}

import { type ReactNode, useId } from 'react'
import type { Tone } from './status-badge.tsx'

const ink: Record<Tone, string> = {
  neutral: 'text-muted',
  info: 'text-info',
  accent: 'text-accent',
  success: 'text-success',
  warning: 'text-warning',
  danger: 'text-danger',
}

type MeterProps = {
  label: string
  /** Of `max`; leave out while it is unknown how far the work is. */
  value?: number
  max?: number
  /** The figure in words: '3 of 5 steps', '62 %'. */
  figure?: ReactNode
  tone?: Tone
}

/** How far something is, or how full: a native <progress> with its label and figure above. */
export function Meter({ label, value, max = 100, figure, tone = 'accent' }: MeterProps) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-baseline justify-between gap-4 text-sm">
        <label htmlFor={id}>{label}</label>
        {figure ? <span className="num text-muted">{figure}</span> : null}
      </div>
      <progress id={id} value={value} max={max} className={`meter ${ink[tone]}`} />
    </div>
  )
}

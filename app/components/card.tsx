import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

type CardProps = {
  title?: ReactNode
  description?: ReactNode
  actions?: ReactNode
  /** `none` for tables and lists that reach the edge. */
  padding?: 'normal' | 'none'
  className?: string
  children: ReactNode
}

/** A box with an optional header. With a title it is a section of the page and can be jumped to. */
export function Card({ title, description, actions, padding = 'normal', className, children }: CardProps) {
  const box = classNames('min-w-0 rounded-lg border border-line bg-surface', className)
  const body = padding === 'none' ? children : <div className="p-4">{children}</div>
  if (!title) {
    return (
      <div className={box} data-card-box="">
        {body}
      </div>
    )
  }
  return (
    <section className={box} data-card-box="">
      <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 border-line border-b px-4 py-2.5">
        <div className="min-w-0">
          <h2 className="font-semibold">{title}</h2>
          {description ? <p className="text-muted text-sm">{description}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </header>
      {body}
    </section>
  )
}

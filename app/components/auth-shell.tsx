import type { ReactNode } from 'react'
import { Logo } from './logo.tsx'

/** The frame of sign-in, invitation and reset: one narrow column, one task. */
export function AuthShell({
  title,
  description,
  footer,
  children,
}: {
  title: string
  description?: ReactNode
  footer?: ReactNode
  children: ReactNode
}) {
  return (
    <main
      id="main"
      tabIndex={-1}
      data-density="comfortable"
      className="mx-auto flex min-h-[calc(100dvh-var(--strip))] w-full max-w-md flex-col justify-center gap-6 px-4 py-10"
    >
      <Logo />
      <div className="rounded-xl border border-line bg-surface p-5 sm:p-7">
        <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
        {description ? <p className="mt-1 text-muted">{description}</p> : null}
        <div className="mt-5">{children}</div>
      </div>
      {footer ? <div className="text-center text-muted text-sm">{footer}</div> : null}
    </main>
  )
}

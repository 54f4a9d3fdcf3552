import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

type BannerTone = 'info' | 'success' | 'warning' | 'danger'

const looks: Record<BannerTone, { box: string; icon: IconName; ink: string }> = {
  info: { box: 'border-info/30 bg-info-soft', icon: 'info', ink: 'text-info' },
  success: { box: 'border-success/30 bg-success-soft', icon: 'check-circle', ink: 'text-success' },
  warning: { box: 'border-warning/35 bg-warning-soft', icon: 'alert', ink: 'text-warning' },
  danger: { box: 'border-danger/35 bg-danger-soft', icon: 'alert', ink: 'text-danger' },
}

type BannerProps = {
  tone?: BannerTone
  title: ReactNode
  children?: ReactNode
  /** A link or a form with one button, on the right. */
  action?: ReactNode
  icon?: IconName
}

/** A message that belongs to the page and stays. For what just happened use a toast. */
export function Banner({ tone = 'info', title, children, action, icon }: BannerProps) {
  const look = looks[tone]
  return (
    <div className={classNames('flex flex-wrap items-start gap-x-4 gap-y-2 rounded-lg border px-3.5 py-3', look.box)}>
      <div className="flex min-w-0 flex-1 basis-64 gap-2.5">
        <Icon name={icon ?? look.icon} className={classNames('mt-0.5', look.ink)} />
        <div className="min-w-0">
          <p className="font-medium">{title}</p>
          {children ? <div className="mt-0.5 text-muted text-sm">{children}</div> : null}
        </div>
      </div>
      {action ? <div className="flex shrink-0 items-center gap-2">{action}</div> : null}
    </div>
  )
}

/** The strip on top of every page, on screen and on paper, while payments go to the simulator. */
export function SimulatedBanner() {
  return (
    <div className="simulated text-xs" role="note">
      <strong>SIMULATED</strong> — <span className="max-sm:hidden">payments go to the built-in simulator. </span>No real
      money moves.
    </div>
  )
}

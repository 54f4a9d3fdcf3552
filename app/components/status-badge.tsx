import type { PayoutStatus } from '#server/payouts/rules.ts'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'neutral' | 'info' | 'accent' | 'success' | 'warning' | 'danger'

export const toneClass: Record<Tone, string> = {
  neutral: 'bg-neutral-soft text-muted',
  info: 'bg-info-soft text-info',
  accent: 'bg-accent-soft text-accent',
  success: 'bg-success-soft text-success',
  warning: 'bg-warning-soft text-warning',
  danger: 'bg-danger-soft text-danger',
}

type Look = { tone: Tone; icon: IconName; label: string }

/** A payout's statuses. The words are those of payouts/rules.ts (a test holds them equal), which would bring zod along. */
export const payoutLooks: Record<PayoutStatus, Look> = {
  pending_approval: { tone: 'warning', icon: 'circle-dashed', label: 'Pending approval' },
  approved: { tone: 'accent', icon: 'check', label: 'Approved' },
  processing: { tone: 'info', icon: 'circle-half', label: 'Processing' },
  paid: { tone: 'success', icon: 'circle-full', label: 'Paid' },
  failed: { tone: 'danger', icon: 'alert', label: 'Failed' },
  rejected: { tone: 'danger', icon: 'x-circle', label: 'Rejected' },
  canceled: { tone: 'neutral', icon: 'ban', label: 'Canceled' },
  reversed: { tone: 'warning', icon: 'undo', label: 'Reversed' },
}

/** Every other status we show, by the thing it belongs to: icon, word and tone. */
const looks: Record<string, Record<string, Look>> = {
  payout: payoutLooks,
  // A partner's payable state: Stripe's transfers capability, plus our own hold and archive.
  partner: {
    active: { tone: 'success', icon: 'check-circle', label: 'Payable' },
    payable: { tone: 'success', icon: 'check-circle', label: 'Payable' },
    none: { tone: 'neutral', icon: 'circle-dashed', label: 'Not connected' },
    invited: { tone: 'neutral', icon: 'mail', label: 'Invited' },
    pending: { tone: 'warning', icon: 'clock', label: 'Set-up unfinished' },
    restricted: { tone: 'danger', icon: 'alert', label: 'Restricted' },
    rejected: { tone: 'danger', icon: 'x-circle', label: 'Refused by Stripe' },
    unsupported: { tone: 'danger', icon: 'ban', label: 'Not supported' },
    closed: { tone: 'danger', icon: 'x-circle', label: 'Account closed' },
    disconnected: { tone: 'danger', icon: 'link', label: 'Disconnected' },
    on_hold: { tone: 'warning', icon: 'pause', label: 'On hold' },
    archived: { tone: 'neutral', icon: 'ban', label: 'Archived' },
  },
  job: {
    queued: { tone: 'neutral', icon: 'clock', label: 'Waiting' },
    leased: { tone: 'info', icon: 'circle-half', label: 'Running' },
    retrying: { tone: 'warning', icon: 'refresh', label: 'Will retry' },
    done: { tone: 'success', icon: 'check', label: 'Done' },
    parked: { tone: 'danger', icon: 'pause', label: 'Parked' },
  },
  email: {
    queued: { tone: 'neutral', icon: 'clock', label: 'Queued' },
    sending: { tone: 'info', icon: 'circle-half', label: 'Sending' },
    sent: { tone: 'success', icon: 'send', label: 'Sent' },
    failed: { tone: 'danger', icon: 'alert', label: 'Not sent' },
  },
  // One try to move the money, and the bank leg after it.
  attempt: {
    queued: { tone: 'neutral', icon: 'clock', label: 'Waiting' },
    sending: { tone: 'info', icon: 'circle-half', label: 'Sending' },
    unknown: { tone: 'warning', icon: 'help', label: 'Outcome unknown' },
    succeeded: { tone: 'success', icon: 'check', label: 'Succeeded' },
    failed: { tone: 'danger', icon: 'alert', label: 'Refused' },
  },
  bank: {
    in_transit: { tone: 'info', icon: 'circle-half', label: 'On its way to the bank' },
    arrived: { tone: 'success', icon: 'bank', label: 'Arrived in the bank' },
    failed: { tone: 'danger', icon: 'alert', label: 'Refused by the bank' },
  },
}

type StatusBadgeProps = {
  status: string
  /** Whose status it is; a payout's unless said. */
  of?: 'payout' | 'partner' | 'job' | 'email' | 'attempt' | 'bank'
  /** Other words for the same status ('Paid – in your Stripe balance'). */
  label?: string
}

/** A status as icon, word and tone. A status we don't know is shown in words, neutral. */
export function StatusBadge({ status, of = 'payout', label }: StatusBadgeProps) {
  const look = looks[of]?.[status] ?? { tone: 'neutral' as const, icon: 'circle' as const, label: inWords(status) }
  return (
    <Badge tone={look.tone} icon={look.icon}>
      {label ?? look.label}
    </Badge>
  )
}

/** A small label with a tone: roles, methods, flags. Give an icon whenever the tone means something. */
export function Badge({
  tone = 'neutral',
  icon,
  children,
}: {
  tone?: Tone
  icon?: IconName
  children: React.ReactNode
}) {
  return (
    <span
      className={classNames(
        'inline-flex items-center gap-1 whitespace-nowrap rounded-sm px-1.5 py-0.5 text-start font-medium text-xs',
        toneClass[tone],
      )}
    >
      {icon ? <Icon name={icon} size={12} /> : null}
      {children}
    </span>
  )
}

/** 'pending_approval' → 'Pending approval'. */
export function inWords(key: string): string {
  const words = key
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

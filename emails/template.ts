import type { ReactElement } from 'react'

/** What every email of one installation shares; the same for all templates. */
export interface EmailFrame {
  /** The paying company's name, as people know it. */
  orgName: string
  /** True when payments run against the simulator: subject, page and text then say so. */
  simulated: boolean
  /** Where people sign in, absolute. */
  publicUrl: string
  /** A mailbox that a person reads. */
  supportEmail?: string
}

/** partner: the people who are paid; finance: whoever approves and pays; user: anybody with an account or an invitation. */
export type Audience = 'partner' | 'finance' | 'user'

/**
 * One message. Props are ready to read: amounts, dates and sentences are already formatted and URLs are absolute, so that
 * an email never decides anything.
 */
export interface Template<Props> {
  audience: Audience
  subject(props: Props, frame: EmailFrame): string
  /** The line a mailbox shows beside the subject: adds what the subject lacks. */
  preview(props: Props, frame: EmailFrame): string
  /** Completes the sentence 'You get this because …'. */
  reason(props: Props, frame: EmailFrame): string
  component(props: Props & { frame: EmailFrame }): ReactElement
  sampleProps: { ordinary: Props; longNames: Props }
}

/** What every email about one payout says. */
export interface PayoutProps {
  partnerName: string
  /** With its currency, for example '$1,240.00'. */
  amount: string
  /** For example 'Feb 2026'. */
  period?: string
  /** The payout's own number, as the portal and the statement show it. */
  reference?: string
  /** The payout's page, behind sign-in. */
  payoutUrl: string
}

/** Shortens a name for a subject line, which mailboxes cut off at the end where the amount may stand. */
export function clip(name: string, max = 40): string {
  const letters = Array.from(name.trim())
  return letters.length <= max
    ? letters.join('')
    : `${letters
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`
}

/** Why a partner hears about its payout. */
export function partnerReason(props: { partnerName: string }, frame: EmailFrame): string {
  return `${props.partnerName} is paid through ${frame.orgName}’s partner program.`
}

/** Why somebody in finance hears about a payout. */
export function financeReason(_props: unknown, frame: EmailFrame): string {
  return `you look after payouts at ${frame.orgName}.`
}

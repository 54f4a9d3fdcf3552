// What people typed, and what Stripe answered, in eighteen months.

export const rejectReasons = [
  'The customer refunded within the 30 day window, so nothing is due for this deal.',
  'This was already paid with the previous run. Please see the statement of that payout.',
  'The deal was registered by another partner first. We wrote to you with the details.',
  'The amount does not match invoice and rate: we count 12 percent, not 15. A corrected payout follows.',
  'The customer has not paid the invoice yet. It comes back with the run in which the payment arrives.',
] as const

export const cancelReasons = [
  'Entered twice by mistake.',
  'The partner asked to have it paid together with the next one.',
  'Wrong period; entered again with the right one.',
] as const

export const notes = [
  'Includes the renewal of the Meridian contract.',
  'Two deals closed in the last week of the period; both invoices are paid.',
  'Bonus for the third referral in the quarter is in this amount.',
  'Adjusted for the credit note of last month.',
  'First payout after the move to the Gold tier (15 %).',
  'Includes EUR 120 for the joint webinar, as agreed with Tom.',
] as const

/** Refusals that happened and were cleared: Stripe's code, and our sentence for it. */
export const refusals = [
  'balance_insufficient',
  'insufficient_capabilities_for_transfer',
  'transfers_not_allowed',
] as const

export const manualMethods = ['bank_transfer', 'wise', 'paypal', 'check'] as const

export const reversalNotes = [
  'The customer charged the invoice back after the payout; the commission is not due.',
  'Paid to the wrong partner; it is owed again and goes out with the next run.',
] as const

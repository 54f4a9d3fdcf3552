import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type EmailMessage, renderEmail, type TemplateName, templates } from './index.tsx'
import { longName } from './samples.ts'
import type { EmailFrame } from './template.ts'

const frame: EmailFrame = {
  orgName: 'Acme Cloud',
  simulated: false,
  publicUrl: 'https://partners.acme.example',
  supportEmail: 'partners@acme.example',
}

const names = Object.keys(templates) as TemplateName[]

/** Every template with each of its samples, and with a payer of an ordinary and of a long name. */
const cases = names.flatMap(name =>
  (['ordinary', 'longNames'] as const).map(sample => ({
    name,
    sample,
    message: { template: name, props: templates[name].sampleProps[sample] } as EmailMessage,
    frame: sample === 'ordinary' ? frame : { ...frame, orgName: longName },
  })),
)

// React reports a missing key or a bad attribute there.
beforeEach(() => {
  vi.spyOn(console, 'error')
})
afterEach(() => {
  expect(console.error).not.toHaveBeenCalled()
  vi.restoreAllMocks()
})

const subjects: Record<TemplateName, string> = {
  invitation: 'Acme Cloud invited you to its partner portal',
  passwordReset: 'Reset your password',
  passwordChanged: 'Your password was changed',
  secondFactorChanged: 'An authenticator app was added',
  approvalRequested: 'Approve 43 payouts: USD 18,450.00 + EUR 3,200.00',
  payoutApproved: '$1,240.00 approved for Feb 2026',
  payoutRejected: 'Your $1,240.00 payout was not approved',
  payoutOnItsWay: 'Your $1,240.00 payout from Acme Cloud is on the way',
  payoutArrived: '$1,240.00 has arrived',
  payoutPaidOutside: 'Acme Cloud paid you $1,240.00',
  payoutFailed: 'Action needed: your $1,240.00 payout failed',
  payoutFailedFinance: 'Payout to Northwind Referrals failed: $1,240.00',
  payoutReversed: '$300.00 of your payout was taken back',
  payoutReversedFinance: 'Payout to Northwind Referrals partly reversed: $300.00',
  payoutCanceled: 'Your $1,240.00 payout was canceled',
  bankPayoutFailed: 'Action needed: your bank returned $1,240.00',
  bankPayoutFailedFinance: 'Bank payout to Northwind Referrals failed: $1,240.00',
  destinationChanged: 'Your payout details were changed',
  onboardingReminder: 'Add bank details to receive $1,240.00',
  registrationSubmitted: 'Northwind Referrals registered Contoso',
  registrationApproved: 'Approved: your registration of Contoso',
  registrationDeclined: 'Not approved: your registration of Contoso',
  registrationExpiring: 'Protection of Contoso ends 31 May 2026',
  registrationExpired: 'The protection of Contoso has ended',
  splitOpened: 'Agree on your shares of Contoso rollout',
  splitProposed: '40 % of Contoso rollout proposed for you',
  splitAccepted: 'Confirm the agreed shares of Contoso rollout',
  splitConfirmed: 'Settled: your shares of Contoso rollout',
  splitExpired: 'Not settled in time: Contoso rollout',
  disputeOpened: 'Northwind Referrals disputes C-000042',
  disputeAnswered: 'Acme Cloud answered on C-000042',
  disputeResolved: 'Adjusted by $50.00: C-000042',
  transfersPaused: 'Transfers paused: $1,240.00 payout doesn’t match Stripe',
  manyRowsDownloaded: 'Max Manager downloaded 62,000 rows',
  invariantsBroken: 'Transfers paused: Something in the books can’t be right',
}

test.each(names)('%s: the subject, within what a mailbox shows', async name => {
  const message = { template: name, props: templates[name].sampleProps.ordinary } as EmailMessage
  const { subject } = await renderEmail(message, frame)
  expect(subject).toBe(subjects[name])
  expect(subject.length).toBeLessThanOrEqual(60)
  const simulated = await renderEmail(message, { ...frame, simulated: true })
  expect(simulated.subject).toBe(`[SIMULATED] ${subjects[name]}`)
  expect(simulated.subject.length).toBeLessThanOrEqual(78)
})

test('the subjects that depend on the case', async () => {
  const subject = async (message: EmailMessage) => (await renderEmail(message, frame)).subject
  const { invitation, approvalRequested, payoutApproved, payoutFailed, payoutReversed, payoutReversedFinance } =
    templates
  const { transfersPaused } = templates
  expect(
    await subject({
      template: 'transfersPaused',
      props: { ...transfersPaused.sampleProps.ordinary, stillPaused: false },
    }),
  ).toBe('$1,240.00 payout doesn’t match Stripe')
  expect(
    await subject({
      template: 'transfersPaused',
      props: { ...transfersPaused.sampleProps.longNames, pausedBy: 'Olivia Owner' },
    }),
  ).toBe('Olivia Owner paused all transfers')
  expect(await subject({ template: 'invitation', props: { ...invitation.sampleProps.ordinary, as: 'staff' } })).toBe(
    'Acme Cloud invited you to Remit',
  )
  expect(
    await subject({
      template: 'approvalRequested',
      props: { ...approvalRequested.sampleProps.ordinary, count: 1, totals: ['USD 1,240.00'] },
    }),
  ).toBe('Approve 1 payout: USD 1,240.00')
  expect(await subject({ template: 'approvalRequested', props: approvalRequested.sampleProps.longNames })).toBe(
    'Approve 10,000 payouts: USD 1,218,450.00 + EUR 903,200.00 + 3 more',
  )
  expect(
    await subject({ template: 'payoutApproved', props: { ...payoutApproved.sampleProps.ordinary, period: undefined } }),
  ).toBe('$1,240.00 approved')
  expect(
    await subject({ template: 'payoutFailed', props: { ...payoutFailed.sampleProps.ordinary, whatToDo: undefined } }),
  ).toBe('Your $1,240.00 payout failed')
  expect(
    await subject({ template: 'payoutReversed', props: { ...payoutReversed.sampleProps.ordinary, full: true } }),
  ).toBe('Your $1,240.00 payout was taken back')
  expect(
    await subject({
      template: 'payoutReversedFinance',
      props: { ...payoutReversedFinance.sampleProps.ordinary, full: true, reversedAmount: '$1,240.00' },
    }),
  ).toBe('Payout to Northwind Referrals reversed: $1,240.00')
  expect(
    await subject({
      template: 'destinationChanged',
      props: { ...templates.destinationChanged.sampleProps.ordinary, recipient: 'finance' },
    }),
  ).toBe('Northwind Referrals changed payout details')
  expect(
    await subject({
      template: 'onboardingReminder',
      props: { ...templates.onboardingReminder.sampleProps.ordinary, amount: undefined },
    }),
  ).toBe('Finish setting up payouts')
})

test.each(cases)('$name, $sample: both parts say everything that the props hold', async ({ message, frame }) => {
  const { subject, html, text } = await renderEmail(message, frame)
  const values = Object.entries(message.props).flatMap(([key, value]): string[] => {
    if (Array.isArray(value)) return value
    // The role is for staff, a link to the payout gives way to the one that mends it, and the rest choose between texts.
    const unseen = ['as', 'role', 'recipient', 'what', 'full', 'count', 'actionUrl', 'payoutUrl']
    return typeof value === 'string' && !unseen.includes(key) ? [value] : []
  })
  for (const value of values) expect(text).toContain(value)
  const { payoutUrl, actionUrl } = message.props as { payoutUrl?: string; actionUrl?: string }
  const link = actionUrl ?? payoutUrl
  if (link) {
    // Alone on its line, so that no client takes a full stop into it.
    expect(text.split('\n')).toContain(link)
    expect(html).toContain(`href="${link}"`)
  }
  expect(text).toContain(`You get this because ${templates[message.template].reason(message.props as never, frame)}`)
  expect(text).toContain(frame.orgName)
  expect(text).toMatch(/^https:\/\/\S+$/m)
  for (const part of [subject, html, text]) {
    expect(part).not.toMatch(/undefined|\[object |NaN|\bnull\b|\bInvalid Date\b/)
  }
  expect(text).not.toMatch(/\n{3,}|&(amp|lt|gt|quot|#)|[\u200b-\u200f\ufeff]/)
})

test.each(cases)('$name, $sample: sound HTML', async ({ message, frame }) => {
  const { subject, html } = await renderEmail(message, frame)
  expect(html).toMatch(/^<!DOCTYPE html/)
  expect(html).toContain('<html dir="ltr" lang="en">')
  expect(html).toContain('<title>')
  expect(html.match(/<h1/g)).toHaveLength(1)
  expect(html.match(/<a [^>]*class="action"/g)).toHaveLength(1)
  expect(html).not.toMatch(/<script|<img|<form|javascript:|var\(--|oklch|rgb\(/i)
  // The rules in the style element came through unescaped.
  expect(html.match(/<style>([^<]*)<\/style>/)?.[1]).not.toContain('&')
  // Gmail cuts a message off at 102 KB.
  expect(Buffer.byteLength(html)).toBeLessThan(30_000)
  expect(subject.length).toBeLessThanOrEqual(120)

  const preheader = html.match(/data-skip-in-text="true"[^>]*>([^<]+)</)?.[1] ?? ''
  expect(preheader.length).toBeGreaterThan(20)
  expect(preheader).not.toBe(subject)
})

test.each(names)('%s: a hostile name is text', async name => {
  const message = { template: name, props: templates[name].sampleProps.longNames } as EmailMessage
  const { html, text } = await renderEmail(message, { ...frame, orgName: longName })
  expect(longName).toContain('<script>')
  expect(html).not.toContain('<script')
  expect(html).toContain('&lt;script&gt;')
  expect(text).toContain('<script>alert(1)</script>')
})

test.each(names)('%s: simulated money is marked in subject, page and text, and only then', async name => {
  const message = { template: name, props: templates[name].sampleProps.ordinary } as EmailMessage
  const simulated = await renderEmail(message, { ...frame, simulated: true })
  expect(simulated.subject).toMatch(/^\[SIMULATED\] /)
  expect(simulated.html).toContain('<strong>SIMULATED</strong>')
  expect(simulated.text).toMatch(/^SIMULATED – no real money moves/)
  const real = await renderEmail(message, frame)
  expect(real.subject + real.html + real.text).not.toMatch(/simulat/i)
})

test('a name can’t break the subject’s line or turn its direction', async () => {
  const props = {
    ...templates.payoutFailedFinance.sampleProps.ordinary,
    partnerName: 'Evil\r\nBcc: thief@evil.example\u202e0',
  }
  const { subject } = await renderEmail({ template: 'payoutFailedFinance', props }, frame)
  expect(subject).toBe('Payout to Evil Bcc: thief@evil.example0 failed: $1,240.00')
})

test.each(['/portal', 'javascript:alert(1)', '//evil.example', 'https://', ''])(
  'the link %j is refused',
  async payoutUrl => {
    const { resetUrl: _, ...rest } = templates.passwordReset.sampleProps.ordinary
    await expect(
      renderEmail({ template: 'passwordReset', props: { ...rest, resetUrl: payoutUrl } }, frame),
    ).rejects.toThrow('absolute URLs only')
  },
)

test('‘has arrived’ is said by one email alone, and money paid by hand is said to be outside Stripe', async () => {
  for (const name of names) {
    const message = { template: name, props: templates[name].sampleProps.ordinary } as EmailMessage
    const { subject, text } = await renderEmail(message, frame)
    expect(/has arrived/.test(`${subject}\n${text}`)).toBe(name === 'payoutArrived')
    expect(/outside Stripe/.test(text)).toBe(name === 'payoutPaidOutside')
  }
})

test('the list is whole: every message file is in it', () => {
  const shared = ['blocks.tsx', 'box.tsx', 'emails.test.tsx', 'index.tsx', 'layout.tsx']
  const files = readdirSync(import.meta.dirname).filter(file => file.endsWith('.tsx') && !shared.includes(file))
  const fromName = names.map(name => `${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}.tsx`)
  expect(files.sort()).toEqual(fromName.sort())
})

test('an email imports React, its renderer and its neighbours, and nothing of the domain', () => {
  for (const file of readdirSync(import.meta.dirname).filter(name => !name.includes('.test.'))) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8')
    for (const [, from] of source.matchAll(/from '([^']+)'/g)) {
      expect(from, file).toMatch(/^(react|@react-email\/(?!components)[a-z]+|\.\/[a-z-]+\.tsx?)$/)
    }
  }
})

test('an alert about stopped transfers names the payout and Stripe’s transfer, and what happened since', async () => {
  const props = templates.transfersPaused.sampleProps.ordinary
  const { text } = await renderEmail({ template: 'transfersPaused', props }, frame)
  for (const value of Object.values(props.incident ?? {})) expect(text).toContain(value)
  expect(text).toContain('Nothing is sent until')
  const resumed = await renderEmail({ template: 'transfersPaused', props: { ...props, stillPaused: false } }, frame)
  expect(resumed.text).toContain('Transfers were resumed meanwhile')
  expect(resumed.text).not.toMatch(/Nothing is sent|Transfers paused/)
})

test('what Stripe or the bank may not have done yet is not said', async () => {
  const { expectedOn: _, ...props } = templates.payoutOnItsWay.sampleProps.ordinary
  const { text } = await renderEmail({ template: 'payoutOnItsWay', props }, frame)
  expect(text).toContain('the money is in your Stripe balance')
  expect(text).not.toContain('should be there by')
  expect(text).not.toContain('Expected in your bank')
})

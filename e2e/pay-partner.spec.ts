import { expect, testIn } from './fixtures.ts'
import { approve, createPayout, markPaid, rowOf, statusOf, timeline, toast } from './steps.ts'

const test = testIn(async () => ({}))

test('a payout goes from created to the partner’s bank, and everybody reads it', async ({ world, browse }) => {
  const { simulator, mailbox, payable } = world
  const owner = await browse(world.owner)
  const admin = await browse(world.admin)
  const phone = await browse(payable.person, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })

  // The admin creates it, and may not approve it: a second pair of eyes must.
  const number = await createPayout(admin, {
    partner: 'Nordwind Referrals — USD',
    amount: '1240.00',
    period: '2026-02',
    reference: 'INV-77',
  })
  await expect(statusOf(admin)).toContainText('Pending approval')
  await expect(admin.getByRole('region', { name: 'Next step' })).toContainText(
    'You prepared this payout, so someone else has to approve it',
  )
  const asked = await mailbox.anEmailTo(world.owner.email, /Approve 1 payout/)
  expect(asked.subject).toContain('USD 1,240.00')

  await owner.goto(new URL(admin.url()).pathname)
  await approve(owner)
  await expect(toast(owner)).toContainText(`${number} is approved.`)
  await mailbox.anEmailTo(payable.person.email, /\$1,240\.00 approved for Feb 2026/)

  // Stripe is busy for a while, so that there is something to see in between.
  await phone.goto('/portal')
  await simulator.control('POST', '/_sim/faults', {
    kind: 'rate_limit',
    method: 'POST',
    path: '/v1/transfers',
    count: null,
  })
  await markPaid(owner)
  await expect(statusOf(owner)).toContainText('Processing')
  await expect(phone.getByRole('main')).toContainText('It is being sent to your Stripe balance')

  // The worker asks again with the same key, the webhook confirms it, and open pages say so by themselves.
  await simulator.control('DELETE', '/_sim/faults')
  await expect(statusOf(owner)).toContainText('Paid', { timeout: 20_000 })
  const [transfer, ...others] = await simulator.transfers()
  expect(others).toEqual([])
  expect(transfer).toMatchObject({
    amount: 124_000,
    currency: 'usd',
    destination: 'acct_1Nordwind',
    amount_reversed: 0,
  })
  await expect(timeline(owner)).toContainText(transfer?.id ?? 'a transfer')
  await expect(timeline(owner)).toContainText('Confirmed by Stripe’s webhook')

  const mail = await mailbox.anEmailTo(payable.person.email, /Your \$1,240\.00 payout from Acme is on the way/)
  expect(mail.subject).toContain('[SIMULATED]')
  expect(mail.text).not.toMatch(/has arrived/)

  await expect(rowOf(phone, number)).toContainText('In your Stripe balance')
  await rowOf(phone, number).getByRole('link').click()
  await expect(statusOf(phone)).toContainText('Paid')
  const steps = phone.getByRole('list', { name: 'Steps of this payout' })
  await expect(steps).toContainText('Sent to your Stripe balance')
  await expect(steps).not.toContainText('Arrived')

  // Only when the bank has it does anybody read so.
  await simulator.control('POST', '/_sim/payouts/run', { until: 'paid' })
  await mailbox.anEmailTo(payable.person.email, /\$1,240\.00 has arrived/)
  await expect(phone.getByRole('main')).toContainText('Arrived in your bank')
  await expect(steps).toContainText('Arrived in your bank')
  await expect(timeline(owner)).toContainText('Arrived in the bank')

  // Each message once.
  expect(mailbox.to(payable.person.email).map(({ subject }) => subject.replace('[SIMULATED] ', ''))).toEqual([
    '$1,240.00 approved for Feb 2026',
    'Your $1,240.00 payout from Acme is on the way',
    '$1,240.00 has arrived',
  ])
})

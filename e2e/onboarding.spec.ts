import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { approve, markPaid, statusOf } from './steps.ts'

const test = testIn(async ({ deps, fresh, manager }) => {
  return { payout: await aPayout(deps, { partner: fresh.partner, createdBy: manager.user.id, amount: 4_500 }) }
})

test('a partner sets up payouts at Stripe, learns what is missing, gives it, and is paid', async ({
  world,
  browse,
}) => {
  const { fresh, payout } = world
  const partner = await browse(fresh.person, { viewport: { width: 390, height: 844 } })
  const owner = await browse(world.owner)

  await owner.goto(`/admin/payouts/${payout.id}`)
  const blockers = owner.getByRole('region', { name: 'What is in the way' })
  await expect(blockers).toContainText('Bergmann Resale has not set up payouts with Stripe.')

  await partner.goto('/portal')
  await partner.getByRole('main').getByRole('link', { name: 'Set up payouts' }).first().click()
  await partner.getByRole('button', { name: 'Set up payouts' }).click()
  await expect(partner.getByText('SIMULATED: this is not Stripe')).toBeVisible()
  await partner.getByRole('button', { name: 'Missing information' }).click()

  // Coming back proves nothing: the page asks Stripe, and says exactly what is missing.
  await expect(partner).toHaveURL(`${world.url}/portal/setup`)
  const missing = partner.getByRole('list', { name: 'What Stripe still needs' })
  await expect(missing).toContainText('A photo of an identity document, such as a passport')
  await expect(missing.getByRole('listitem')).toHaveCount(1)
  await expect(statusOf(partner)).toContainText('Restricted')
  await expect(blockers).toContainText('a photo of an identity document, such as a passport')

  await partner.getByRole('button', { name: 'Continue the set-up' }).click()
  await partner.getByRole('button', { name: 'Complete' }).click()
  await expect(partner.getByRole('main')).toContainText('You are set up, and can be paid.')
  await expect(statusOf(partner)).toContainText('Payable')
  await expect(blockers).toHaveCount(0)

  await approve(owner)
  await markPaid(owner)
  await expect(statusOf(owner)).toContainText('Paid')
  await partner.goto('/portal')
  await expect(partner.getByRole('main')).toContainText('In your Stripe balance')
})

test('a link to Stripe works once: the second visit leads back for a new one', async ({ world, browse }) => {
  const partner = await browse(world.payable.person)
  await partner.goto('/portal/setup')
  const started = partner.waitForRequest(request => request.url().includes('/onboarding/link_'))
  await partner.getByRole('button', { name: 'Change payout details' }).click()
  const link = (await started).url()
  await expect(partner.getByText('SIMULATED: this is not Stripe')).toBeVisible()
  await partner.goto(link)
  await expect(partner.getByText('That link to Stripe had expired')).toBeVisible()
})

import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { markPaid, openDialog, statusOf, timeline } from './steps.ts'

const test = testIn(async ({ deps, payable, manager, admin }) => {
  return {
    payout: await aPayout(deps, {
      partner: payable.partner,
      status: 'approved',
      createdBy: manager.user.id,
      approvedBy: admin.user.id,
      amount: 124_000,
    }),
  }
})

test('money taken back, first a part and then the rest, is told to everybody and decided by a person', async ({
  world,
  browse,
}) => {
  const { simulator, mailbox, payable, payout } = world
  const page = await browse(world.owner)
  const partner = await browse(payable.person)
  await page.goto(`/admin/payouts/${payout.id}`)
  await markPaid(page)
  await expect(timeline(page)).toContainText('Confirmed by Stripe’s webhook')
  const [transfer] = await simulator.transfers()
  if (!transfer) throw new Error('no transfer was made')
  await partner.goto(`/portal/payouts/${payout.id}`)

  await test.step('a part of it', async () => {
    await simulator.reverse(transfer.id, 30_000)
    await expect(timeline(page)).toContainText('Partly taken back')
    await expect(statusOf(page)).toContainText('Paid')
    await mailbox.anEmailTo(payable.person.email, /\$300\.00 of your payout was taken back/)
    await mailbox.anEmailTo(world.admin.email, /Payout to Nordwind Referrals partly reversed: \$300\.00/)
    await expect(partner.getByRole('main')).toContainText('USD 300.00 of it was taken back; USD 940.00 stays yours.')
  })
  await test.step('somebody decides that it is owed again', async () => {
    await expect(page.getByRole('region', { name: 'Next step' })).toContainText('USD 300.00 was taken back')
    const dialog = await openDialog(page, 'Decide')
    await dialog.getByLabel('The partner is owed it again').check()
    await dialog.getByRole('button', { name: 'Record the decision' }).click()
    await expect(page.getByRole('region', { name: 'Next step' })).not.toContainText('Someone has to say')
  })
  await test.step('and the rest', async () => {
    await simulator.reverse(transfer.id)
    await expect(statusOf(page)).toContainText('Reversed')
    await expect(timeline(page)).toContainText('Taken back')
    await mailbox.anEmailTo(payable.person.email, /Your \$1,240\.00 payout was taken back/)
    await mailbox.anEmailTo(world.admin.email, /Payout to Nordwind Referrals reversed: /)
    await expect(statusOf(partner)).toContainText('Reversed')
    await expect(page.getByRole('region', { name: 'Next step' })).toContainText('USD 940.00 was taken back')
  })
})

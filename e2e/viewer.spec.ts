import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { statusOf } from './steps.ts'

const test = testIn(async ({ deps, payable, manager, admin }) => {
  const common = { partner: payable.partner, createdBy: manager.user.id, approvedBy: admin.user.id }
  return {
    pending: await aPayout(deps, common),
    approved: await aPayout(deps, { ...common, status: 'approved' }),
  }
})

test('a viewer reads and exports, and can change nothing, not even by hand', async ({ world, browse }) => {
  const page = await browse(world.viewer)
  await page.goto('/admin/payouts')
  await expect(page.locator('[data-row]')).toHaveCount(2)
  await expect(page.getByRole('checkbox')).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'New payout' })).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Import' })).toHaveCount(0)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export CSV' }).click()
  expect((await download).suggestedFilename()).toMatch(/\.csv$/)

  for (const { id } of [world.pending, world.approved]) {
    await page.goto(`/admin/payouts/${id}`)
    for (const word of ['Approve', 'Reject', 'Mark paid', 'Cancel', 'Edit'])
      await expect(page.getByRole('main').getByText(word, { exact: true })).toHaveCount(0)
  }

  // The buttons are courtesy; the procedures refuse.
  const post = (path: string, form: Record<string, string>) =>
    page.request.post(path, { form, headers: { Origin: world.url }, maxRedirects: 0 })
  const attempts: [string, Record<string, string>][] = [
    [`/admin/payouts/${world.pending.id}`, { intent: 'approve', version: '1' }],
    [`/admin/payouts/${world.pending.id}`, { intent: 'reject', reason: 'No.', version: '1' }],
    [`/admin/payouts/${world.approved.id}`, { intent: 'markPaid', confirmed: 'yes', version: '1' }],
    [`/admin/payouts/${world.approved.id}`, { intent: 'cancel', version: '1' }],
    [`/admin/payouts/${world.pending.id}/edit`, { amount: '1.00', version: '1' }],
    ['/admin/payouts/new', { partnerId: world.payable.partner.id, amount: '1.00' }],
    [`/admin/partners/${world.payable.partner.id}`, { intent: 'archive', version: '1' }],
  ]
  for (const [path, form] of attempts) {
    const answer = await post(path, form)
    expect({ path, form, status: answer.status() }).toEqual({ path, form, status: 403 })
  }
  await page.goto(`/admin/payouts/${world.pending.id}`)
  await expect(statusOf(page)).toContainText('Pending approval')
  await page.goto(`/admin/payouts/${world.approved.id}`)
  await expect(statusOf(page)).toContainText('Approved')
  await page.goto('/admin/payouts')
  await expect(page.locator('[data-row]')).toHaveCount(2)
  expect(await world.simulator.transfers()).toEqual([])
})

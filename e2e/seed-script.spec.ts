import { readFile } from 'node:fs/promises'
import { aPayout } from '#server/test/factories.ts'
import { anApp } from '#server/test/second-factors.ts'
import { expect, testIn } from './fixtures.ts'
import { approve, createPayout, markPaid, numberOf, openDialog, reject, rowOf, statusOf, toast } from './steps.ts'
import { password } from './world/people.ts'

// The owner's own test script, step by step: 'Testing the Feature' in both of its modes.

const test = testIn(async ({ deps, payable, manager, owner }) => {
  const common = { partner: payable.partner, createdBy: manager.user.id, approvedBy: owner.user.id }
  const statuses = ['pending_approval', 'pending_approval', 'approved', 'paid', 'rejected'] as const
  const samples = []
  for (const [index, status] of statuses.entries())
    samples.push(await aPayout(deps, { ...common, status, amount: 10_000 * (index + 1), period: '2026-02' }))
  return { samples, app: await anApp(deps, owner.user) }
})

test('demo mode: look, approve, mark paid, reject, create, export', async ({ world, browse }) => {
  const page = await browse(world.admin)
  const [toApprove, toReject, toPay] = world.samples.map(numberOf) as [string, string, string]

  await test.step('1, 2: five sample payouts with different statuses', async () => {
    await page.goto('/admin/payouts')
    await expect(page.locator('[data-row]')).toHaveCount(5)
    for (const [status, count] of Object.entries({ 'Pending approval': 2, Approved: 1, Paid: 1, Rejected: 1 }))
      await expect(page.locator('[data-row]').getByText(status, { exact: true })).toHaveCount(count)
  })
  await test.step('3: approve a pending one', async () => {
    await rowOf(page, toApprove).getByRole('link').click()
    await approve(page)
    await expect(statusOf(page)).toContainText('Approved')
  })
  await test.step('4: mark an approved one paid', async () => {
    await page.goto('/admin/payouts')
    await rowOf(page, toPay).getByRole('link').click()
    await markPaid(page)
    await expect(statusOf(page)).toContainText('Paid')
  })
  await test.step('5: reject one', async () => {
    await page.goto('/admin/payouts')
    await rowOf(page, toReject).getByRole('link').click()
    await reject(page, 'The deal was refunded.')
    await expect(statusOf(page)).toContainText('Rejected')
    await expect(page.getByRole('main')).toContainText('The deal was refunded.')
  })
  await test.step('6: create one', async () => {
    const number = await createPayout(page, { partner: 'Nordwind Referrals — USD', amount: '50' })
    await expect(statusOf(page)).toContainText('Pending approval')
    await page.goto('/admin/payouts')
    await expect(rowOf(page, number)).toContainText('USD 50.00')
  })
  await test.step('7: export to CSV', async () => {
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    const file = await (await download).path()
    const lines = (await readFile(file, 'utf8')).trim().split(/\r?\n/)
    expect(lines).toHaveLength(1 + 6)
    expect(lines[0]).toContain('Amount,Currency')
  })
})

test('production mode: log in, review, approve or reject, mark paid after the bank transfer, and the partner reads it', async ({
  world,
  browse,
}) => {
  const page = await browse(null)
  const { partner, person } = world.payable
  const number = numberOf(world.samples[2] as { number: number })

  await test.step('1: log in as admin user', async () => {
    await page.goto('/admin/payouts')
    await expect(page).toHaveURL(/\/login\?to=%2Fadmin%2Fpayouts/)
    await page.getByLabel('Email').fill(world.owner.email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Code of your authenticator app').fill(world.app.code(Date.now()))
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page).toHaveURL(`${world.url}/admin/payouts`)
  })
  const created = await test.step('2, 3: the payouts, and what is pending', async () => {
    const manager = await browse(world.manager)
    const created = await createPayout(manager, {
      partner: `${partner.name} — USD`,
      amount: '321.00',
      reference: 'ACH-1',
    })
    await page
      .getByRole('navigation', { name: 'Payouts by status' })
      .getByRole('link', { name: /^Pending approval/ })
      .click()
    await expect(rowOf(page, created)).toContainText('USD 321.00')
    await expect(page.locator('[data-row]').filter({ hasNotText: 'Pending approval' })).toHaveCount(0)
    return created
  })
  await test.step('4: approve it', async () => {
    await rowOf(page, created).getByRole('link').click()
    await approve(page)
    await expect(statusOf(page)).toContainText('Approved')
  })
  await test.step('5: mark it paid once the bank transfer is through', async () => {
    const before = (await world.simulator.transfers()).length
    const dialog = await openDialog(page, 'Record a payment made elsewhere')
    await dialog.getByLabel('Method').selectOption('Bank transfer')
    await dialog.getByLabel('Reference').fill('ACH 20260312-7')
    await dialog.getByLabel('Paid on').fill('2026-03-12')
    await dialog.getByRole('button', { name: /^Record / }).click()
    await expect(toast(page)).toContainText(`${created} is recorded as paid outside Stripe.`)
    await expect(statusOf(page)).toContainText('Paid')
    await expect(statusOf(page)).toContainText('Outside Stripe')
    // Recorded is not sent: Stripe hears nothing of it.
    expect((await world.simulator.transfers()).length).toBe(before)
    await world.mailbox.anEmailTo(person.email, /Acme paid you \$321\.00/)
  })
  await test.step('6: the partner portal shows updated earnings', async () => {
    const portal = await browse(person)
    await portal.goto('/portal')
    await expect(rowOf(portal, created)).toContainText('Paid outside Stripe')
    await rowOf(portal, created).getByRole('link').click()
    await expect(portal.getByRole('list', { name: 'Steps of this payout' })).toContainText(
      'Bank transfer on 2026-03-12, reference ACH 20260312-7',
    )
    expect(number).not.toBe(created)
  })
})

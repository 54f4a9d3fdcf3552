import { aPartner, aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { numberOf, rowOf } from './steps.ts'

const test = testIn(async ({ deps, org, payable, manager, owner }) => {
  const euro = await aPartner(deps, { orgId: org.id, name: 'Ligurian Integrators', currency: 'EUR', country: 'IT' })
  const own = await aPayout(deps, { partner: payable.partner, createdBy: owner.user.id, amount: 666 })
  for (let index = 0; index < 200; index++)
    await aPayout(deps, {
      partner: index % 4 === 0 ? euro : payable.partner,
      createdBy: manager.user.id,
      amount: 1_000,
    })
  return { own }
})

test('200 payouts are approved from the list; the one that can’t be is named, and stays', async ({ world, browse }) => {
  test.setTimeout(90_000)
  const page = await browse(world.owner)
  await page.goto('/admin/payouts?status=pending_approval&sort=oldest')
  const tab = page
    .getByRole('navigation', { name: 'Payouts by status' })
    .getByRole('link', { name: /^Pending approval/ })
  await expect(tab).toContainText('201')
  const check = page.getByRole('region', { name: 'Check before you go on' })
  let approved = 0
  let rounds = 0
  while (approved < 200) {
    expect(++rounds, 'every round approves what it shows').toBeLessThan(6)
    await page.getByLabel('Select all on this page').check()
    const bar = page.locator('#bulk')
    const shown = await page.locator('[data-row]').count()
    await expect(bar).toContainText(`${shown} payouts selected`)
    // The owner's own payout is on every page, since it is the oldest and stays.
    await expect(bar).toContainText('1 of them will be skipped. Show why')
    await bar.getByText('Show why').click()
    await expect(bar).toContainText(`${numberOf(world.own)} · Nordwind Referrals`)
    await expect(bar).toContainText('You prepared this payout, so someone else has to approve it.')

    const count = shown - 1
    const euros = await page.locator('[data-row]').filter({ hasText: 'EUR' }).count()
    await bar.getByRole('button', { name: `Approve ${count}…` }).click()
    const totals = check.getByRole('list', { name: 'Totals by currency' })
    await expect(totals).toContainText(`EUR ${euros * 10}.00 in ${euros}`)
    await expect(totals).toContainText(`USD ${(count - euros) * 10}.00 in ${count - euros}`)
    await expect(check).toContainText('Left out (1):')
    await check.getByLabel(/I have checked/).check()
    await check.getByRole('button', { name: `Approve ${count} payouts` }).click()
    await expect(page.getByText(`${count} payouts approved`)).toBeVisible()
    approved += count
    // The whole number: 5 is also in the 54 that stood there before, with rows that are about to go.
    await expect(tab).toHaveText(new RegExp(`\\D${201 - approved}$`))
  }
  expect(approved).toBe(200)
  await expect(page.locator('[data-row]')).toHaveCount(1)
  await expect(rowOf(page, numberOf(world.own))).toContainText('Pending approval')
})

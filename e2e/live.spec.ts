import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { approve, numberOf, rowOf, statusOf } from './steps.ts'

const test = testIn(async ({ deps, payable, manager }) => {
  const all = []
  for (let index = 0; index < 40; index++)
    all.push(await aPayout(deps, { partner: payable.partner, createdBy: manager.user.id, amount: 1_000 + index }))
  return { all, changed: all[10] as (typeof all)[number], kept: all.slice(3, 6) }
})

test('what somebody else does appears within two seconds, without losing selection, scroll or focus', async ({
  world,
  browse,
}) => {
  const { changed, kept } = world
  const page = await browse(world.owner)
  await page.goto('/admin/payouts?sort=oldest')
  for (const payout of kept) await rowOf(page, numberOf(payout)).getByRole('checkbox').check()
  await rowOf(page, numberOf(changed)).scrollIntoViewIfNeeded()
  await page.mouse.wheel(0, 300)
  await page.getByLabel('Search payouts').focus()
  await page.getByLabel('Search payouts').fill('half a thought')
  await page.mouse.wheel(0, 300)
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(0)
  const scrolled = await page.evaluate(() => window.scrollY)

  const other = await browse(world.admin)
  await other.goto(`/admin/payouts/${changed.id}`)
  await approve(other)
  await expect(statusOf(other)).toContainText('Approved')
  await expect(rowOf(page, numberOf(changed))).toContainText('Approved', { timeout: 2_000 })

  expect(await page.evaluate(() => window.scrollY)).toBe(scrolled)
  for (const payout of kept) await expect(rowOf(page, numberOf(payout)).getByRole('checkbox')).toBeChecked()
  await expect(page.getByText('3 payouts selected').first()).toBeVisible()
  await expect(page.getByLabel('Search payouts')).toBeFocused()
  await expect(page.getByLabel('Search payouts')).toHaveValue('half a thought')
  await expect(
    page.getByRole('navigation', { name: 'Payouts by status' }).getByRole('link', { name: /^Approved/ }),
  ).toContainText('1')
})

test('an open payout says who changed it under the reader’s eyes', async ({ world, browse }) => {
  const [first] = world.all
  if (!first) throw new Error('no payout')
  const page = await browse(world.owner)
  await page.goto(`/admin/payouts/${first.id}`)
  const other = await browse(world.admin)
  await other.goto(`/admin/payouts/${first.id}`)
  await approve(other)
  await expect(
    page.getByText('Adam Admin just changed this payout: approved. It is approved now.').first(),
  ).toBeVisible()
})

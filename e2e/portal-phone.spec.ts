import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright/test'
import { aPartner, aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { numberOf, rowOf, statusOf, toast } from './steps.ts'

const test = testIn(async ({ deps, payable, manager, admin, org }) => {
  const common = { partner: payable.partner, createdBy: manager.user.id, approvedBy: admin.user.id, period: '2026-02' }
  const paid = await aPayout(deps, { ...common, status: 'paid', amount: 100_000, reference: 'INV-9' })
  await aPayout(deps, { ...common, status: 'paid', amount: 50_000 })
  await aPayout(deps, { ...common, status: 'pending_approval', amount: 7_000 })
  await aPayout(deps, { ...common, status: 'approved', amount: 3_000 })
  const rejected = await aPayout(deps, { ...common, status: 'rejected', amount: 9_900 })
  const sibling = await aPartner(deps, { orgId: org.id, name: 'Sibling Canary' })
  const siblings = await aPayout(deps, { partner: sibling, status: 'paid', amount: 7_777_700 })
  return { paid, rejected, siblings }
})

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

async function fits(page: Page): Promise<void> {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }))
  expect(scroll, `${page.url()} is not wider than the phone`).toBeLessThanOrEqual(client)
}

test('a partner checks earnings and history on a phone', async ({ world, browse, tolerate }) => {
  const page = await browse(world.payable.person, phone)
  const below = page.getByRole('navigation', { name: 'Main, below' })

  await page.goto('/portal')
  await fits(page)
  const main = page.getByRole('main')
  await expect(main).toContainText('USD 1,500.00')
  await expect(main).toContainText('USD 70.00')
  await expect(main).toContainText('USD 30.00')
  await expect(main).not.toContainText('77,777')

  await below.getByRole('link', { name: 'Payouts' }).click()
  await expect(page.locator('[data-row]')).toHaveCount(5)
  await fits(page)
  await page.getByRole('link', { name: 'Not paid' }).click()
  await expect(page.locator('[data-row]')).toHaveCount(1)
  await rowOf(page, numberOf(world.rejected)).getByRole('link').click()
  await expect(main).toContainText('Why Acme rejected it')
  await expect(main).toContainText('The deal was refunded.')
  await fits(page)

  await page.goto(`/portal/payouts/${world.paid.id}`)
  await expect(statusOf(page)).toContainText('Paid')
  await expect(main).toContainText('In your Stripe balance')
  await fits(page)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Statement (CSV)' }).click()
  const statement = await readFile(await (await download).path(), 'utf8')
  expect(statement).toContain('1000.00')
  expect(statement).toContain('SIMULATED')

  await page.getByLabel(/^Account:/).click()
  await page.getByRole('link', { name: 'Profile and sessions' }).click()
  await page.getByLabel('Your name').fill('Paula P. Partner')
  await page.getByRole('button', { name: 'Save the name' }).click()
  await expect(toast(page)).toContainText('Your name is changed.')
  await expect(main).toContainText('This one')
  await fits(page)

  await page.goto('/portal/setup')
  await expect(main).toContainText('You are set up, and can be paid.')
  await fits(page)

  // A sibling's payout does not exist, whatever its address.
  tolerate(/status of 404/)
  await page.goto(`/portal/payouts/${world.siblings.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is nothing here')
  await expect(page.locator('body')).not.toContainText('Sibling Canary')
  await expect(below).toBeVisible()
})

import type { Locator, Page } from 'playwright/test'
import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { numberOf, rowOf, statusOf, toast } from './steps.ts'

// The three jobs of an approver with nothing but keys. The first tab stop is always the skip link.

const test = testIn(async ({ deps, payable, manager, admin }) => {
  const common = { partner: payable.partner, createdBy: manager.user.id, approvedBy: admin.user.id }
  return {
    first: await aPayout(deps, common),
    second: await aPayout(deps, common),
    refused: await aPayout(deps, common),
    ready: await aPayout(deps, { ...common, status: 'approved' }),
  }
})

/** Tabs on until this is focused, and can be seen to be. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  const focused = () => target.evaluate(element => element === document.activeElement)
  for (let presses = 0; presses < 80; presses++) {
    if (await focused()) {
      const outline = await target.evaluate(element => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
        return outlineStyle !== 'none' && outlineWidth !== '0px' ? 'outline' : boxShadow
      })
      expect(outline, 'the focus is visible').not.toBe('none')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`80 tab stops, and none was ${target}`)
}

test('approve several, by keyboard', async ({ world, browse }) => {
  const page = await browse(world.owner)
  await page.goto('/admin/payouts')
  await tabTo(page, page.getByRole('link', { name: 'Skip to content' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()
  for (const payout of [world.second, world.first].sort((a, b) => b.number - a.number)) {
    await tabTo(page, rowOf(page, numberOf(payout)).getByRole('checkbox'))
    await page.keyboard.press('Space')
  }
  await expect(page.getByText('2 payouts selected').first()).toBeAttached()
  await tabTo(page, page.getByRole('button', { name: 'Approve 2…' }))
  await page.keyboard.press('Enter')
  const check = page.getByRole('region', { name: 'Check before you go on' })
  await expect(check).toBeFocused()
  await tabTo(page, check.getByRole('checkbox'))
  await page.keyboard.press('Space')
  await tabTo(page, check.getByRole('button', { name: 'Approve 2 payouts' }))
  await page.keyboard.press('Enter')
  await expect(page.getByText('2 payouts approved')).toBeVisible()
})

test('reject one, by keyboard: the dialog takes the focus, gives it back, and sends', async ({ world, browse }) => {
  const page = await browse(world.owner)
  await page.goto(`/admin/payouts/${world.refused.id}`)
  const trigger = page.locator('summary').filter({ hasText: /^Reject$/ })
  const dialog = page.getByRole('dialog', { name: /^Reject PO-/ })
  await tabTo(page, trigger)
  await page.keyboard.press('Enter')
  await expect(dialog).toBeVisible()
  await expect.poll(() => dialog.evaluate(element => element.contains(document.activeElement))).toBe(true)
  // Nothing behind it can be reached.
  for (let presses = 0; presses < 8; presses++) {
    await page.keyboard.press('Tab')
    const where = await dialog.evaluate(element =>
      element.contains(document.activeElement) || document.activeElement === document.body ? 'inside' : 'behind',
    )
    expect(where).toBe('inside')
  }
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(trigger).toBeFocused()

  await page.keyboard.press('Enter')
  await expect(dialog).toBeVisible()
  await tabTo(page, dialog.getByLabel('Reason'))
  await page.keyboard.type('The invoice was refunded.')
  await tabTo(page, dialog.getByRole('button', { name: 'Reject' }))
  await page.keyboard.press('Enter')
  await expect(statusOf(page)).toContainText('Rejected')
})

test('pay one, by keyboard', async ({ world, browse }) => {
  const page = await browse(world.owner)
  await page.goto(`/admin/payouts/${world.ready.id}`)
  const dialog = page.getByRole('dialog', { name: /^Send PO-/ })
  await tabTo(page, page.locator('summary').filter({ hasText: /^Mark paid$/ }))
  await page.keyboard.press('Enter')
  await tabTo(page, dialog.getByRole('checkbox'))
  await page.keyboard.press('Space')
  await tabTo(page, dialog.getByRole('button', { name: /^Send / }))
  await page.keyboard.press('Enter')
  await expect(toast(page)).toContainText('is on its way')
  await expect(statusOf(page)).toContainText('Paid')
})

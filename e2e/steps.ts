import type { Locator, Page } from 'playwright/test'
import { payoutNumber } from '#server/payouts/rules.ts'
import { expect } from './fixtures.ts'

// What people do in several journeys, each as one step.

/** `PO-000042`, as every page calls it. */
export function numberOf(payout: { number: number }): string {
  return payoutNumber(payout.number)
}

/** The status badge beside a page's title. */
export function statusOf(page: Page): Locator {
  return page.locator('main header').first()
}

/** What just happened, in the corner. */
export function toast(page: Page): Locator {
  return page.getByRole('region', { name: 'Notification' })
}

/** What happened to a payout and what comes, on the admin's page. */
export function timeline(page: Page): Locator {
  return page.getByRole('list', { name: 'What happened and what comes' })
}

/** Opens a dialog by its button, which is a disclosure without scripts. */
export async function openDialog(page: Page, trigger: string): Promise<Locator> {
  await page
    .getByRole('main')
    .locator('summary')
    .filter({ hasText: new RegExp(`^${trigger}$`) })
    .click()
  const dialog = page.getByRole('dialog').filter({ visible: true })
  await expect(dialog).toBeVisible()
  return dialog
}

export async function approve(page: Page): Promise<void> {
  const dialog = await openDialog(page, 'Approve')
  await dialog.getByRole('button', { name: /^Approve / }).click()
}

export async function reject(page: Page, reason: string): Promise<void> {
  const dialog = await openDialog(page, 'Reject')
  await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: 'Reject' }).click()
}

export async function markPaid(page: Page): Promise<void> {
  const dialog = await openDialog(page, 'Mark paid')
  await dialog.getByLabel(/I have checked/).check()
  await dialog.getByRole('button', { name: /^Send / }).click()
}

/** From the list to a created payout's page; its number is the answer. */
export async function createPayout(
  page: Page,
  given: { partner: string; amount: string; period?: string; reference?: string; note?: string },
): Promise<string> {
  await page.goto('/admin/payouts')
  await page.getByRole('link', { name: 'New payout' }).first().click()
  // The list has fields of the same names.
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('New payout')
  await page.getByLabel('Partner', { exact: true }).selectOption({ label: given.partner })
  await page.getByLabel('Amount').fill(given.amount)
  if (given.period) await page.getByLabel('Period').fill(given.period)
  if (given.reference) await page.getByLabel('Reference').fill(given.reference)
  if (given.note) await page.getByLabel('Note').fill(given.note)
  await page.getByRole('button', { name: 'Create payout' }).click()
  await expect(toast(page)).toContainText('is created and waits for approval')
  const [number = ''] = /PO-\d{6}/.exec((await toast(page).textContent()) ?? '') ?? []
  return number
}

/** The row of a payout in a list, by its number. */
export function rowOf(page: Page, number: string): Locator {
  return page.getByRole('row').filter({ hasText: number })
}

import type { Page } from 'playwright/test'
import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'

const test = testIn(async ({ deps, payable, manager }) => {
  for (let index = 0; index < 160; index++)
    await aPayout(deps, { partner: payable.partner, createdBy: manager.user.id, amount: 1_000 + index })
  return {}
})

const shown = (page: Page) =>
  page.locator('[data-row]').evaluateAll(rows => rows.map(row => (row as HTMLElement).dataset.row))

/** Follows a link of the list's end, and answers what is shown then. */
async function step(page: Page, name: 'Next' | 'Previous' | 'Back to the first page') {
  const before = await shown(page)
  await page.getByRole('main').getByRole('link', { name, exact: true }).click()
  await expect.poll(() => shown(page)).not.toEqual(before)
  return shown(page)
}

test('a list goes on and back by the same pages, with sort and filter; a new filter starts anew', async ({
  world,
  browse,
}) => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await browse(world.owner, { javaScriptEnabled })
    await page.goto('/admin/payouts?status=pending_approval&sort=amount_asc')
    await expect(page.locator('[data-row]')).toHaveCount(50)
    await expect(page.getByRole('link', { name: 'Previous', exact: true })).toHaveCount(0)
    const pages = [await shown(page)]
    for (let index = 0; index < 3; index++) pages.push(await step(page, 'Next'))
    expect(new Set(pages.flat()).size).toBe(160)
    await expect(page.getByRole('link', { name: 'Next', exact: true })).toHaveCount(0)
    for (const expected of pages.slice(0, 3).reverse()) expect(await step(page, 'Previous')).toEqual(expected)
    await expect(page).toHaveURL('/admin/payouts?status=pending_approval&sort=amount_asc')

    await step(page, 'Next')
    await step(page, 'Next')
    expect(await step(page, 'Back to the first page')).toEqual(pages[0])
    await step(page, 'Next')
    await page.getByRole('navigation', { name: 'Payouts by status' }).getByRole('link', { name: /^All/ }).click()
    await expect(page).toHaveURL('/admin/payouts?sort=amount_asc')
  }
})

test('the portal’s history pages back and forth too', async ({ world, browse }) => {
  const page = await browse(world.payable.person)
  await page.goto('/portal/payouts')
  await expect(page.locator('[data-row]')).toHaveCount(25)
  const first = await shown(page)
  const second = await step(page, 'Next')
  expect(second.filter(id => first.includes(id))).toEqual([])
  await step(page, 'Next')
  expect(await step(page, 'Previous')).toEqual(second)
  expect(await step(page, 'Previous')).toEqual(first)
  await expect(page).toHaveURL(/\/portal\/payouts\??$/)
})

test('an address that nobody of ours wrote shows the first page', async ({ world, browse }) => {
  const page = await browse(world.owner)
  for (const after of ['...', 'x', 'a'.repeat(900), '.x'])
    for (const path of ['/admin/payouts', '/admin/partners', '/admin/audit', '/admin/emails', '/admin/jobs']) {
      const answer = await page.goto(`${path}?after=${after}`)
      expect({ path, after, status: answer?.status() }).toEqual({ path, after, status: 200 })
    }
})

import type { Page } from 'playwright/test'
import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { numberOf, rowOf } from './steps.ts'

const test = testIn(async ({ deps, payable, manager }) => ({
  payout: await aPayout(deps, { partner: payable.partner, createdBy: manager.user.id }),
}))

/** Holds back what a page's loaders answer, until the returned function is called. */
async function hold(page: Page, path: string): Promise<() => void> {
  let release = () => {}
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  await page.route(
    url => url.pathname === `${path}.data`,
    async route => {
      await released
      await route.continue()
    },
  )
  return release
}

const skeleton = (page: Page) => page.locator('[data-skeleton]')
const content = (page: Page) => page.locator('main > div[aria-busy]')
/** Where the line with the page's title begins, or its outline does. */
const titleAt = async (page: Page, selector: string) => {
  const box = await page.locator(selector).first().boundingBox()
  return box && { left: Math.round(box.x), top: Math.round(box.y) }
}

test('a page that takes long is outlined by its kind, where it will be, and is busy until it is there', async ({
  world,
  browse,
}) => {
  const page = await browse(world.owner)
  await page.goto('/admin/payouts')
  const id = world.payout.id
  const steps = [
    { path: `/admin/payouts/${id}`, kind: 'detail', go: () => rowOf(page, numberOf(world.payout)).getByRole('link') },
    { path: '/admin/partners', kind: 'list', go: () => page.getByRole('link', { name: 'Partners', exact: true }) },
    { path: '/admin/partners/new', kind: 'form', go: () => page.getByRole('link', { name: 'New partner' }) },
    { path: '/admin', kind: 'overview', go: () => page.getByRole('link', { name: 'Overview', exact: true }) },
  ]
  for (const { path, kind, go } of steps) {
    const release = await hold(page, path)
    const before = await page.getByRole('heading', { level: 1 }).textContent()
    await go().first().click()
    await expect(skeleton(page)).toHaveAttribute('data-skeleton', kind)
    await expect(content(page)).toHaveAttribute('aria-busy', 'true')
    await expect(page.getByRole('heading', { level: 1 })).toBeHidden()
    const [outlined, width] = [
      await titleAt(page, '[data-skeleton] .min-h-8'),
      await skeleton(page).evaluate(element => element.clientWidth),
    ]
    release()
    await expect(skeleton(page)).toHaveCount(0)
    await expect(page).toHaveURL(path)
    await expect(page.getByRole('heading', { level: 1 })).not.toHaveText(before ?? '')
    await expect(page.locator('main [aria-busy]')).toHaveCount(0)
    expect(await titleAt(page, 'main header')).toEqual(outlined)
    expect(
      await page
        .locator('main header')
        .first()
        .evaluate(element => element.parentElement?.clientWidth),
    ).toBe(width)
  }
})

test('nothing flickers: the outline comes after 150 ms, not before', async ({ world, browse }) => {
  const page = await browse(world.owner)
  await page.clock.install()
  await page.goto('/admin/payouts')
  await expect(rowOf(page, numberOf(world.payout))).toBeVisible()
  const release = await hold(page, '/admin/partners')
  await page.clock.pauseAt(Date.now() + 60_000)
  await page.getByRole('link', { name: 'Partners', exact: true }).click()
  await expect(page.locator('.page-progress')).toBeAttached()
  await page.clock.runFor(149)
  await expect(skeleton(page)).toHaveCount(0)
  await expect
    .poll(async () => {
      await page.clock.runFor(10)
      return skeleton(page).count()
    })
    .toBe(1)
  release()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Partners')
})

test('who turns back before the page has come finds the old one as it was', async ({ world, browse }) => {
  const page = await browse(world.owner)
  await page.goto('/admin/payouts')
  const box = rowOf(page, numberOf(world.payout)).getByRole('checkbox')
  await box.check()
  await hold(page, '/admin/partners')
  await page.getByRole('link', { name: 'Partners', exact: true }).click()
  await expect(skeleton(page)).toBeVisible()
  await expect(box).toBeHidden()
  await page
    .getByRole('link', { name: /^Payouts/ })
    .first()
    .click()
  await expect(skeleton(page)).toHaveCount(0)
  await expect(box).toBeChecked()
})

test('a filter keeps the rows, dimmed, until the new ones are there', async ({ world, browse }) => {
  const page = await browse(world.owner)
  await page.goto('/admin/payouts')
  const row = rowOf(page, numberOf(world.payout))
  const rows = page.locator('.data-table tbody')
  const opacity = () => rows.evaluate(element => Number(getComputedStyle(element).opacity))
  expect(await opacity()).toBe(1)
  const release = await hold(page, '/admin/payouts')
  await page
    .getByRole('navigation', { name: 'Payouts by status' })
    .getByRole('link', { name: /^Pending/ })
    .click()
  await expect(content(page)).toHaveAttribute('aria-busy', 'true')
  await expect.poll(opacity).toBe(0.6)
  await expect(row).toBeVisible()
  await expect(skeleton(page)).toHaveCount(0)
  release()
  await expect(page).toHaveURL(/status=pending_approval/)
  await expect.poll(opacity).toBe(1)
  await expect(row).toBeVisible()
})

test('the portal outlines its pages too, on a phone; it moves only for who likes motion', async ({ world, browse }) => {
  const phone = { viewport: { width: 390, height: 844 } }
  for (const reducedMotion of ['reduce', 'no-preference'] as const) {
    const page = await browse(world.payable.person, { ...phone, reducedMotion })
    await page.goto('/portal')
    const release = await hold(page, '/portal/payouts')
    await page.getByRole('navigation').getByRole('link', { name: 'Payouts' }).filter({ visible: true }).click()
    await expect(skeleton(page)).toHaveAttribute('data-skeleton', 'list')
    await expect.poll(() => skeleton(page).evaluate(element => getComputedStyle(element).opacity)).not.toBe('0')
    const moving = await skeleton(page).evaluate(
      element =>
        element.getAnimations().filter(one => one.effect?.getTiming().iterations === Number.POSITIVE_INFINITY).length,
    )
    expect(moving).toBe(reducedMotion === 'reduce' ? 0 : 1)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    release()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Payouts')
  }
})

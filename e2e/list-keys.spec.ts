import type { Locator, Page } from 'playwright/test'
import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { numberOf, rowOf } from './steps.ts'

const test = testIn(async ({ deps, payable, manager }) => {
  const payouts = []
  for (let index = 0; index < 3; index++)
    payouts.push(await aPayout(deps, { partner: payable.partner, createdBy: manager.user.id, amount: 1_000 + index }))
  // As the list has them: the newest first.
  return { payouts: payouts.sort((a, b) => b.number - a.number) }
})

async function open(page: Page, payouts: readonly { number: number }[]) {
  await page.goto('/admin/payouts')
  const rows = payouts.map(payout => rowOf(page, numberOf(payout))) as [Locator, Locator, Locator]
  // A dialog can be closed by a button as soon as scripts run; until then nobody hears the keys.
  await expect(page.locator('dialog button').filter({ hasText: 'Close' }).first()).toBeAttached()
  const focused = () =>
    Promise.all(rows.map(row => row.getByRole('link').evaluate(link => link === document.activeElement)))
  return { rows, focused }
}

const [firstRow, secondRow, thirdRow, noRow] = [
  [true, false, false],
  [false, true, false],
  [false, false, true],
  [false, false, false],
]

test('J and K go from row to row, X selects, Enter opens', async ({ world, browse }) => {
  const page = await browse(world.owner)
  const { rows, focused } = await open(page, world.payouts)
  await page.keyboard.press('j')
  expect(await focused()).toEqual(firstRow)
  await page.keyboard.press('k')
  expect(await focused()).toEqual(firstRow)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  expect(await focused()).toEqual(thirdRow)
  await page.keyboard.press('k')
  expect(await focused()).toEqual(secondRow)
  const outline = await rows[1].getByRole('link').evaluate(element => getComputedStyle(element, '::after').outlineStyle)
  expect(outline, 'the focused row can be seen').toBe('solid')

  await page.keyboard.press('x')
  await expect(rows[1].getByRole('checkbox')).toBeChecked()
  await expect(page.getByText('1 payout selected').first()).toBeVisible()
  expect(await focused()).toEqual(secondRow)
  await page.keyboard.press('x')
  await expect(rows[1].getByRole('checkbox')).not.toBeChecked()

  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(`/admin/payouts/${(world.payouts[1] as { id: string }).id}`)
})

test('a slash leads to the search box, where letters are letters; J then goes on where it was', async ({
  world,
  browse,
}) => {
  const page = await browse(world.owner)
  const { rows, focused } = await open(page, world.payouts)
  const search = page.getByLabel('Search payouts')
  await page.keyboard.press('j')
  await page.keyboard.press('/')
  await expect(search).toBeFocused()
  await page.keyboard.type('jxk/?')
  await expect(search).toHaveValue('jxk/?')
  await expect(page.getByRole('dialog')).toBeHidden()
  for (const row of rows) await expect(row.getByRole('checkbox')).not.toBeChecked()
  await page.getByLabel('Partner', { exact: true }).focus()
  await page.keyboard.press('j')
  expect(await focused()).toEqual(noRow)

  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('j')
  expect(await focused()).toEqual(secondRow)
  // With Ctrl or Alt it is the browser's.
  await page.keyboard.press('Alt+x')
  await expect(rows[1].getByRole('checkbox')).not.toBeChecked()
})

test('a question mark lists the keys; they can be turned off, which the browser remembers', async ({
  world,
  browse,
}) => {
  const page = await browse(world.owner)
  const { focused } = await open(page, world.payouts)
  await page.keyboard.press('j')
  await page.keyboard.press('?')
  const dialog = page.getByRole('dialog', { name: 'Keys on this list' })
  await expect(dialog).toBeVisible()
  for (const says of ['Go to the next', 'Select it', 'Open it', 'Go to the search box', 'Show this list'])
    await expect(dialog).toContainText(says)
  await page.keyboard.press('j')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  expect(await focused()).toEqual(firstRow)

  await page.keyboard.press('?')
  await dialog.getByLabel('Use these keys').uncheck()
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  expect(await focused()).toEqual(firstRow)
  await page.reload()
  await page.getByText('Keys are off').click()
  await expect(dialog.getByLabel('Use these keys')).not.toBeChecked()
  await dialog.getByLabel('Use these keys').check()
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  expect(await focused()).toEqual(firstRow)
})

test('who may select nothing is offered no key for it; without scripts there is no hint', async ({ world, browse }) => {
  const page = await browse(world.viewer)
  await open(page, world.payouts)
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).not.toContainText('Select it')
  const plain = await browse(world.owner, { javaScriptEnabled: false })
  await plain.goto('/admin/payouts')
  await expect(plain.getByText('Keys', { exact: false }).filter({ visible: true })).toHaveCount(0)
})

import { readFile } from 'node:fs/promises'
import Papa from 'papaparse'
import { aPartner, aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'

const test = testIn(async ({ deps, org, payable, manager, owner }) => {
  const euro = await aPartner(deps, { orgId: org.id, name: '=HYPERLINK("evil")', currency: 'EUR', country: 'DE' })
  const common = { createdBy: manager.user.id, approvedBy: owner.user.id }
  for (let index = 0; index < 60; index++)
    await aPayout(deps, {
      ...common,
      partner: payable.partner,
      status: index % 3 === 0 ? 'approved' : 'pending_approval',
      amount: 10_000 + index,
      period: '2026-02',
      reference: `R-${index}`,
    })
  for (let index = 0; index < 5; index++)
    await aPayout(deps, { ...common, partner: euro, amount: 20_000 + index, notes: '-1+2\nsecond "line"' })
  return {}
})

interface Row {
  Number: string
  Partner: string
  Status: string
  Amount: string
  Currency: string
  Note: string
}

test('the exported file is the list, for any filter and order', async ({ world, browse }) => {
  const page = await browse(world.viewer)
  for (const [search, count] of [
    ['', 65],
    ['?currency=USD&status=pending_approval&sort=amount_desc', 40],
    ['?currency=EUR', 5],
    ['?q=R-5', 11],
    ['?currency=USD&min=100.10&max=100.19&period=2026-02', 10],
  ] as const) {
    await page.goto(`/admin/payouts${search}`)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    const text = await readFile(await (await download).path(), 'utf8')
    const { data, errors } = Papa.parse<Row>(text.replace(/^\ufeff/, ''), { header: true, skipEmptyLines: true })
    expect(errors).toEqual([])
    const exported = data.map(row => `${row.Number} ${row.Status} ${row.Currency} ${row.Amount}`)

    // The whole list, page by page.
    const listed: string[] = []
    for (;;) {
      for (const row of await page.locator('[data-row]').allInnerTexts()) {
        const [number] = /PO-\d{6}/.exec(row) ?? ['']
        const [status] = /Pending approval|Approved/.exec(row) ?? ['']
        const [, currency, amount] = /(USD|EUR)\s([\d,.]+)/.exec(row) ?? []
        listed.push(`${number} ${status} ${currency} ${amount?.replaceAll(',', '')}`)
      }
      const next = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Next' })
      if (!(await next.isVisible())) break
      await next.click()
      await expect(page).toHaveURL(/after=/)
      await expect(page.locator('[data-row]').first()).not.toContainText(listed[0]?.split(' ')[0] ?? '')
    }
    expect(exported).toHaveLength(count)
    expect(exported).toEqual(listed)
    // A spreadsheet must not run what a partner is called.
    for (const row of data) expect(`${row.Partner}${row.Note}`).not.toMatch(/^[=+@-]/)
  }
})

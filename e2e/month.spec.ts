import type { Page } from 'playwright/test'
import { dayWords } from '#server/lib/days.ts'
import { aMember } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { approve, markPaid, openDialog, rowOf, statusOf, toast } from './steps.ts'
import { aPayablePartner, signedIn } from './world/people.ts'
import { sampleDay, sampleFile, sampleMonthEnd, samplePeriod } from './world/sample-month.ts'

/** One partner of the sample is here before it is imported: its account is set up, and somebody signs in for it. */
const test = testIn(async ({ deps, simulator, org }) => {
  const partner = await aPayablePartner(deps, simulator, {
    orgId: org.id,
    name: 'Northwind Advisory',
    email: 'partnerships@northwind-advisory.example',
    reference: 'P-001',
    account: 'acct_1Northwind',
    tier: 'gold',
  })
  return { northwind: await signedIn(deps, await aMember(deps, { org, role: 'partner', partner })) }
})

const phoneOptions = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }

// Computed by hand from the files: everybody with a touch gets the same share, and Gold partners 12.5 % of theirs.
const rule = `12.5 % (Gold partners, rule v1 from ${dayWords(sampleDay('2026-02-01'))})`
const alderSentence = `$15,000.00 × 100 % credit (equal split) = $15,000.00 × ${rule} = $1,875.00`
const kiteSentence = `$13,550.50 × 100 % credit (equal split) = $13,550.50 × ${rule} = $1,693.81`
const everlySentence = `CA$18,050.50 × 33.3333 % credit (equal split) = CA$6,016.83 × ${rule} = CA$752.10`

/** From the upload to the imported rows, as somebody does it who looks at each step. */
async function importSample(page: Page, kind: string, says: { columns: RegExp; dryRun: RegExp; done: RegExp }) {
  await page.goto('/admin/imports')
  await page.getByRole('link', { name: 'Import a file' }).first().click()
  await page.getByRole('radio', { name: new RegExp(`^${kind}`) }).check()
  await page.getByLabel('CSV file').setInputFiles(sampleFile(`${kind.toLowerCase()}.csv`))
  await page.getByRole('button', { name: 'Upload' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Which column is what?')
  await expect(page.getByRole('main')).toContainText(says.columns)
  await expect(page.getByRole('main'), 'all columns are recognized').toContainText('Every column is used.')
  await page.getByRole('button', { name: 'Check every row' }).click()
  await expect(page.getByRole('heading', { name: 'Import the rows' })).toBeVisible()
  await expect(page.getByRole('main')).toContainText(says.dryRun)
  await page.getByLabel('I have checked the totals and the rows.').check()
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('main')).toContainText(says.done, { timeout: 20_000 })
}

async function expectNoSideways(page: Page): Promise<void> {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }))
  expect(scroll, 'nothing is wider than the phone').toBeLessThanOrEqual(client)
}

test('a month: files in, credit and commissions, one run, and the phone says why the amount is what it is', async ({
  world,
  browse,
}) => {
  test.setTimeout(120_000)
  const manager = await browse(world.manager)
  const owner = await browse(world.owner)
  const phone = await browse(world.northwind, phoneOptions)

  await test.step('the manager writes a rule, the owner publishes it', async () => {
    await manager.goto('/admin/rules/new')
    await manager.getByLabel('Name').fill('Gold partners')
    await manager.getByLabel('Gold', { exact: true }).check()
    await manager.getByLabel('Percentage', { exact: true }).fill('12.5')
    await manager.getByLabel('Holding period, in days').fill('0')
    await manager.getByLabel('For deals closed from').fill(sampleDay('2026-02-01'))
    await manager.getByRole('button', { name: 'Save the draft' }).click()
    await expect(manager.getByRole('main')).toContainText('Draft 1 waits for publication')
    await owner.goto(new URL(manager.url()).pathname)
    const dialog = await openDialog(owner, 'Publish')
    await dialog.getByLabel(/^I have read the rule/).check()
    await dialog.getByRole('button', { name: 'Publish version 1' }).click()
    await expect(toast(owner)).toContainText('published')
  })

  await test.step('partners, deals and touches are imported', async () => {
    await importSample(manager, 'Partners', {
      columns: /12 rows/,
      dryRun: /11 partners.*1 duplicate stays? out/s,
      done: /11 partners imported/,
    })
    await importSample(manager, 'Deals', {
      columns: /60 rows/,
      dryRun: /60 deals/,
      done: /60 deals imported.*30 won deals attributed/s,
    })
    await importSample(manager, 'Touches', {
      columns: /150 rows/,
      dryRun: /150 touches/,
      done: /150 touches imported/,
    })
  })

  await test.step('won deals are attributed, and their commissions booked', async () => {
    await manager.goto('/admin/deals?stage=won')
    await rowOf(manager, 'Alder Foods – Ledger Care').first().getByRole('link').first().click()
    await expect(manager.getByRole('heading', { level: 1 })).toContainText('USD 15,000.00')
    await expect(manager.getByRole('main')).toContainText('Northwind Advisory')
    await expect(manager.getByRole('main')).toContainText('100 %')
    const lines = manager.locator('#commissions')
    await expect(lines.locator('[data-row]')).toHaveCount(1)
    await expect(lines).toContainText('USD 1,875.00')
  })

  await test.step('the partner disputes one line on the phone', async () => {
    await phone.goto('/portal/commissions')
    await phone.getByRole('link', { name: 'Kite Mobility – Ledger Care', exact: true }).click()
    await expect(phone.getByRole('main')).toContainText(kiteSentence)
    await phone.getByText('Dispute this line').click()
    await phone.getByLabel('What is wrong, and what would be right?').fill('We also brought the training.')
    await phone.getByRole('button', { name: 'Send the dispute' }).click()
    await expect(phone.getByRole('main')).toContainText('You disputed it')
  })

  await test.step('the owner enters a rate for the deals in Canadian dollars', async () => {
    await owner.goto('/admin/rates')
    await owner.getByLabel('One', { exact: true }).selectOption('CAD')
    await owner.getByLabel('is so many').selectOption('USD')
    await owner.getByLabel('Rate', { exact: true }).fill('0.73')
    await owner.getByLabel('Day', { exact: true }).fill(sampleMonthEnd)
    await owner.getByLabel('Where it comes from').fill('Closing rate of the month')
    await owner.getByRole('button', { name: 'Store the rate' }).click()
    await expect(owner.getByRole('row').filter({ hasText: 'Closing rate of the month' })).toContainText('0.73')
  })

  await test.step('the manager plans the month, looks at it, and executes it', async () => {
    await manager.goto('/admin/runs')
    await manager.getByRole('link', { name: 'Plan a run' }).first().click()
    await manager.getByLabel('Period').fill(samplePeriod)
    await manager.getByRole('button', { name: 'Plan it' }).click()
    await expect(toast(manager)).toContainText('is planned. Nothing is created yet.')
    // The disputed line waits, and nothing else of that partner.
    const waits = manager.getByRole('table', { name: 'What waits' }).locator('[data-row]')
    await expect(waits).toHaveCount(1)
    await expect(waits).toContainText('Disputed1USD 1,693.81')
    const row = rowOf(manager, 'Northwind Advisory')
    await expect(row).toContainText('USD 2,644.86')
    await expect(row).toContainText('First payout')
    await expect(rowOf(manager, 'Nordlys Digital, EUR')).toContainText('No EUR→NOK rate')

    await row.getByRole('link').first().click()
    const lines = manager.getByRole('table', { name: 'Lines of Northwind Advisory' }).locator('[data-row]')
    await expect(lines).toHaveCount(3)
    await expect(lines.filter({ hasText: 'Alder Foods' })).toContainText(alderSentence)
    await expect(lines.filter({ hasText: 'Everly Health' })).toContainText('CAD 752.10 × 0.73 = USD 549.03')
    await expect(lines.filter({ hasText: 'Kite Mobility' })).toHaveCount(0)

    const box = manager.getByRole('checkbox', { name: /^Select Brightpath Consulting, USD/ })
    await box.check()
    await manager.getByRole('button', { name: 'Take out' }).click()
    await expect(rowOf(manager, 'Brightpath Consulting')).toContainText('Taken out')
    const dialog = await openDialog(manager, 'Execute…')
    await expect(dialog.getByRole('list', { name: 'Totals by currency' })).toContainText('JPY 46,406 in 1')
    await dialog.getByLabel(/^I have checked the totals/).check()
    await dialog.getByRole('button', { name: 'Make 5 payouts' }).click()
    await expect(manager.getByRole('main')).toContainText('Its payouts are made, exactly as planned')
    expect(await world.simulator.transfers(), 'nothing is sent before it is approved').toEqual([])
  })

  await test.step('somebody else approves and pays, and the simulator moves the money', async () => {
    await rowOf(manager, 'Northwind Advisory').getByRole('link', { name: 'Its payout' }).click()
    await expect(statusOf(manager)).toContainText('Pending approval')
    await expect(manager.locator('summary', { hasText: /^Approve$/ })).toHaveCount(0)
    await owner.goto(new URL(manager.url()).pathname)
    await approve(owner)
    await expect(toast(owner)).toContainText('is approved.')
    await markPaid(owner)
    await expect(statusOf(owner)).toContainText('Paid', { timeout: 20_000 })
    const sent = await world.simulator.transfers()
    expect(sent.map(({ amount, currency, destination }) => ({ amount, currency, destination }))).toEqual([
      { amount: 264_486, currency: 'usd', destination: 'acct_1Northwind' },
    ])
    await world.mailbox.anEmailTo(world.northwind.email, /Your \$2,644\.86 payout from Acme is on the way/)
  })

  await test.step('the phone says why: in the payout, on the commission, and that one line still waits', async () => {
    await phone.goto('/portal/payouts')
    await rowOf(phone, 'USD 2,644.86').getByRole('link').first().click()
    await expect(statusOf(phone)).toContainText('Paid')
    const parts = phone.getByRole('list', { name: 'Lines of this payout' })
    await expect(parts.locator('[data-row]')).toHaveCount(3)
    await expect(parts).toContainText(alderSentence)
    await expect(parts).toContainText(everlySentence)
    await expect(parts).toContainText(`CA$752.10 × 0.73 (entered by hand, ${sampleMonthEnd}) = $549.03`)
    await expect(parts.getByRole('listitem').last()).toContainText('USD 2,644.86')
    await expectNoSideways(phone)

    await parts.getByRole('link', { name: 'Alder Foods – Ledger Care' }).click()
    await expect(statusOf(phone)).toContainText('Paid')
    await expect(phone.getByRole('main')).toContainText(alderSentence)
    await expect(phone.getByRole('list', { name: 'Step by step' })).toContainText('$1,875.00')
    await expect(phone.getByRole('main')).toContainText('Your credit: The only partner with counted touches')
    await expectNoSideways(phone)

    await phone.goto('/portal/commissions')
    const commissions = phone.getByRole('list', { name: 'Commissions', exact: true }).locator('[data-row]')
    await expect(commissions).toHaveCount(4)
    await expect(commissions.filter({ hasText: 'Settled with payout' })).toHaveCount(3)
    await expect(commissions.filter({ hasText: 'Kite Mobility' })).toContainText('it waits until Acme has decided')
    await expectNoSideways(phone)
  })
})

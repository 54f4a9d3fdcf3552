import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { rowOf, toast } from './steps.ts'
import { aPayablePartner } from './world/people.ts'

const test = testIn(async ({ deps, simulator, org, payable, manager, owner }) => {
  const south = await aPayablePartner(deps, simulator, {
    orgId: org.id,
    name: 'Südstern Vertrieb',
    email: 'kontakt@suedstern.example',
    account: 'acct_1Suedstern',
    reference: 'V-200',
  })
  const earlier = await aPayout(deps, {
    partner: payable.partner,
    status: 'paid',
    createdBy: manager.user.id,
    approvedBy: owner.user.id,
    reference: 'INV-1',
  })
  return { south, earlier }
})

const file = (text: string) => ({ name: 'february.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
const header = 'partner email,partner reference,amount,currency,period,reference,notes\n'

test('a spreadsheet is checked row by row, imported at once, approved and paid', async ({
  world,
  browse,
  tolerate,
}) => {
  const manager = await browse(world.manager)
  await manager.goto('/admin/payouts')
  await manager.getByRole('main').getByRole('link', { name: 'Import', exact: true }).first().click()

  await test.step('what can’t be read as a whole is said, and nothing is lost', async () => {
    tolerate(/status of 400/)
    await manager.getByLabel('Or paste the rows').fill('who,how much\nSomebody,12')
    await manager.getByRole('button', { name: 'Check the rows' }).click()
    await expect(manager.getByRole('alert')).toContainText('No column says who is paid')
    await expect(manager.getByLabel('Or paste the rows')).toHaveValue('who,how much\nSomebody,12')
  })

  await test.step('the dry run names every problem, and creates nothing', async () => {
    await manager.goto('/admin/payouts/import')
    await manager
      .getByLabel('CSV file')
      .setInputFiles(
        file(
          header +
            'office@nordwind.example,,"1,240.50",USD,2026-02,INV-2,"=SUM(A1:A9)"\n' +
            ',V-200,300,,Feb-26,INV-3,Bonus\n' +
            'nobody@nowhere.example,,10,USD,2026-02,INV-4,\n' +
            'office@nordwind.example,,12.345,USD,2026-02,INV-5,\n' +
            'office@nordwind.example,,99,EUR,2026-02,INV-6,\n' +
            'office@nordwind.example,,1240.00,USD,2026-01,INV-1,\n',
        ),
      )
    await manager.getByRole('button', { name: 'Check the rows' }).click()
    const row = (line: number) => manager.locator(`[data-row="${line}"]`)
    await expect(row(2)).toContainText('Fine')
    await expect(row(2)).toContainText('USD 1,240.50')
    await expect(row(3)).toContainText('Südstern Vertrieb')
    await expect(row(4)).toContainText('There is no partner with the email “nobody@nowhere.example”')
    await expect(row(5)).toContainText('Error')
    await expect(row(6)).toContainText('Nordwind Referrals is paid in USD, not in EUR.')
    await expect(row(7)).toContainText(/PO-\d{6} already pays Nordwind Referrals for the reference “INV-1”/)
    const admin = await browse(world.admin)
    await admin.goto('/admin/payouts')
    await expect(admin.locator('[data-row]')).toHaveCount(1)
    const errors = manager.waitForEvent('download')
    await manager.getByRole('button', { name: 'Download the rows with errors' }).click()
    expect((await errors).suggestedFilename()).toBe('february-errors.csv')
  })

  await test.step('what is right is created in one step', async () => {
    await expect(manager.getByRole('list', { name: 'Totals by currency' })).toContainText('USD 1,540.50')
    await manager.getByLabel('Leave out 3 rows with errors').check()
    await manager.getByLabel('I have checked the totals.').check()
    await manager.getByRole('button', { name: 'Create payouts' }).click()
    await expect(manager.getByText('2 payouts created')).toBeVisible()
    await manager.getByRole('link', { name: 'Show them in the list' }).click()
    await expect(manager.locator('[data-row]')).toHaveCount(2)
    // One mail to each approver, not one a payout.
    const mail = await world.mailbox.anEmailTo(world.owner.email, /Approve 2 payouts: USD 1,540\.50/)
    expect(mail.text).toContain('Mara Manager')
  })

  await test.step('the same file again makes nothing twice', async () => {
    await manager.goto('/admin/payouts/import')
    await manager
      .getByLabel('CSV file')
      .setInputFiles(
        file(`${header}office@nordwind.example,,"1,240.50",USD,2026-02,INV-2,\n,V-200,300,,Feb-26,INV-3,Bonus\n`),
      )
    await manager.getByRole('button', { name: 'Check the rows' }).click()
    await expect(manager.locator('[data-row="2"]')).toContainText('Duplicate')
    await expect(manager.locator('[data-row="3"]')).toContainText('Duplicate')
  })

  await test.step('somebody else approves and pays them together', async () => {
    const owner = await browse(world.owner)
    await owner.goto('/admin/payouts?status=pending_approval')
    await owner.getByLabel('Select all on this page').check()
    await owner.getByRole('button', { name: 'Approve 2…' }).click()
    const check = owner.getByRole('region', { name: 'Check before you go on' })
    await expect(check.getByRole('list', { name: 'Totals by currency' })).toContainText('USD 1,540.50')
    await check.getByLabel(/I have checked/).check()
    await check.getByRole('button', { name: 'Approve 2 payouts' }).click()
    await expect(owner.getByText('2 payouts approved')).toBeVisible()

    await owner.goto('/admin/payouts?status=approved')
    await owner.getByLabel('Select all on this page').check()
    await owner.getByRole('button', { name: 'Mark 2 paid…' }).click()
    await check.getByLabel(/I have checked/).check()
    await check.getByRole('button', { name: 'Mark 2 payouts paid' }).click()
    await expect(owner.getByText('2 payouts queued for sending')).toBeVisible()
    await owner.goto('/admin/payouts')
    await expect(owner.locator('[data-row]').getByText('Paid', { exact: true })).toHaveCount(3)
    await expect(toast(owner)).toBeHidden()
    const sent = await world.simulator.transfers()
    expect(sent.map(({ amount, destination }) => [destination, amount]).sort()).toEqual([
      ['acct_1Nordwind', 124_050],
      ['acct_1Suedstern', 30_000],
    ])
    await expect(rowOf(owner, 'INV-2')).toContainText('USD 1,240.50')
  })
})

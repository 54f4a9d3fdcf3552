import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { openDialog, toast } from './steps.ts'

const test = testIn(async ({ deps, payable, owner }) => ({
  own: await aPayout(deps, { partner: payable.partner, createdBy: owner.user.id }),
}))

const card = (title: string) => ({ has: `h2:text-is("${title}")` })

test('an owner changes who must approve: it counts at once, and the log says who and what', async ({
  world,
  browse,
}) => {
  const page = await browse(world.owner)
  await page.goto(`/admin/payouts/${world.own.id}`)
  await expect(page.getByRole('main')).toContainText(/creat/i)
  await page.goto('/admin/settings')
  const approvals = page.locator('section').filter({ has: page.locator(card('Approvals').has) })
  await expect(approvals.getByLabel('One person')).toBeChecked()
  await approvals.getByLabel('Two people').check()
  await approvals.getByLabel('Whoever creates a payout may approve it').check()
  await approvals.getByRole('button', { name: 'Save' }).click()
  await expect(toast(page)).toContainText('How payouts are approved is saved, and recorded.')
  await page.reload()
  await expect(approvals.getByLabel('Two people')).toBeChecked()

  await page.goto('/admin/audit?action=orgs.updateSettings')
  const entry = page
    .getByRole('list', { name: /^Audit log/ })
    .locator('> li')
    .first()
  await expect(entry).toContainText('Changed the settings by Olivia Owner')
  await entry.locator('summary').click()
  await expect(entry).toContainText(/approvalsRequired|approvals required/i)
  await expect(entry).toContainText('1')
  await expect(entry).toContainText('2')
  await expect(entry).toContainText('yes')

  await page.goto(`/admin/payouts/${world.own.id}`)
  const dialog = await openDialog(page, 'Approve')
  await dialog.getByRole('button', { name: /^Approve / }).click()
  await expect(page.getByRole('main')).toContainText(/second|one more|another/i)
})

test('a wrong value is said at its field and kept; a page that is stale is refused with who was faster', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 4\d\d/)
  const [page, other] = [await browse(world.owner), await browse(world.owner)]
  await other.route('**/api/trpc/live.changes**', route => route.abort())
  tolerate(/ERR_FAILED|Failed to load resource/)
  for (const one of [page, other]) await one.goto('/admin/settings')
  const hours = page.getByLabel('Hold payouts for, in hours')
  const save = (one: typeof page) =>
    one
      .locator('section')
      .filter({ has: one.locator(card('When payout details change').has) })
      .getByRole('button', { name: 'Save' })
      .click()
  await hours.fill('721')
  await save(page)
  await expect(page.getByRole('main')).toContainText('At most 720 hours, which is 30 days.')
  await expect(hours).toHaveValue('721')
  await expect(hours).toHaveAttribute('aria-invalid', 'true')
  await hours.fill('48')
  await save(page)
  await expect(toast(page)).toContainText('The hold is saved.')

  await other.getByLabel('Hold payouts for, in hours').fill('0')
  await save(other)
  await expect(other.getByRole('alert')).toContainText(
    'The settings changed since you opened this page: Olivia Owner changed the settings. Nothing of yours was saved',
  )
  await page.reload()
  await expect(hours).toHaveValue('48')
})

test('an admin stops all transfers: every page and every owner and admin hears of it at once', async ({
  world,
  browse,
}) => {
  const [admin, owner] = [await browse(world.admin), await browse(world.owner)]
  await owner.goto('/admin/payouts')
  await admin.goto('/admin/settings')
  const pause = await openDialog(admin, 'Pause all transfers')
  await pause.getByLabel('Reason').fill('The bank called.')
  await pause.getByRole('button', { name: 'Pause all transfers' }).click()
  await expect(toast(admin)).toContainText('All transfers are paused.')
  const banner = owner.getByText('All transfers are paused', { exact: true })
  await expect(banner).toBeVisible()
  for (const person of [world.owner, world.admin]) {
    const mail = await world.mailbox.anEmailTo(person.email, /Adam Admin paused all transfers/)
    expect(mail.text).toContain('The bank called.')
    expect(mail.text).toContain(`${world.url}/admin/settings#transfers`)
  }
  for (const person of [world.manager, world.viewer, world.payable.person])
    expect(world.mailbox.to(person.email).filter(({ subject }) => /paused/.test(subject))).toEqual([])

  // The form is not an owner's: an admin reads the rest.
  await expect(admin.getByRole('main')).toContainText('Only an owner changes these settings.')
  const resume = await openDialog(admin, 'Resume transfers')
  await resume.getByRole('button', { name: 'Resume transfers' }).click()
  await expect(toast(admin)).toContainText('Transfers run again.')
  await expect(banner).toHaveCount(0)
})

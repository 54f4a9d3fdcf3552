import { aPartner, aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { openDialog, statusOf, toast } from './steps.ts'
import { linkIn } from './world/mail.ts'

const test = testIn(async ({ deps, org, payable, manager }) => ({
  taken: await aPartner(deps, {
    orgId: org.id,
    name: 'Taken Traders',
    email: 'taken@traders.example',
    reference: 'T-1',
  }),
  waiting: await aPayout(deps, { partner: payable.partner, createdBy: manager.user.id, status: 'approved' }),
}))

test('a manager adds a partner: what is wrong is said by field, what was typed stays, nothing is saved before', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 4\d\d/)
  const page = await browse(world.manager)
  await page.goto('/admin/partners')
  await page.getByRole('link', { name: 'New partner' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Südwind GmbH')
  await page.getByLabel('Contact email').fill('taken@traders.example')
  await page.getByLabel('Country').selectOption('DE')
  await page.getByLabel('Your reference').fill('S-7')
  await page.getByLabel('Invite them to the portal now').uncheck()
  await page.getByRole('button', { name: 'Add the partner' }).click()
  await expect(page.getByRole('main')).toContainText('Taken Traders has this email address already.')
  await expect(page.getByLabel('Contact email')).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Südwind GmbH')
  await expect(page.getByLabel('Country')).toHaveValue('DE')

  await page.getByLabel('Contact email').fill('office@suedwind.example')
  await page.getByRole('button', { name: 'Add the partner' }).click()
  await expect(toast(page)).toContainText('Südwind GmbH is added.')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Südwind GmbH')
  await expect(page.getByRole('main')).toContainText('Germany · EUR')
  await expect(page.getByRole('main')).toContainText('Nobody can sign in for Südwind GmbH yet.')
  expect(world.mailbox.to('office@suedwind.example')).toEqual([])

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Partners' }).click()
  await page.getByLabel('Search partners').fill('S-7')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page.locator('[data-row]')).toHaveCount(1)
  await page.getByRole('link', { name: 'Südwind GmbH' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Südwind GmbH')
})

test('two edit a partner at once: the second is told who was faster; a new address is announced to the old one', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 4\d\d/)
  const { partner } = world.payable
  const [first, second] = [await browse(world.manager), await browse(world.admin)]
  for (const page of [first, second]) await page.goto(`/admin/partners/${partner.id}/edit`)
  await first.getByLabel('Contact email').fill('money@nordwind.example')
  await first.getByRole('button', { name: 'Save' }).click()
  await expect(toast(first)).toContainText('Nordwind Referrals is saved.')
  for (const address of ['office@nordwind.example', world.payable.person.email])
    await world.mailbox.anEmailTo(address, /Your contact address was changed/)

  // Live updates say so, but don't slip the new version under what is typed.
  await expect(second.getByText('Somebody changed this partner while you were editing')).toBeVisible()
  await second.getByLabel('Name', { exact: true }).fill('Northwind')
  await second.getByRole('button', { name: 'Save' }).click()
  await expect(second.getByRole('alert')).toContainText(
    'Nordwind Referrals has changed since you opened the page: Mara Manager edited this partner. Nothing of yours was saved',
  )
  await expect(second.getByLabel('Name', { exact: true })).toHaveValue('Northwind')

  await second.goto(`/admin/partners/${partner.id}/edit`)
  await second.getByLabel('Country').selectOption('DE')
  await second.getByRole('button', { name: 'Save' }).click()
  await expect(second.getByRole('main')).toContainText('Stripe never changes the country of an account.')
  await second.goto(`/admin/partners/${partner.id}`)
  await expect(second.getByRole('heading', { level: 1 })).toHaveText('Nordwind Referrals')
  await expect(second.getByRole('main')).toContainText('United States · USD')
})

test('a manager invites a partner’s person and takes it back: the link opens nothing any more', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 404/)
  const page = await browse(world.manager)
  await page.goto(`/admin/partners/${world.taken.id}`)
  const dialog = await openDialog(page, 'Invite')
  await expect(dialog.getByLabel('Email')).toHaveValue('taken@traders.example')
  await dialog.getByLabel('Email').fill('tina@traders.example')
  await dialog.getByRole('button', { name: 'Send the invitation' }).click()
  await expect(page.getByText('tina@traders.example is invited')).toBeVisible()
  const mail = await world.mailbox.anEmailTo('tina@traders.example', /Acme invited you to its partner portal/)
  const link = linkIn(mail, `${world.url}/invitations/`)
  const tina = await browse(null)
  await tina.goto(link)
  await expect(tina.getByRole('heading', { level: 1 })).toHaveText('Join Acme')

  await page.getByRole('button', { name: 'Withdraw the invitation to tina@traders.example' }).click()
  await expect(toast(page)).toContainText('The invitation is withdrawn')
  await expect(page.getByRole('button', { name: /^Withdraw/ })).toHaveCount(0)
  await tina.goto(link)
  await expect(tina.getByRole('heading', { level: 1 })).toHaveText('This invitation doesn’t open')
  await page.goto(`/admin/partners/${world.taken.id}`)
  await expect(page.getByRole('main')).toContainText('Nobody can sign in for Taken Traders yet.')
})

test('archiving says what waits; nothing of the partner is sent until it is back, and a stale page is refused', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 4\d\d/)
  const { partner } = world.payable
  const [page, stale] = [await browse(world.owner), await browse(world.admin)]
  // Without live updates, as in a tab that slept.
  await stale.route('**/api/trpc/live.changes**', route => route.abort())
  tolerate(/ERR_FAILED|Failed to load resource/)
  for (const one of [page, stale]) await one.goto(`/admin/partners/${partner.id}`)
  const open = await openDialog(stale, 'Archive')
  const dialog = await openDialog(page, 'Archive')
  await expect(dialog).toContainText('USD 1,240.00 is still to be paid')
  await dialog.getByRole('button', { name: 'Archive the partner' }).click()
  await expect(toast(page)).toContainText('Nordwind Referrals is archived.')
  await expect(statusOf(page)).toContainText('Archived')
  await expect(page.locator('summary').filter({ hasText: /^Invite$/ })).toHaveCount(0)

  await open.getByRole('button', { name: 'Archive the partner' }).click()
  await expect(stale.getByRole('alert')).toContainText('Olivia Owner archived this partner')

  await page.goto(`/admin/payouts/${world.waiting.id}`)
  await expect(page.getByRole('main')).toContainText(/archived/i)
  await expect(page.locator('summary').filter({ hasText: /^Mark paid$/ })).toHaveCount(0)
  await page.goto('/admin/partners?status=archived')
  await expect(page.locator('[data-row]')).toHaveCount(1)

  // Who may not, can't by hand either.
  const viewer = await browse(world.viewer)
  const restore = () =>
    viewer.request.post(`/admin/partners/${partner.id}`, {
      form: { intent: 'restore' },
      headers: { Origin: world.url },
      maxRedirects: 0,
    })
  expect((await restore()).status()).toBe(403)
  await page.getByRole('link', { name: 'Nordwind Referrals' }).click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await expect(toast(page)).toContainText('Nordwind Referrals is back.')
  await page.goto(`/admin/payouts/${world.waiting.id}`)
  await expect(page.locator('summary').filter({ hasText: /^Mark paid$/ })).toBeVisible()
  expect(await world.simulator.transfers()).toEqual([])
})

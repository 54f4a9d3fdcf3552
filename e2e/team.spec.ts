import type { Page } from 'playwright/test'
import { expect, testIn } from './fixtures.ts'
import { openDialog, toast } from './steps.ts'
import { linkIn } from './world/mail.ts'

const test = testIn(async () => ({}))
const secret = 'a row of seven lanterns'

const rowOf = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name }).first()

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto('/login')
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

test('a colleague is invited, joins, gets another role, is disabled and enabled; each change counts at once', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 4\d\d/)
  const owner = await browse(world.owner)
  await owner.goto('/admin/team')
  const invite = await openDialog(owner, 'Invite')
  await invite.getByLabel('Email').fill(world.admin.email)
  await invite.getByRole('button', { name: 'Send the invitation' }).click()
  await expect(owner.getByRole('dialog')).toContainText(
    `${world.admin.email} belongs to this organization already, as Admin.`,
  )
  await owner.getByRole('dialog').getByLabel('Email').fill('nina@acme.example')
  await owner.getByRole('dialog').getByLabel('Viewer', { exact: true }).check()
  await owner.getByRole('dialog').getByRole('button', { name: 'Send the invitation' }).click()
  await expect(owner.getByText('nina@acme.example is invited')).toBeVisible()
  await expect(owner.getByRole('button', { name: 'Withdraw the invitation to nina@acme.example' })).toBeVisible()

  const nina = await browse(null)
  const mail = await world.mailbox.anEmailTo('nina@acme.example', /Acme invited you to Remit/)
  await nina.goto(linkIn(mail, `${world.url}/invitations/`))
  await nina.getByLabel('Your name').fill('Nina New')
  await nina.getByLabel('Choose a password').fill(secret)
  await nina.getByRole('button', { name: 'Join Acme' }).click()
  await expect(nina.getByRole('heading', { level: 1 })).toHaveText('Overview')
  await nina.goto('/admin/partners')
  await expect(nina.getByRole('link', { name: 'New partner' })).toHaveCount(0)

  // Live: the owner's page is not loaded again.
  await expect(rowOf(owner, 'Nina New')).toContainText('Viewer')
  await expect(owner.getByRole('button', { name: /^Withdraw/ })).toHaveCount(0)
  const role = await openDialog(owner, 'Change role of Nina New')
  await role.getByLabel('Manager', { exact: true }).check()
  await role.getByRole('button', { name: 'Change the role' }).click()
  await expect(toast(owner)).toContainText('The role is changed. One session of theirs has ended.')
  await expect(rowOf(owner, 'Nina New')).toContainText('Manager')
  await nina.goto('/admin/partners')
  await expect(nina).toHaveURL(/\/login/)
  await signIn(nina, 'nina@acme.example')
  await expect(nina.getByRole('heading', { level: 1 })).toHaveText(/Overview|Partners/)
  await nina.goto('/admin/partners')
  await expect(nina.getByRole('link', { name: 'New partner' })).toBeVisible()

  const disable = await openDialog(owner, 'Disable Nina New')
  await disable.getByRole('button', { name: 'Disable Nina New' }).click()
  await expect(toast(owner)).toContainText('They can’t sign in here any more.')
  await expect(rowOf(owner, 'Nina New')).toContainText('Disabled')
  await nina.goto('/admin/partners')
  await expect(nina).toHaveURL(/\/login/)
  await signIn(nina, 'nina@acme.example')
  await expect(nina.getByRole('alert')).toContainText('You no longer belong to an organization here.')

  await owner.getByRole('button', { name: 'Enable of Nina New' }).click()
  await expect(toast(owner)).toContainText('They can sign in again.')
  await signIn(nina, 'nina@acme.example')
  await expect(nina.getByRole('heading', { level: 1 })).toHaveText(/Overview|Partners/)

  await owner.goto('/admin/audit?action=orgs')
  for (const words of ['Invited somebody', 'Changed a role', 'Disabled a member', 'Enabled a member'])
    await expect(owner.getByRole('list', { name: /^Audit log/ })).toContainText(words)
})

test('the only owner stays, and nobody else manages the team', async ({ world, browse }) => {
  const owner = await browse(world.owner)
  await owner.goto('/admin/team')
  const own = rowOf(owner, 'Olivia Owner')
  await expect(own).toContainText('The only owner')
  await expect(own.getByText(/^(Change role|Disable)/)).toHaveCount(0)

  const admin = await browse(world.admin)
  await admin.goto('/admin/team')
  await expect(admin.getByRole('main')).toContainText('Only an owner invites people and changes roles.')
  await expect(admin.getByRole('main').locator('summary, button')).toHaveCount(0)
  const byHand = (form: Record<string, string>) =>
    admin.request.post('/admin/team', { form, headers: { Origin: world.url }, maxRedirects: 0 })
  const attempts: Record<string, string>[] = [
    { intent: 'invite', email: 'thief@acme.example', role: 'owner' },
    { intent: 'changeRole', membershipId: world.admin.membershipId, role: 'owner' },
    { intent: 'disable', membershipId: world.owner.membershipId },
  ]
  for (const form of attempts) expect({ form, status: (await byHand(form)).status() }).toEqual({ form, status: 403 })
  await owner.reload()
  await expect(rowOf(owner, 'Adam Admin')).toContainText('Admin')
  await expect(owner.getByRole('main')).not.toContainText('thief@acme.example')
})

test('a changed password is told by mail', async ({ world, browse }) => {
  const page = await browse(world.viewer)
  await page.goto('/admin/account')
  await page.getByLabel('Current password').fill('four quiet rivers run')
  await page.getByLabel('New password').fill(secret)
  await page.getByRole('button', { name: /password/i }).click()
  await expect(toast(page)).toContainText(/password/i)
  const mail = await world.mailbox.anEmailTo(world.viewer.email, /Your password was changed/)
  expect(mail.text).toContain(`${world.url}/forgot`)
})

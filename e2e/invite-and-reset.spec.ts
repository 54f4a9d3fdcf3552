import { expect, testIn } from './fixtures.ts'
import { openDialog, toast } from './steps.ts'
import { linkIn } from './world/mail.ts'
import { password } from './world/people.ts'

const test = testIn(async () => ({}))

test('an owner invites a colleague by mail; the link works once', async ({ world, browse, tolerate }) => {
  const { mailbox } = world
  const owner = await browse(world.owner)
  await owner.goto('/admin/team')
  const dialog = await openDialog(owner, 'Invite')
  await dialog.getByLabel('Email').fill('nina@acme.example')
  await dialog.getByLabel('Admin', { exact: true }).check()
  await dialog.getByRole('button', { name: 'Send the invitation' }).click()
  await expect(owner.getByRole('main')).toContainText('nina@acme.example')
  const link = linkIn(
    await mailbox.anEmailTo('nina@acme.example', /Acme invited you to Remit/),
    `${world.url}/invitations/`,
  )

  const nina = await browse(null)
  await nina.goto(link)
  await expect(nina.getByRole('heading', { level: 1 })).toHaveText('Join Acme')
  await nina.getByLabel('Your name').fill('Nina New')
  await nina.getByLabel('Choose a password').fill('a row of seven lanterns')
  await nina.getByRole('button', { name: 'Join Acme' }).click()
  await expect(nina.getByRole('heading', { level: 1 })).toHaveText('Overview')

  tolerate(/status of 404/)
  const again = await browse(null)
  await again.goto(link)
  await expect(again.getByRole('heading', { level: 1 })).toHaveText('This invitation doesn’t open')
  await expect(again.locator('body')).not.toContainText('nina@acme.example')
})

test('a partner is added and invited by mail, and sees the own earnings only', async ({ world, browse }) => {
  const manager = await browse(world.manager)
  await manager.goto('/admin/partners/new')
  await manager.getByLabel('Name', { exact: true }).fill('Ostwind GmbH')
  await manager.getByLabel('Contact email').fill('office@ostwind.example')
  await manager.getByLabel('Country').selectOption('DE')
  await expect(manager.getByLabel('Invite them to the portal now')).toBeChecked()
  await manager.getByRole('button', { name: 'Add the partner' }).click()
  await expect(toast(manager)).toContainText('the invitation to office@ostwind.example is on its way')
  const mail = await world.mailbox.anEmailTo('office@ostwind.example', /Acme invited you to its partner portal/)

  const partner = await browse(null, { viewport: { width: 390, height: 844 } })
  await partner.goto(linkIn(mail, `${world.url}/invitations/`))
  await partner.getByLabel('Your name').fill('Otto Ost')
  await partner.getByLabel('Choose a password').fill('a row of seven lanterns')
  await partner.getByRole('button', { name: 'Join Acme' }).click()
  await expect(partner.getByRole('heading', { level: 1 })).toHaveText('Earnings')
  await expect(partner.getByRole('main')).toContainText('Set up payouts')
})

test('a forgotten password is chosen anew, once; the old one and the old sessions end', async ({
  world,
  browse,
  tolerate,
}) => {
  const { mailbox, viewer } = world
  const old = await browse(viewer)
  await old.goto('/admin')
  await expect(old.getByRole('heading', { level: 1 })).toHaveText('Overview')

  const page = await browse(null)
  const ask = async (email: string) => {
    await page.goto('/login')
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    // The sign-in page has a field of the same name.
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Forgot your password?')
    await page.getByLabel('Email').fill(email)
    await page.getByRole('button', { name: 'Send the link' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Look in your mailbox')
  }
  // The same answer for an address that nobody has, and no mail to it.
  await ask('nobody@acme.example')
  await ask(viewer.email)
  const link = linkIn(await mailbox.anEmailTo(viewer.email, /Reset your password/), `${world.url}/reset/`)
  expect(mailbox.to('nobody@acme.example')).toEqual([])

  tolerate(/status of 4\d\d/)
  await page.goto(link)
  await page.getByLabel('New password').fill('password123')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByLabel('New password').fill('seven lanterns in a row')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page).toHaveURL(/\/login/)
  await expect(toast(page)).toContainText('Your new password is set')

  const signInWith = async (secret: string) => {
    await page.goto('/login')
    await page.getByLabel('Email').fill(viewer.email)
    await page.getByLabel('Password').fill(secret)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await signInWith(password)
  await expect(page.getByRole('alert')).toBeVisible()
  await signInWith('seven lanterns in a row')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview')
  await old.goto('/admin')
  await expect(old).toHaveURL(/\/login/)

  const again = await browse(null)
  await again.goto(link)
  await again.getByLabel('New password').fill('another seven lanterns')
  await again.getByRole('button', { name: 'Set the password' }).click()
  await expect(again.getByRole('alert')).toBeVisible()
})

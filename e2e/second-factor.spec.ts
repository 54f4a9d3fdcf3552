import { generateSync } from 'otplib'
import type { Page } from 'playwright/test'
import { hashPassword } from '#server/auth/password.ts'
import { aMember, aPayout, aUser } from '#server/test/factories.ts'
import { anApp, recoveryCodesFor } from '#server/test/second-factors.ts'
import { isClean } from './axe.ts'
import { expect, testIn } from './fixtures.ts'
import { approve, markPaid, openDialog, reject, statusOf, toast } from './steps.ts'
import { password, signedIn } from './world/people.ts'

// Browsers make passkeys for names only.
const test = testIn(
  async ({ deps, org, payable, manager }) => {
    const passwordHash = await hashPassword(password)
    const person = async (role: 'owner' | 'admin', name: string, email: string) =>
      aMember(deps, { org, role, user: await aUser(deps, { name, email, passwordHash }) })
    const enrolled = await person('admin', 'Edith Enrolled', 'edith@acme.example')
    const app = await anApp(deps, enrolled.user)
    const codes = await recoveryCodesFor(deps, enrolled.user)
    const fresh = await person('owner', 'Nora New', 'nora@acme.example')
    const keyed = await person('owner', 'Karl Key', 'karl@acme.example')
    const common = { partner: payable.partner, createdBy: manager.user.id }
    return {
      app,
      codes,
      nora: fresh.user,
      karl: keyed.user,
      edith: enrolled.user,
      // A session each, since confirming gives it a new token.
      stale: [
        await signedIn(deps, enrolled, { stale: true }),
        await signedIn(deps, enrolled, { stale: true }),
      ] as const,
      payouts: [
        await aPayout(deps, common),
        await aPayout(deps, common),
        await aPayout(deps, common),
        await aPayout(deps, common),
      ] as const,
    }
  },
  { host: 'localhost' },
)

async function enterPassword(page: Page, email: string): Promise<void> {
  await page.goto('/login')
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function isAccessible(page: Page): Promise<void> {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overflow, `${page.url()} is not wider than ${width} px`).toBeLessThanOrEqual(0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await isClean(page, `${page.url()}, ${width} px, ${colorScheme}`, colorScheme === 'dark')
    }
  }
}

/** Opens a page and waits until its script has taken over, so that a form is sent by it. */
async function whenReady(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => Object.keys(document.body).length)).toBeGreaterThanOrEqual(0)
  await page.waitForLoadState('networkidle')
}

test('whoever has no second factor is led to set one up when money first moves, and goes on where they were', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 40\d/)
  const page = await browse(null)
  await enterPassword(page, world.nora.email)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview')
  await page.goto(`/admin/payouts/${world.payouts[0].id}`)
  await whenReady(page)
  await reject(page, 'The deal was refunded, “twice”.')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Set up a second factor')
  await isAccessible(page)
  const key = ((await page.locator('code').textContent()) ?? '').replaceAll(' ', '')
  await page.getByLabel('Code of the app').fill('000000')
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await expect(page.getByRole('alert')).toContainText('That code doesn’t fit')
  expect(((await page.locator('code').textContent()) ?? '').replaceAll(' ', '')).toBe(key)
  const code = () => generateSync({ secret: key, epoch: Math.floor(Date.now() / 1000) })
  await page.getByLabel('Code of the app').fill(code())
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Save your recovery codes')
  await expect(page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')).toHaveCount(10)
  await isAccessible(page)
  await page.getByRole('button', { name: 'I have saved them: go on' }).click()
  await expect(statusOf(page)).toContainText('Rejected')
  await expect(page.getByRole('main')).toContainText('The deal was refunded, “twice”.')
  await world.mailbox.anEmailTo(world.nora.email, /An authenticator app was added/)
})

for (const javaScriptEnabled of [true, false])
  test(`a stale session is asked to confirm, and what was typed is done after it, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async ({
    world,
    browse,
    tolerate,
  }) => {
    tolerate(/status of 40\d/)
    const page = await browse(world.stale[javaScriptEnabled ? 0 : 1], { javaScriptEnabled })
    await page.goto(`/admin/payouts/${world.payouts[javaScriptEnabled ? 1 : 2].id}`)
    if (javaScriptEnabled) await whenReady(page)
    const reason = 'Not agreed:\n"lines", <b>signs</b> & all.'
    await reject(page, reason)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Confirm that it’s you')
    if (javaScriptEnabled) await isAccessible(page)
    await page.getByLabel('Code of your authenticator app').fill('000000')
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await expect(page.getByRole('alert')).toContainText('That code doesn’t fit')
    if (javaScriptEnabled) {
      await page.getByLabel('Code of your authenticator app').fill(world.app.code(Date.now()))
      await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    } else {
      await page.getByText('Use a recovery code instead').click()
      await page.getByLabel('Recovery code').fill(world.codes[1] ?? '')
      await page.getByRole('button', { name: 'Use the recovery code' }).click()
      await page.getByRole('button', { name: 'Go on' }).click()
    }
    await expect(statusOf(page)).toContainText('Rejected')
    await expect(page.getByRole('main')).toContainText('"lines", <b>signs</b> & all.')
    await expect(toast(page)).toContainText('is rejected')
  })

test('signing in takes the second step; half-way nothing opens', async ({ world, browse, tolerate }) => {
  tolerate(/status of 40\d/)
  const page = await browse(null)
  await page.goto('/admin/team')
  await page.getByLabel('Email').fill(world.edith.email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('One more step')
  const input = page.getByLabel('Code of your authenticator app')
  await expect(input).toHaveAttribute('autocomplete', 'one-time-code')
  await expect(input).toHaveAttribute('inputmode', 'numeric')
  await expect(input).toBeFocused()
  await isAccessible(page)
  const half = await page.context().newPage()
  await half.goto('/admin/payouts')
  await expect(half).toHaveURL(/\/login\?to=/)
  await half.close()
  await page.getByText('Use a recovery code instead').click()
  await page.getByLabel('Recovery code').fill(world.codes[2] ?? '')
  await page.getByRole('button', { name: 'Use the recovery code' }).click()
  await expect(page).toHaveURL(`${world.url}/admin/team`)
  await expect(toast(page)).toContainText('recovery codes are left')
})

test('a passkey: added, signed in with alone, confirmed with, and the payout is paid', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 40\d/)
  const page = await browse(null)
  const devices = await page.context().newCDPSession(page)
  await devices.send('WebAuthn.enable')
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await enterPassword(page, world.karl.email)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview')
  await page.goto('/admin/account')
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Set up a second factor')
  await page.getByText('Add a passkey instead').click()
  await page.getByLabel('Name').fill('Work laptop')
  await page.getByRole('button', { name: 'Add the passkey' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Save your recovery codes')
  await page.getByRole('link', { name: 'I have saved them: go on' }).click()
  await expect(page.getByRole('main')).toContainText('Passkey: Work laptop')

  await page.context().clearCookies()
  await page.goto('/login')
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview')

  await page.goto(`/admin/payouts/${world.payouts[3].id}`)
  await whenReady(page)
  await approve(page)
  await expect(statusOf(page)).toContainText('Approved')

  // The password, and then the passkey as the second step.
  await page.context().clearCookies()
  await enterPassword(page, world.karl.email)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('One more step')
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview')

  await page.goto(`/confirm?to=/admin/payouts/${world.payouts[3].id}`)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await expect(page).toHaveURL(`${world.url}/admin/payouts/${world.payouts[3].id}`)
  await markPaid(page)
  await expect(statusOf(page)).toContainText('Paid')

  await page.goto('/admin/account')
  const dialog = await openDialog(page, 'Remove the passkey Work laptop')
  await dialog.getByRole('button', { name: 'Remove the passkey' }).click()
  await expect(toast(page)).toContainText('The passkey is removed.')
  await world.mailbox.anEmailTo(world.karl.email, /A passkey was removed/)
})

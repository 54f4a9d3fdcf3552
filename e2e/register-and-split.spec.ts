import { eq } from 'drizzle-orm'
import type { Page } from 'playwright/test'
import { partners } from '#db/schema/index.ts'
import { addTouch, createDeal, winDeal } from '#server/deals/service.ts'
import { work } from '#server/work.ts'
import { expect, testIn } from './fixtures.ts'
import { toast } from './steps.ts'

const day = 86_400_000

/** A won deal of $10,000.00 that two partners worked on; each earns 10 % of its credit. */
const test = testIn(async ({ deps, org, owner, payable, fresh }) => {
  await deps.db.write(tx => tx.update(partners).set({ defaultRateBp: 1_000 }).where(eq(partners.orgId, org.id)))
  const at = deps.clock.now() - day
  const actor = { kind: 'user' as const, id: owner.user.id, name: owner.user.name }
  const dealId = await work(deps, { orgId: org.id, actor }, async unit => {
    const { id } = await createDeal(unit, {
      name: 'Wingtip',
      accountName: 'Wingtip',
      amount: 1_000_000,
      currency: 'USD',
    })
    for (const { partner } of [payable, fresh])
      await addTouch(unit, { dealId: id, partnerId: partner.id, type: 'demo', at })
    await winDeal(unit, { dealId: id })
    return id
  })
  return { dealId }
})

const phone = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }

async function register(page: Page, company: string, email: string): Promise<void> {
  await page.goto('/portal/registrations/new')
  await page.getByLabel('Company').fill(company)
  await page.getByLabel('Whom you talk to there').fill(email)
  await page.getByLabel('Expected amount').fill('10,000')
}

async function approveFirst(page: Page, company: string): Promise<void> {
  await page.goto('/admin/registrations')
  await page.getByRole('link', { name: company, exact: true }).click()
  await page.getByRole('button', { name: /^Approve/ }).click()
  await expect(toast(page)).toContainText('is approved')
}

test('a rival is told at entry that the company is taken, not by whom; the reviewer reads who', async ({
  world,
  browse,
  tolerate,
}) => {
  // A refused form.
  tolerate(/status of 412/)
  const bea = await browse(world.fresh.person, phone)
  await register(bea, 'Contoso', 'ana@contoso.example')
  await bea.getByRole('button', { name: 'Register the deal' }).click()
  await expect(toast(bea)).toContainText('is sent in')
  const mara = await browse(world.manager)
  await approveFirst(mara, 'Contoso')

  const paula = await browse(world.payable.person, phone)
  await register(paula, 'Contoso Ltd', 'cleo@contoso.example')
  await expect(paula.getByText('Someone is already working with this company.')).toBeVisible()
  await expect(paula.locator('body')).not.toContainText('Bergmann')
  await paula.getByRole('button', { name: 'Register the deal' }).click()
  await expect(paula.getByRole('alert')).toContainText('Someone is already working with this company.')
  await paula.getByLabel('Why yours is different').fill('The subsidiary buys by itself.')
  await paula.getByRole('button', { name: 'Register the deal' }).click()
  await expect(toast(paula)).toContainText('is sent in')

  await mara.goto('/admin/registrations')
  await expect(mara.getByRole('main')).toContainText('Taken by Bergmann Resale')
  await mara.getByRole('link', { name: 'Contoso Ltd' }).click()
  await expect(mara.getByRole('main')).toContainText('The subsidiary buys by itself.')
  await mara.getByLabel('Reason').fill('We know them through somebody else.')
  await mara.getByRole('button', { name: 'Decline' }).click()
  await paula.reload()
  await expect(paula.getByRole('main')).toContainText('We know them through somebody else.')
})

test('without scripts: register, approve, agree on shares, and the phone says why the amount is what it is', async ({
  world,
  browse,
  tolerate,
}) => {
  // Shares that don't add up.
  tolerate(/status of 400/)
  const plain = { javaScriptEnabled: false }
  const paula = await browse(world.payable.person, { ...phone, ...plain })
  const bea = await browse(world.fresh.person, { ...phone, ...plain })
  const admin = await browse(world.admin, plain)
  await register(paula, 'Tailspin', 'ana@tailspin.example')
  await paula.getByRole('button', { name: 'Save as a draft' }).click()
  await expect(paula.getByRole('main')).toContainText('Draft')
  await paula.getByRole('button', { name: 'Register the deal' }).click()
  await expect(paula.getByRole('main')).toContainText('Submitted')
  await approveFirst(admin, 'Tailspin')
  await paula.reload()
  await expect(paula.getByRole('main')).toContainText('Protected for 90 more days')

  const dealUrl = `/admin/deals/${world.dealId}`
  await admin.goto(dealUrl)
  await admin.getByText('Let the partners agree on shares').click()
  await admin.getByLabel('Last day').fill(new Date(Date.now() + 5 * day).toISOString().slice(0, 10))
  await admin.getByRole('button', { name: 'Ask the partners' }).click()
  await expect(admin.getByRole('main')).toContainText('Nobody has proposed shares yet.')

  await paula.goto('/portal/deals')
  await paula.getByRole('link', { name: 'Answer' }).click()
  await paula.getByLabel('Nordwind Referrals (you), in %').fill('70')
  await paula.getByLabel('Bergmann Resale, in %').fill('29.99')
  await paula.getByRole('button', { name: 'Propose' }).click()
  await expect(paula.getByRole('alert')).toContainText('0.01 % is missing')
  await paula.getByLabel('Bergmann Resale, in %').fill('30')
  await paula.getByRole('button', { name: 'Propose' }).click()
  await expect(paula.getByRole('main')).toContainText('Proposed by Nordwind Referrals')
  await bea.goto('/portal/deals')
  await bea.getByRole('link', { name: 'Answer' }).click()
  await bea.getByRole('button', { name: 'Accept these shares' }).click()
  await expect(bea.getByRole('main')).toContainText('Agreed')

  await admin.goto(dealUrl)
  await admin.getByRole('button', { name: 'Confirm the shares' }).click()
  await expect(admin.getByRole('main')).toContainText('70 %')

  await paula.goto('/portal/commissions')
  await expect(paula.getByRole('list', { name: 'Commissions' })).toContainText('Wingtip')
  await paula.getByRole('link', { name: 'Wingtip', exact: true }).click()
  await expect(paula.getByRole('main')).toContainText('$10,000.00 × 50 % credit')
  await paula.getByText('Dispute this line').click()
  await paula.getByLabel('What is wrong, and what would be right?').fill('We agreed on 70 %.')
  await paula.getByRole('button', { name: 'Send the dispute' }).click()
  await expect(paula.getByRole('main')).toContainText('You disputed it')
  const { scroll, client } = await paula.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }))
  expect(scroll).toBeLessThanOrEqual(client)
})

import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { approve, createPayout, markPaid, numberOf, reject, rowOf, statusOf, toast } from './steps.ts'
import { password } from './world/people.ts'

const test = testIn(async ({ deps, payable, manager }) => {
  const common = { partner: payable.partner, createdBy: manager.user.id }
  return { one: await aPayout(deps, common), two: await aPayout(deps, common), three: await aPayout(deps, common) }
})

const plain = { javaScriptEnabled: false }

test('the whole way of the money works as plain form posts', async ({ world, browse, tolerate }) => {
  tolerate(/status of 400/)
  const manager = await browse(null, plain)
  await manager.goto('/')
  await manager.getByLabel('Email').fill(world.manager.email)
  await manager.getByLabel('Password').fill('not this one at all')
  await manager.getByRole('button', { name: 'Sign in' }).click()
  await expect(manager.getByRole('alert')).toBeVisible()
  await manager.getByLabel('Email').fill(world.manager.email)
  await manager.getByLabel('Password').fill(password)
  await manager.getByRole('button', { name: 'Sign in' }).click()
  await expect(manager.getByRole('heading', { level: 1 })).toHaveText('Overview')
  const number = await createPayout(manager, {
    partner: 'Nordwind Referrals — USD',
    amount: '75.25',
    period: '2026-02',
  })

  const owner = await browse(world.owner, plain)
  await owner.goto('/admin/payouts')
  await rowOf(owner, number).getByRole('link').click()
  await approve(owner)
  await expect(toast(owner)).toContainText(`${number} is approved.`)
  await markPaid(owner)
  await expect(toast(owner)).toContainText(`${number} is on its way`)
  await expect
    .poll(async () => {
      await owner.reload()
      return statusOf(owner).textContent()
    })
    .toContain('Paid')
  expect(await world.simulator.transfers()).toHaveLength(1)

  await test.step('a box that was not ticked comes back with the sentence, and the form stays open', async () => {
    await owner.goto(`/admin/payouts/${world.three.id}`)
    const answer = await owner.request.post(`/admin/payouts/${world.three.id}`, {
      form: { intent: 'reject', reason: '', version: '1' },
      headers: { Origin: world.url },
    })
    expect(answer.status()).toBe(400)
    expect(await answer.text()).toContain('Say why: the partner will read it.')
    await reject(owner, 'Paid twice already.')
    await expect(owner.getByRole('main')).toContainText('Paid twice already.')
  })

  await test.step('many at once', async () => {
    await owner.goto('/admin/payouts?status=pending_approval')
    for (const payout of [world.one, world.two]) await rowOf(owner, numberOf(payout)).getByRole('checkbox').check()
    await owner.getByRole('button', { name: 'Approve…' }).click()
    const check = owner.getByRole('region', { name: 'Check before you go on' })
    await expect(check).toContainText('USD 2,480.00')
    await check.getByLabel(/I have checked/).check()
    await check.getByRole('button', { name: 'Approve 2 payouts' }).click()
    await expect(owner.getByText('2 payouts approved')).toBeVisible()
  })

  await test.step('and the partner reads it', async () => {
    const partner = await browse(world.payable.person, plain)
    await partner.goto('/portal')
    await expect(rowOf(partner, number)).toContainText('In your Stripe balance')
    await partner.locator('summary[aria-label^="Account"]').click()
    await partner.getByRole('button', { name: 'Sign out' }).click()
    await expect(partner).toHaveURL(/\/login/)
    await partner.goto('/portal')
    await expect(partner).toHaveURL(/\/login/)
  })

  await test.step('a spreadsheet', async () => {
    await manager.goto('/admin/payouts/import')
    await manager
      .getByLabel('Or paste the rows')
      .fill('partner email,amount,reference\noffice@nordwind.example,12.00,NOJS-1\n')
    await manager.getByRole('button', { name: 'Check the rows' }).click()
    await manager.getByLabel('I have checked the totals.').check()
    await manager.getByRole('button', { name: 'Create payouts' }).click()
    await expect(manager.getByText('1 payout created')).toBeVisible()
  })
})

import { aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { openDialog, statusOf, toast } from './steps.ts'

const test = testIn(async ({ deps, payable, manager, admin }) => {
  const common = { partner: payable.partner, createdBy: manager.user.id }
  return {
    pending: await aPayout(deps, { ...common, amount: 11_100 }),
    approved: await aPayout(deps, { ...common, status: 'approved', approvedBy: admin.user.id, amount: 22_200 }),
  }
})

test('two admins approve the same payout: one does, the other is told who was faster', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 409/)
  const pages = [await browse(world.owner), await browse(world.admin)]
  const buttons = []
  for (const page of pages) {
    await page.goto(`/admin/payouts/${world.pending.id}`)
    buttons.push((await openDialog(page, 'Approve')).getByRole('button', { name: /^Approve / }))
  }
  await Promise.all(buttons.map(button => button.click()))

  const faster = (page: (typeof pages)[number]) => toast(page).filter({ hasText: 'is approved.' })
  const told = (page: (typeof pages)[number]) => page.getByRole('alert').filter({ hasText: 'has moved on' })
  for (const page of pages) await expect(faster(page).or(told(page))).toBeVisible()
  const won = await Promise.all(pages.map(page => faster(page).isVisible()))
  expect(won.filter(Boolean)).toHaveLength(1)
  const [slower, winner] = won[0] ? [pages[1], world.owner] : [pages[0], world.admin]
  if (!slower) throw new Error('nobody was slower')
  await expect(told(slower)).toContainText(
    `${winner.user.name} approved it. It is approved now, and nothing was changed.`,
  )
  for (const page of pages) {
    await expect(statusOf(page)).toContainText('Approved')
    await expect(page.getByRole('heading', { name: 'Approvals' })).toBeVisible()
  }
  await expect(world.mailbox.anEmailTo(world.payable.person.email, /\$111\.00 approved/)).resolves.toBeDefined()
})

test('two admins mark the same payout paid: one transfer', async ({ world, browse, tolerate }) => {
  tolerate(/status of 409/)
  const { simulator, approved } = world
  await simulator.control('POST', '/_sim/faults', { kind: 'latency', method: 'POST', path: '/v1/transfers', ms: 700 })
  const pages = [await browse(world.owner), await browse(world.admin)]
  const buttons = []
  for (const page of pages) {
    await page.goto(`/admin/payouts/${approved.id}`)
    const dialog = await openDialog(page, 'Mark paid')
    await dialog.getByLabel(/I have checked/).check()
    buttons.push(dialog.getByRole('button', { name: /^Send / }))
  }
  await Promise.all(buttons.map(button => button.click()))
  for (const page of pages) await expect(statusOf(page)).toContainText('Paid')
  const sent = (await simulator.transfers()).filter(({ metadata }) => metadata.payout_id === approved.id)
  expect(sent).toHaveLength(1)
  await world.mailbox.anEmailTo(world.payable.person.email, /Your \$222\.00 payout from Acme is on the way/)
})

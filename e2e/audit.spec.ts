import { createPayout as create } from '#server/payouts/service.ts'
import { work } from '#server/work.ts'
import { expect, testIn } from './fixtures.ts'
import { approve, createPayout, openDialog, statusOf } from './steps.ts'

const test = testIn(async ({ deps, payable, manager }) => {
  const actor = { kind: 'user' as const, id: manager.user.id, name: manager.user.name }
  // Through the service, which writes the log's first entry.
  const { id, number } = await work(deps, { orgId: manager.org.id, actor }, unit =>
    create(unit, { partnerId: payable.partner.id, amount: 124_000 }, 'form'),
  )
  return { payout: { id, number } }
})

test('the log calls payouts by their numbers, leads to them, and is filtered by person, action, day and number', async ({
  world,
  browse,
}) => {
  const { number } = world.payout
  const [manager, owner] = [await browse(world.manager), await browse(world.owner)]
  const created = await createPayout(manager, { partner: 'Nordwind Referrals — USD', amount: '12.00' })
  await owner.goto(`/admin/payouts/${world.payout.id}`)
  await approve(owner)
  await expect(statusOf(owner)).toContainText('Approved')

  await owner.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Audit' }).click()
  const log = owner.getByRole('list', { name: 'Audit log, newest first' })
  const entries = log.locator('> li')
  await expect(entries.first()).toContainText('Approved a payout')
  await expect(entries.first()).toContainText(number)
  await expect(log).not.toContainText(world.payout.id)

  await owner.getByLabel('Search by person').fill('Mara')
  await owner.getByRole('button', { name: 'Apply' }).click()
  await expect(owner).toHaveURL(/actor=Mara/)
  await expect(log).not.toContainText('Olivia')
  await expect(log).toContainText(created)
  await owner.getByLabel('Action').selectOption({ label: '– Approved a payout' })
  await owner.getByRole('button', { name: 'Apply' }).click()
  await expect(owner.getByText('No entries match these filters')).toBeVisible()
  await owner.getByRole('link', { name: 'Clear filters' }).first().click()
  await expect(entries.first()).toContainText('Approved a payout')

  await owner.getByText('More filters').click()
  await owner.getByLabel('Its id or PO number').fill(created.toLowerCase())
  await owner.getByRole('button', { name: 'Apply' }).click()
  await expect(entries).toHaveCount(1)
  await expect(entries.first()).toContainText('Created a payout')
  await owner.goto('/admin/audit?from=2001-01-01&to=2001-01-02')
  await expect(owner.getByText('No entries match these filters')).toBeVisible()
  await owner.goto('/admin/audit?from=2001-01-02&to=2001-01-01')
  await expect(owner.getByRole('main')).toContainText('The dates are upside down.')

  await owner.goto('/admin/audit?action=payouts.approve')
  await owner.getByRole('link', { name: number, exact: true }).click()
  await expect(owner).toHaveURL(`/admin/payouts/${world.payout.id}`)
})

test('the chain is verified, against a pair that was kept too; a pair that is not in it is noticed', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 400/)
  const page = await browse(world.viewer)
  await page.goto('/admin/audit')
  const verify = async (seq = '', hash = '') => {
    const dialog = await openDialog(page, 'Verify')
    await dialog.getByLabel('A kept entry’s number').fill(seq)
    await dialog.getByLabel('Its hash').fill(hash)
    await dialog.getByRole('button', { name: 'Verify now' }).click()
  }
  await verify()
  const result = page.getByRole('status').filter({ hasText: 'The log is whole' })
  await expect(result).toBeVisible()
  const [, seq = '', hash = ''] =
    /ends with entry (\d+), hash ([0-9a-f]{64})/.exec((await result.textContent()) ?? '') ?? []
  await verify(seq, hash)
  await expect(result).toContainText('the pair you gave is in the chain')
  await verify(
    seq,
    hash.replace(/^./, first => (first === '0' ? '1' : '0')),
  )
  await expect(page.getByText('The log is not as it was written')).toBeVisible()

  await page.goto('/admin/audit')
  await verify('1', 'not a hash')
  await expect(page.getByRole('dialog')).toContainText('A hash has 64 hexadecimal digits.')
})

test('the download is what the filter shows, with hashes, and is recorded; a manager reads nothing of the log', async ({
  world,
  browse,
  tolerate,
}) => {
  const page = await browse(world.admin)
  await page.goto('/admin/audit?action=payouts.create')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  const lines = []
  for await (const chunk of await (await download).createReadStream()) lines.push(String(chunk))
  const rows = lines
    .join('')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.filter(row => 'action' in row).every(row => row.action === 'payouts.create')).toBe(true)
  expect(JSON.stringify(rows)).toMatch(/[0-9a-f]{64}/)
  await page.goto('/admin/audit')
  await expect(page.getByRole('list', { name: /^Audit log/ })).toContainText('Downloaded the audit log')

  tolerate(/status of 403/)
  const manager = await browse(world.manager)
  const answer = await manager.goto('/admin/audit')
  expect(answer?.status()).toBe(403)
})

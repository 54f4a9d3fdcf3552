import { outbox } from '#db/schema/index.ts'
import { expect, testIn } from './fixtures.ts'
import { toast } from './steps.ts'
import type { Base } from './world/world.ts'

const test = testIn(async ({ deps, org, payable, fresh, foreign }: Base) => {
  const now = deps.clock.now()
  const parked = async (orgId: string, topic: 'partner.sync' | 'email.send', payload: object, lastError: string) => {
    const id = deps.ids.id('job')
    const row = { id, orgId, topic, key: id, payload, status: 'parked' as const, attempts: 12, lastError }
    await deps.db.write(tx => tx.insert(outbox).values({ ...row, runAt: now, createdAt: now, finishedAt: now }))
    return id
  }
  await parked(org.id, 'partner.sync', { partnerId: payable.partner.id }, 'Stripe did not answer\nat Stripe.request')
  await parked(org.id, 'partner.sync', { partnerId: payable.partner.id }, 'Stripe did not answer')
  const mail = {
    eventId: fresh.partner.id,
    template: 'onboardingReminder',
    to: { partnerId: fresh.partner.id },
    about: { partnerId: fresh.partner.id },
  }
  await parked(org.id, 'email.send', mail, 'connect ECONNREFUSED')
  await parked(foreign.org.id, 'partner.sync', { partnerId: foreign.partnerSide.partner.id }, 'FOREIGN-CANARY')
  return {}
})

test('a parked job shows why; retried, it is done, once, whoever pressed first', async ({
  world,
  browse,
  tolerate,
}) => {
  tolerate(/status of 409/)
  const [page, late] = [await browse(world.admin), await browse(world.owner)]
  // Without live updates, as in a tab that slept.
  await late.route('**/api/trpc/live.changes**', route => route.abort())
  tolerate(/ERR_FAILED|Failed to load resource/)
  for (const one of [page, late]) {
    await one.goto('/admin/jobs?topic=email.send')
    await expect(one.locator('[data-row]')).toHaveCount(1)
  }
  await expect(page.getByRole('main')).toContainText('connect ECONNREFUSED')
  await page.getByRole('button', { name: /^Retry Set-up reminder/ }).click()
  await expect(toast(page)).toContainText('The job is back in line.')
  await expect(page.getByRole('main')).toContainText(/No jobs match/)
  await world.mailbox.anEmailTo(world.fresh.person.email, /Finish setting up payouts/)

  await late.getByRole('button', { name: /^Retry Set-up reminder/ }).click()
  await expect(late.getByRole('alert')).toContainText('This job does not need you any more')
  await late.goto('/admin/jobs?status=done&topic=email.send')
  await expect(late.locator('[data-row]')).toHaveCount(1)
  expect(world.mailbox.to(world.fresh.person.email)).toHaveLength(1)
})

test('all parked jobs of a kind at once; another organization’s are neither seen nor touched', async ({
  world,
  browse,
}) => {
  const page = await browse(world.owner)
  await page.goto('/admin/jobs')
  await expect(page.locator('[data-row]')).toHaveCount(2)
  await expect(page.getByRole('main')).not.toContainText('CANARY')
  const more = page.locator('details').filter({ hasText: 'at Stripe.request' })
  await more.locator('summary').click()
  await expect(more.getByText('at Stripe.request')).toBeVisible()
  await page
    .getByRole('button', { name: 'Read a partner’s account' })
    .or(page.locator('form[method="post"] button[name="topic"]'))
    .first()
    .click()
  await expect(toast(page)).toContainText('2 jobs are back in line.')
  await expect(page.getByRole('main')).toContainText('Nothing needs attention')

  const foreign = await browse(world.foreign.owner)
  await foreign.goto('/admin/jobs')
  await expect(foreign.locator('[data-row]')).toHaveCount(1)
  await foreign.goto('/admin/audit?action=jobs')
  await expect(foreign.getByText('No entries match these filters')).toBeVisible()
  await page.goto('/admin/audit?action=jobs')
  for (const words of ['Retried a job', 'Retried all jobs of a kind'])
    await expect(page.getByRole('list', { name: /^Audit log/ })).toContainText(words)
})

test('a viewer sees what is stuck and retries nothing, not even by hand', async ({ world, browse }) => {
  const page = await browse(world.viewer)
  await page.goto('/admin/jobs')
  await expect(page.getByRole('button', { name: /^Retry/ })).toHaveCount(0)
  const answer = await page.request.post('/admin/jobs', {
    form: { topic: 'partner.sync' },
    headers: { Origin: world.url },
    maxRedirects: 0,
  })
  expect(answer.status()).toBe(403)
})

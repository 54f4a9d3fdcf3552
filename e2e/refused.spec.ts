import { aMember, aPayout } from '#server/test/factories.ts'
import { expect, testIn } from './fixtures.ts'
import { markPaid, numberOf, rowOf, statusOf, timeline } from './steps.ts'
import { aPayablePartner, signedIn } from './world/people.ts'

// The simulator starts with dollars, euros and pounds: in Canadian dollars the balance is empty.
const test = testIn(async ({ deps, simulator, org, manager, admin }) => {
  const partner = await aPayablePartner(deps, simulator, {
    orgId: org.id,
    name: 'Maple Referrals',
    email: 'office@maple.example',
    account: 'acct_1Maple',
    country: 'CA',
    currency: 'CAD',
  })
  return {
    person: await signedIn(deps, await aMember(deps, { role: 'partner', org, partner })),
    payout: await aPayout(deps, {
      partner,
      status: 'approved',
      createdBy: manager.user.id,
      approvedBy: admin.user.id,
      amount: 82_000,
    }),
  }
})

test('a refused transfer says why and what to do; after topping up it is sent once more, and paid once', async ({
  world,
  browse,
}) => {
  const { simulator, mailbox, person, payout } = world
  const page = await browse(world.owner)
  const partner = await browse(person)
  await page.goto(`/admin/payouts/${payout.id}`)
  await markPaid(page)

  await expect(statusOf(page)).toContainText('Failed')
  const next = page.getByRole('region', { name: 'Next step' })
  await expect(next).toContainText('The Stripe balance does not hold enough in this currency.')
  await expect(next).toContainText('Add funds to it, then mark the payout paid again.')
  await expect(timeline(page)).toContainText('Transfer refused')
  const mail = await mailbox.anEmailTo(world.admin.email, /Payout to Maple Referrals failed: CA\$820\.00/)
  expect(mail.text).toContain('balance')

  // The partner learns that it takes longer, and nothing of the payer's balance.
  await partner.goto(`/portal/payouts/${payout.id}`)
  await expect(partner.getByRole('main')).toContainText('It could not be sent; nothing was lost')
  await expect(partner.getByRole('main')).not.toContainText(/balance does not hold/)
  for (const one of mailbox.to(person.email)) expect(one.text).not.toMatch(/balance does not hold/)
  expect(await simulator.transfers()).toEqual([])

  await simulator.fund('cad', 82_000)
  await markPaid(page)
  await expect(statusOf(page)).toContainText('Paid')
  await expect(page.getByRole('main')).toContainText('Attempt 2')
  expect(await simulator.transfers()).toHaveLength(1)
  await mailbox.anEmailTo(person.email, /Your CA\$820\.00 payout from Acme is on the way/)
  await partner.goto('/portal')
  await expect(rowOf(partner, numberOf(payout))).toContainText('In your Stripe balance')
})

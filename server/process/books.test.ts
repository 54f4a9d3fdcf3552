import { eq } from 'drizzle-orm'
import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { ledgerEntries, payoutAttempts } from '#db/schema/index.ts'
import { syncPartner } from '../partners/sync.ts'
import { runTransfer } from '../payouts/transfer.ts'
import { activeAccount, startForTest } from '../simulator/testing.ts'
import { asRole } from '../test/callers.ts'
import { start, testClock, testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { checkBooks } from './books.ts'

test('the books are right after a payment, and whatever is wrong with them is found', async () => {
  const clock = testClock(start)
  const sim = await startForTest({ now: clock.now })
  const deps = { ...(await testDeps({ stripe: sim.stripe })), clock }
  const org = await anOrg(deps)
  const [owner, manager] = [await asRole(deps, 'owner', { org }), await asRole(deps, 'manager', { org })]
  const partner = await aPartner(deps, { orgId: org.id, stripeAccountId: activeAccount(sim), destinationKey: null })
  await syncPartner(deps, partner.id)
  const [paid, waiting] = [
    await manager.api.payouts.create({ partnerId: partner.id, amount: 5_000 }),
    await manager.api.payouts.create({ partnerId: partner.id, amount: 7_000 }),
  ]
  await owner.api.payouts.bulkApprove({ payoutIds: [paid.id, waiting.id] })
  await owner.api.payouts.markPaid({ payoutId: paid.id })
  const [attempt] = await deps.db.read.select().from(payoutAttempts).where(eq(payoutAttempts.payoutId, paid.id))
  expect(await checkBooks(deps.db, [], false)).toEqual([])
  await runTransfer(deps, attempt?.id ?? '')
  const transfers = sim.control<Stripe.Transfer[]>('GET', '/_sim/transfers')
  const [transfer] = transfers
  if (!transfer) throw new Error('no transfer')
  expect(await checkBooks(deps.db, transfers, false)).toEqual([])

  const wrong = async (held: Stripe.Transfer[], settled = false) =>
    (await checkBooks(deps.db, held, settled)).map(problem => problem.replace(/^payout \d+ \(\w+, \w+\): /, ''))
  expect(await wrong([])).toEqual(expect.arrayContaining([expect.stringMatching(/its transfer is undefined/)]))
  expect(await wrong([transfer, { ...transfer, id: 'tr_2' }])).toEqual(['2 transfers'])
  expect(await wrong([{ ...transfer, amount: 4_999 }])).toEqual(['4999 usd were sent'])
  expect(await wrong([{ ...transfer, destination: 'acct_else' }])).toEqual(['the money went to acct_else'])
  expect(await wrong([transfer, { ...transfer, transfer_group: `payout_${waiting.id}` }])).toEqual([
    'a transfer that nobody asked for',
  ])
  expect(await wrong([transfer, { ...transfer, transfer_group: 'payout_of_nobody' }])).toEqual([
    'a transfer of payout_of_nobody, which nobody has',
  ])
  // No webhook has come, no mail has gone out, and the jobs that would see to it are open.
  expect(await wrong(transfers, true)).toEqual(
    expect.arrayContaining([
      'no webhook confirmed it',
      'mails that say so: none',
      expect.stringMatching(/^the job email.send .* is queued/),
    ]),
  )
  const [entry] = await deps.db.read.select().from(ledgerEntries).where(eq(ledgerEntries.kind, 'settle'))
  if (!entry) throw new Error('no entry')
  await deps.db.write(tx => tx.insert(ledgerEntries).values({ ...entry, id: 'le_twice', seq: 99 }))
  expect(await wrong(transfers)).toEqual([`payout ${paid.id} is paid, and -5000 of it is under way.`])
})

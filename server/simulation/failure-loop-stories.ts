import { sql } from 'drizzle-orm'
import { commissions, type PayoutStatus, partners, payouts } from '#db/schema/index.ts'
import { aDeal } from '../deals/testing.ts'
import type { Deps } from '../deps.ts'
import { catchUp } from '../stripe/catch-up.ts'
import { aCommission, type Member } from '../test/factories.ts'
import { type Scene, type Tell, workOn } from './failure-loop-run.ts'
import { aCompany, aPayoutUntil, as, changeBank } from './races-company.ts'
import { transfersOf } from './races-judge.ts'
import type { World } from './races-world.ts'

type Api = Awaited<ReturnType<typeof as>>

/** A person presses a button; pressed again, it is the same intent with the same key. */
function press(
  name: string,
  who: Member,
  what: (api: Api, idempotencyKey: string) => Promise<unknown>,
  told?: Scene['told'],
): Scene {
  return { name, by: 'person', act: async deps => what(await as(deps, who), `the key of ${name}`), told }
}

const worker = (world: World): Scene => ({ name: 'the worker', by: 'worker', act: deps => workOn(world, deps) })

const statuses = async (deps: Deps): Promise<PayoutStatus[]> =>
  (await deps.db.read.select({ status: payouts.status }).from(payouts).orderBy(payouts.number)).map(row => row.status)

/** What a person was told is there for everybody to read. */
const all = (status: PayoutStatus) => async (deps: Deps) => {
  const now = await statuses(deps)
  const later: Record<string, PayoutStatus[]> = { processing: ['processing', 'paid'] }
  return now.length > 0 && now.every(one => one === status || later[status]?.includes(one))
    ? []
    : [`said to be ${status}, and it is ${now.join() || 'not there'}`]
}

/** Paid, each once; or waiting for people with a sentence, where something failed. */
async function allPaid(world: World, deps: Deps, fine: boolean, count = 1): Promise<string[]> {
  const rows = await deps.db.read.select().from(payouts)
  const problems = rows.flatMap(({ number, status, needsReview, failureMessage, closedAt }) => {
    if (closedAt !== null && status === 'paid') return []
    if (!fine && ((status === 'processing' && needsReview) || (status === 'failed' && failureMessage))) return []
    return [`payout ${number} is ${status}, and nobody says why`]
  })
  const paid = rows.filter(row => row.status === 'paid').length
  const sent = transfersOf(world).length
  if (rows.length !== count) problems.push(`${rows.length} payouts`)
  if (sent !== paid) problems.push(`${paid} are paid by ${sent} transfers`)
  return problems
}

/** Whole scenes of the product's life, told through its services. */
export const stories: Record<string, Tell> = {
  'approved, sent, arrived, told': async world => {
    const company = await aCompany(world)
    const { id: payoutId } = await aPayoutUntil(company, 'pending_approval')
    return {
      scenes: [
        press(
          'approve',
          company.ana,
          (api, idempotencyKey) => api.payouts.approve({ payoutId, idempotencyKey }),
          all('approved'),
        ),
        press(
          'mark paid',
          company.ben,
          (api, idempotencyKey) => api.payouts.markPaid({ payoutId, idempotencyKey }),
          all('processing'),
        ),
        worker(world),
      ],
      ending: (deps, fine) => allPaid(world, deps, fine),
    }
  },

  'a change of bank between approval and sending': async world => {
    const company = await aCompany(world)
    const { id: payoutId } = await aPayoutUntil(company, 'approved')
    return {
      scenes: [
        press(
          'mark paid',
          company.ben,
          (api, idempotencyKey) => api.payouts.markPaid({ payoutId, idempotencyKey }),
          all('processing'),
        ),
        { name: 'the partner changes the bank', by: 'stripe', act: async () => changeBank(company) },
        worker(world),
      ],
      ending: async deps => {
        const [row] = await deps.db.read.select().from(payouts)
        const says = row?.status === 'pending_approval' || (row?.status === 'failed' && row.failureMessage)
        return [
          ...(says ? [] : [`it is ${row?.status}`]),
          ...(transfersOf(world).length === 0 ? [] : ['it was sent to a bank that nobody approved']),
        ]
      },
    }
  },

  'a run executed, approved and paid': async world => {
    const company = await aCompany(world)
    const { deps, partner, manager } = company
    await aCommission(deps, { partner, amount: 30_000, releaseAt: Date.UTC(2026, 1, 10), period: '2026-02' })
    const run = await (await as(deps, manager)).runs.plan({ period: '2026-02' })
    const payoutIds = async (api: Api) => (await api.payouts.list({ runId: run.id })).rows.map(row => row.id)
    return {
      scenes: [
        press(
          'execute',
          manager,
          (api, idempotencyKey) => api.runs.execute({ runId: run.id, digest: run.digest, idempotencyKey }),
          all('pending_approval'),
        ),
        press(
          'approve',
          company.ana,
          async (api, idempotencyKey) => api.payouts.bulkApprove({ payoutIds: await payoutIds(api), idempotencyKey }),
          all('approved'),
        ),
        press(
          'mark paid',
          company.ben,
          async (api, idempotencyKey) => api.payouts.bulkMarkPaid({ payoutIds: await payoutIds(api), idempotencyKey }),
          all('processing'),
        ),
        worker(world),
      ],
      ending: (deps, fine) => allPaid(world, deps, fine),
    }
  },

  'a refund that the next run nets': async world => {
    const company = await aCompany(world)
    const { deps, org, partner, manager } = company
    await deps.db.write(tx => tx.update(partners).set({ defaultRateBp: 1_000 }).where(sql`id = ${partner.id}`))
    const deal = await aDeal(deps, org, { touches: [{ partner, daysAgo: 14 }], won: true })
    return {
      scenes: [
        press('refund', manager, (api, idempotencyKey) =>
          api.deals.refund({ dealId: deal.id, amount: 500_000, reason: 'Half of it', idempotencyKey }),
        ),
        press('plan', manager, (api, idempotencyKey) => api.runs.plan({ period: '2026-03', idempotencyKey })),
        press('execute', manager, async (api, idempotencyKey) => {
          const [listed] = (await api.runs.list({})).rows
          const run = await api.runs.get({ runId: listed?.id ?? '' })
          return api.runs.execute({ runId: run.id, digest: run.digest, idempotencyKey })
        }),
      ],
      ending: async deps => {
        const [row, ...more] = await deps.db.read.select().from(payouts)
        const [net] = await deps.db.read.all<{ amount: number }>(sql`SELECT sum(amount) AS amount FROM commissions`)
        const open = await deps.db.read.select().from(commissions).where(sql`status = 'accrued'`)
        return row?.amount === 50_000 && more.length === 0 && net?.amount === 50_000 && open.length === 0
          ? []
          : [`${row?.amount} in ${1 + more.length} payouts, ${net?.amount} earned, ${open.length} lines left`]
      },
    }
  },

  'a reversal, decided and paid again': async world => {
    const company = await aCompany(world)
    const { id: payoutId } = await aPayoutUntil(company, 'paid')
    const again = async (deps: Deps) =>
      (await deps.db.read.select({ id: payouts.id }).from(payouts).where(sql`repays = ${payoutId}`)).map(row => row.id)
    return {
      scenes: [
        {
          name: 'Stripe takes it back',
          by: 'stripe',
          act: async () => {
            const [transfer] = transfersOf(world)
            await company.deps.stripe.transfers.createReversal(transfer?.id ?? '', {})
          },
        },
        worker(world),
        press('decide', company.ana, (api, idempotencyKey) =>
          api.payouts.decideReversal({ payoutId, decision: 'owed', idempotencyKey }),
        ),
        press('approve', company.ben, async (api, idempotencyKey) =>
          api.payouts.bulkApprove({ payoutIds: await again(company.deps), idempotencyKey }),
        ),
        press('mark paid', company.cleo, async (api, idempotencyKey) =>
          api.payouts.bulkMarkPaid({ payoutIds: await again(company.deps), idempotencyKey }),
        ),
        worker(world),
      ],
      ending: async (deps, fine) => {
        const now = (await statuses(deps)).join()
        const sent = transfersOf(world).length
        if (now === 'reversed,paid' && sent === 2) return []
        const [, second] = await deps.db.read.select().from(payouts).orderBy(payouts.number)
        return !fine && second && (second.needsReview || second.failureMessage) && sent <= 2
          ? []
          : [`they are ${now}, with ${sent} transfers`]
      },
    }
  },

  'a partner sets up where the money goes': async world => {
    const company = await aCompany(world)
    const { deps, person, partner } = company
    await deps.db.write(tx =>
      tx
        .update(partners)
        .set({ stripeAccountId: null, destinationKey: null, transfersStatus: 'none', accountSyncedAt: null })
        .where(sql`id = ${partner.id}`),
    )
    const made = () =>
      world
        .control<{ account: string }[]>('GET', '/_sim/balances')
        .map(row => row.account)
        .filter(account => account.startsWith('acct_'))
    const account = async () =>
      (await deps.db.read.select().from(partners).where(sql`id = ${partner.id}`))[0]?.stripeAccountId ?? ''
    return {
      scenes: [
        press('start the set-up', person, api => api.partners.startSetup()),
        {
          name: 'the partner fills in the pages',
          by: 'stripe',
          act: async () =>
            void world.control('POST', `/_sim/accounts/${await account()}`, {
              transfers: 'active',
              payouts: 'active',
              due: [],
              bank_number: '000123456789',
            }),
        },
        press('come back', person, api => api.partners.refreshSetup()),
        worker(world),
      ],
      ending: async reader => {
        const [row] = await reader.db.read.select().from(partners).where(sql`id = ${partner.id}`)
        return row?.transfersStatus === 'active' && row.destinationKey !== null
          ? []
          : [`the partner is ${row?.transfersStatus}, to ${row?.destinationKey} (${made().length} accounts)`]
      },
    }
  },

  'an import of payouts': async world => {
    const company = await aCompany(world)
    const { manager, partner } = company
    const text = `partner email,amount,currency,period,reference,notes\n${partner.email},50.00,USD,2026-02,R-1,\n${partner.email},60.00,USD,2026-02,R-2,\n`
    let importId = ''
    return {
      scenes: [
        press('upload', manager, async (api, idempotencyKey) => {
          importId = (await api.payouts.importDraft({ fileName: 'a.csv', text, idempotencyKey })).importId
        }),
        press(
          'commit',
          manager,
          (api, idempotencyKey) => api.payouts.importCommit({ importId, skipDuplicates: true, idempotencyKey }),
          all('pending_approval'),
        ),
        worker(world),
      ],
      ending: async deps => {
        const rows = await deps.db.read.select({ amount: payouts.amount }).from(payouts).orderBy(payouts.number)
        return rows.map(row => row.amount).join() === '5000,6000' ? [] : [`imported: ${rows.map(row => row.amount)}`]
      },
    }
  },

  'webhooks that were lost: catching up and reconciling': async world => {
    const company = await aCompany(world)
    const { id: payoutId } = await aPayoutUntil(company, 'approved')
    return {
      scenes: [
        press('mark paid', company.ben, (api, idempotencyKey) => api.payouts.markPaid({ payoutId, idempotencyKey })),
        {
          name: 'webhooks are lost',
          by: 'stripe',
          act: async () =>
            void world.control('POST', '/_sim/webhooks/switches', { kind: 'drop', type: 'transfer.*', count: null }),
        },
        worker(world),
        { name: 'catching up', by: 'worker', act: deps => catchUp(deps) },
        press('reconcile', company.ana, api => api.reconcile.run({})),
        worker(world),
      ],
      ending: (deps, fine) => allPaid(world, deps, fine),
    }
  },
}

import { and, eq } from 'drizzle-orm'
import { payouts } from '#db/schema/index.ts'
import type { DemoEnding } from '#db/seed/partners.ts'
import { inviteMember } from '#server/auth/invitations.ts'
import { decimalText } from '#server/lib/money.ts'
import { periodOf } from '#server/lib/period.ts'
import { startSetup } from '#server/partners/connect.ts'
import { archivePartner, invitePartner, remindPartner } from '#server/partners/service.ts'
import { syncPartner } from '#server/partners/sync.ts'
import { saveDraft } from '#server/payouts/import.ts'
import { bulkApprove, createPayout } from '#server/payouts/service.ts'
import { readSpreadsheet } from '#server/payouts/spreadsheet.ts'
import type { Actor } from '#server/work.ts'
import type { CastPartner } from './cast.ts'
import { earningsOf, planRun } from './history.ts'
import type { Cast } from './lumen.ts'
import { startBankPayouts } from './money.ts'
import { act, day, hour, minute, type Stage } from './stage.ts'

/** Days ago that each story turned, and what the simulator is told then. */
const turns: Partial<Record<DemoEnding, { agoMs: number; state: object }>> = {
  rejected: {
    agoMs: 96 * day,
    state: { transfers: 'rejected', payouts: 'rejected', disabled_reason: 'rejected.other' },
  },
  disconnected: { agoMs: 5 * day, state: { deauthorized: true } },
  restricted: {
    agoMs: 14 * day + 2 * hour,
    state: { transfers: 'restricted', payouts: 'restricted', due: ['individual.verification.document'] },
  },
  in_review: { agoMs: 3 * day + 7 * hour, state: { transfers: 'pending' } },
  bank_changed: { agoMs: 27 * hour, state: { bank_number: '000198765432' } },
}

/** How the partners' stories end, each through what Stripe then says. */
export function planEndings(stage: Stage, cast: Cast): void {
  const { today } = stage
  for (const [ending, turn] of Object.entries(turns))
    stage.plan(today - turn.agoMs, async () => {
      for (const partner of withEnding(cast, ending as DemoEnding)) {
        await stage.simulator('POST', `/_sim/accounts/${partner.accountId}`, turn.state)
        await syncPartner(stage.deps, partner.id)
      }
    })
  stage.plan(today - 8 * day, async () => {
    for (const partner of withEnding(cast, 'unfinished')) {
      const by = contactOf(partner)
      await startSetup(stage.deps, { id: partner.id, orgId: cast.company.orgId }, by)
      await syncPartner(stage.deps, partner.id)
    }
  })
  stage.plan(today - 25 * hour, async () => {
    for (const partner of withEnding(cast, 'archived'))
      await act(stage, cast.company.orgId, cast.staff.tom, unit => archivePartner(unit, { partnerId: partner.id }))
  })
}

function withEnding(cast: Cast, ending: DemoEnding): CastPartner[] {
  return [...cast.partners.values()].filter(partner => partner.ending === ending)
}

function contactOf({ id, name, people }: CastPartner): Actor {
  return { kind: 'user', id, name: people?.[0]?.name ?? name }
}

/** What there is to do today: payouts to approve, an import to look through, people who are invited. */
export function planPresent(stage: Stage, cast: Cast): void {
  const { today } = stage
  const { company, staff } = cast
  const { orgId } = company
  const partner = (key: string) => {
    const found = cast.partners.get(key)
    if (!found) throw new Error(`no partner ${key}`)
    return found
  }

  // The destination changed, so its approvals were void; approved again, it waits for the hold to end.
  stage.plan(today - 21 * hour, async () => {
    for (const { id } of withEnding(cast, 'bank_changed')) {
      const open = await stage.deps.db.read
        .select({ id: payouts.id })
        .from(payouts)
        .where(and(eq(payouts.partnerId, id), eq(payouts.status, 'pending_approval')))
      await act(stage, orgId, staff.elena, unit =>
        bulkApprove(
          unit,
          open.map(row => row.id),
        ),
      )
    }
  })

  stage.plan(today - 7 * hour, async () => {
    const keys = ['northwind', 'brightpath', 'hafenblick', 'thistle', 'kestrel', 'cedarpoint', 'clairval', 'oakline']
    planRun(stage, company, {
      importAt: today - 6 * hour,
      approveAt: today + day,
      payAt: today + 2 * day,
      entries: keys.map(key => ({
        partner: partner(key),
        amount: earningsOf(stage, partner(key), today),
        outcome: 'pending',
      })),
      by: { prepares: staff.tom, approves: [staff.aisha], pays: staff.marcus },
    })
  })

  const typed = [
    { key: 'redwood', amount: 150_000, by: staff.marcus, notes: 'Launch bonus, as agreed for the third new customer.' },
    { key: 'atelier', amount: 42_000, by: staff.marcus, notes: 'Half of the joint webinar.' },
    { key: 'summit', amount: 96_500, by: staff.aisha, notes: 'Renewal of the Meridian contract, 10 percent.' },
  ]
  for (const [index, { key, amount, by, notes }] of typed.entries())
    stage.plan(today - 3 * hour + index * 11 * minute, async () => {
      const period = periodOf(today, company.timeZone)
      const reference = `BONUS-${period}-${index + 1}`
      await act(stage, orgId, by, unit =>
        createPayout(unit, { partnerId: partner(key).id, amount, period, reference, notes }, 'form'),
      )
    })

  stage.plan(today - 2 * day, async () => {
    await act(stage, orgId, staff.elena, unit =>
      inviteMember(unit, { email: 'lena.hoff@lumencloud.example', name: 'Lena Hoff', role: 'viewer', partnerId: null }),
    )
  })
  stage.plan(today - 26 * hour, async () => {
    await act(stage, orgId, staff.tom, unit => invitePartner(unit, { partnerId: partner('kestrel').id }))
    await act(stage, orgId, staff.tom, unit => remindPartner(unit, { partnerId: partner('fenland').id }))
  })
  stage.plan(today - 50 * minute, () => leaveDraft(stage, cast))
}

/** An import that somebody has uploaded and not committed: some of its rows are wrong. */
async function leaveDraft(stage: Stage, { company, staff }: Cast): Promise<void> {
  const period = periodOf(stage.today, company.timeZone)
  const money = (amount: number, currency: string) => decimalText(amount, currency)
  const text = [
    'Partner email,Amount,Currency,Period,Reference,Notes',
    `billing@brightpath.example,${money(38_200, 'USD')},USD,${period},ADJ-01,Late invoice of the Orchard account`,
    `rechnung@hafenblick.example,${money(21_050, 'EUR')},EUR,${period},ADJ-02,`,
    `accounts@thistleandco.example,${money(9_900, 'GBP')},USD,${period},ADJ-03,`,
    `compta@atelier-lumen.exmaple,${money(12_000, 'EUR')},EUR,${period},ADJ-04,`,
    `ap@redwoodsystems.example,1.204.50,USD,${period},ADJ-05,`,
  ].join('\n')
  const file = { fileName: `adjustments-${period}.csv`, text: `${text}\n` }
  await act(stage, company.orgId, staff.tom, unit => saveDraft(unit, file, readSpreadsheet(text)))
}

/** After the last act, in the present: most of what was paid yesterday leaves for the banks, and one bank sends it back. */
export async function sendToBanks(stage: Stage, cast: Cast): Promise<void> {
  const accounts = (keys: string[]) => keys.flatMap(key => cast.partners.get(key)?.accountId ?? [])
  await startBankPayouts(
    stage,
    accounts(['northwind', 'brightpath', 'hafenblick', 'redwood', 'kestrel', 'oakline']),
    'created',
  )
  await startBankPayouts(stage, accounts(['wharfside']), 'paid')
}

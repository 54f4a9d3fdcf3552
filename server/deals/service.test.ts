import { and, eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { attributionRuns, commissions, deals, programs, touches } from '#db/schema/index.ts'
import { aPublishedRule } from '../commissions/testing.ts'
import { asRole } from '../test/callers.ts'
import { start, testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { aDeal, aProgram, day } from './testing.ts'

/** An organization with two partners that earn 10 % and 20 % by default, and three people. */
async function aCompany() {
  const deps = await testDeps()
  const org = await anOrg(deps, { timeZone: 'Europe/Berlin' })
  const [acme, bolt] = [
    await aPartner(deps, { orgId: org.id, name: 'Acme', defaultRateBp: 1_000 }),
    await aPartner(deps, { orgId: org.id, name: 'Bolt', defaultRateBp: 2_000 }),
  ]
  const [ana, ben, manager] = [
    await asRole(deps, 'admin', { org }),
    await asRole(deps, 'admin', { org }),
    await asRole(deps, 'manager', { org }),
  ]
  const readDeal = async (id: string) => (await deps.db.read.select().from(deals).where(eq(deals.id, id)))[0]!
  const lines = async (id: string) =>
    (
      await deps.db.read
        .select({ partner: commissions.partnerId, kind: commissions.kind, amount: commissions.amount })
        .from(commissions)
        .where(eq(commissions.dealId, id))
        .orderBy(commissions.number)
    ).map(({ partner, kind, amount }) => [partner === acme.id ? 'Acme' : 'Bolt', kind, amount])
  return { deps, org, acme, bolt, ana, ben, manager, readDeal, lines }
}

const twoTouches = ({ acme, bolt }: Awaited<ReturnType<typeof aCompany>>) => [
  { partner: acme, daysAgo: 14 },
  { partner: bolt, type: 'demo' as const, daysAgo: 7 },
]

const fields = { name: 'Forty seats', accountName: 'Northwind', amount: 1_000_000, currency: 'USD' }

test('a deal gets the next number, the only program and what was typed, tidied; and is audited', async () => {
  const { manager, readDeal, acme } = await aCompany()
  const first = await manager.api.deals.create({
    ...fields,
    accountDomain: ' https://www.Northwind.Example/contact ',
    contactEmail: 'Jo@Northwind.example',
    registeredBy: acme.id,
  })
  const second = await manager.api.deals.create(fields)
  expect([first.number, second.number]).toEqual(['D-000001', 'D-000002'])
  expect(await readDeal(first.id)).toMatchObject({
    accountDomain: 'northwind.example',
    contactEmail: 'jo@northwind.example',
    stage: 'open',
    type: 'new',
    openedAt: start,
  })
  const { history } = await manager.api.deals.get({ dealId: first.id })
  expect(history).toMatchObject([{ action: 'deals.create', actor: manager.user.name }])
})

test('a deal is refused for an unclear or archived program, an archived partner, or a reference that another has', async () => {
  const { deps, org, ana, acme } = await aCompany()
  const other = await aProgram(deps, org)
  await expect(ana.api.deals.create(fields)).rejects.toThrow('There are several programs. Choose the one')
  await ana.api.programs.archive({ programId: other.id })
  await expect(ana.api.deals.create({ ...fields, programId: other.id })).rejects.toThrow(
    'Second program is archived and takes no more deals. Restore it, or choose another program.',
  )
  await ana.api.deals.create({ ...fields, externalRef: 'CRM-1' })
  await expect(ana.api.deals.create({ ...fields, externalRef: 'CRM-1' })).rejects.toThrow(
    'D-000001, Forty seats, has this external reference already.',
  )
  await ana.api.partners.archive({ partnerId: acme.id })
  await expect(ana.api.deals.create({ ...fields, registeredBy: acme.id })).rejects.toThrow(
    'Acme is archived. Restore the partner first.',
  )
  await expect(ana.api.deals.create({ ...fields, accountDomain: 'no domain' })).rejects.toThrow('like example.com')
  const opened = { ...fields, openedAt: start + 3 * day }
  await expect(ana.api.deals.create(opened)).rejects.toThrow('can’t be in the future: 5 Mar 2026 is after tomorrow')
})

test('winning a deal attributes it and books what each partner earned, once', async () => {
  const company = await aCompany()
  const { deps, org, ana, acme, bolt, lines } = company
  const deal = await aDeal(deps, org, { touches: twoTouches(company) })
  expect(await lines(deal.id)).toEqual([])
  const won = await ana.api.deals.win({ dealId: deal.id, version: 1, idempotencyKey: 'win-once-only' })
  expect(won).toMatchObject({ stage: 'won', run: 1, attributed: true, booked: 2 })
  expect(await lines(deal.id)).toEqual([
    ['Acme', 'earned', 50_000],
    ['Bolt', 'earned', 100_000],
  ])
  const again = await ana.api.deals.win({ dealId: deal.id, version: 1, idempotencyKey: 'win-once-only' })
  expect(again).toEqual(won)
  const shown = await ana.api.deals.get({ dealId: deal.id })
  expect(shown.current?.credits.map(({ partnerId, bp, amount }) => [partnerId, bp, amount])).toEqual([
    [acme.id, 5_000, 500_000],
    [bolt.id, 5_000, 500_000],
  ])
  expect(shown.commissions.sums).toEqual([
    { partnerId: acme.id, amount: 50_000 },
    { partnerId: bolt.id, amount: 100_000 },
  ])
})

test('two admins win a deal at once: one run, one set of commissions, and the slower hears who was faster', async () => {
  const company = await aCompany()
  const { deps, org, ana, ben, lines } = company
  const deal = await aDeal(deps, org, { touches: twoTouches(company) })
  const results = await Promise.allSettled([
    ana.api.deals.win({ dealId: deal.id, version: 1 }),
    ben.api.deals.win({ dealId: deal.id, version: 1 }),
  ])
  const refusals = results.flatMap(result => (result.status === 'rejected' ? [String(result.reason.message)] : []))
  expect(refusals).toEqual([
    expect.stringMatching(/^D-000001 has moved on: Person \d+ marked it won\. It is won now, and nothing was changed/),
  ])
  expect(await deps.db.read.select().from(attributionRuns)).toHaveLength(1)
  expect(await lines(deal.id)).toHaveLength(2)
})

test('a deal that was won on a past day counts that whole day in the program’s zone; one won today, until now', async () => {
  const { deps, org, ana, acme, readDeal } = await aCompany()
  // 27 February 2026, 20:00 in Berlin.
  const evening = Date.UTC(2026, 1, 27, 19)
  const past = await aDeal(deps, org, { touches: [{ partner: acme, daysAgo: (start - evening) / day }] })
  const won = await ana.api.deals.win({ dealId: past.id, closedOn: '2026-02-27' })
  expect(won.run).toBe(1)
  expect((await readDeal(past.id)).closedAt).toBe(Date.UTC(2026, 1, 27, 23) - 1)
  expect((await ana.api.deals.get({ dealId: past.id })).current?.credits).toHaveLength(1)

  const today = await aDeal(deps, org)
  await ana.api.deals.win({ dealId: today.id, closedOn: '2026-03-02' })
  expect((await readDeal(today.id)).closedAt).toBe(start)
  const later = await aDeal(deps, org)
  await expect(ana.api.deals.win({ dealId: later.id, closedOn: '2026-03-04' })).rejects.toThrow(
    'The closing date can’t be in the future: 4 Mar 2026 is after tomorrow.',
  )
  await ana.api.deals.win({ dealId: later.id, closedOn: '2026-03-03' })
})

test('a deal of nothing can be won: its partners are credited and earn nothing', async () => {
  const company = await aCompany()
  const { deps, org, ana, lines } = company
  const deal = await aDeal(deps, org, { amount: 0, touches: twoTouches(company), won: true })
  const { current } = await ana.api.deals.get({ dealId: deal.id })
  expect(current?.credits.map(({ bp, amount }) => [bp, amount])).toEqual([
    [5_000, 0],
    [5_000, 0],
  ])
  expect(await lines(deal.id)).toEqual([])
})

test('losing or reopening a won deal takes back what was earned; winning it again earns it again', async () => {
  const company = await aCompany()
  const { deps, org, ana, readDeal, lines } = company
  const deal = await aDeal(deps, org, { touches: twoTouches(company), won: true })
  const sum = async () => (await lines(deal.id)).reduce((total, [, , amount]) => total + Number(amount), 0)
  expect(await sum()).toBe(150_000)

  await ana.api.deals.reopen({ dealId: deal.id, reason: 'Marked won by mistake.' })
  expect(await readDeal(deal.id)).toMatchObject({ stage: 'open', closedAt: null })
  expect(await sum()).toBe(0)
  await ana.api.deals.win({ dealId: deal.id })
  expect(await sum()).toBe(150_000)
  await ana.api.deals.lose({ dealId: deal.id, reason: 'The customer never signed.' })
  expect(await sum()).toBe(0)
  expect((await readDeal(deal.id)).stage).toBe('lost')

  await expect(ana.api.deals.lose({ dealId: deal.id })).rejects.toThrow(/marked it lost\. It is lost now/)
  await expect(ana.api.deals.win({ dealId: deal.id })).rejects.toThrow('It is lost now')
  await expect(ana.api.deals.reopen({ dealId: deal.id, reason: ' ' })).rejects.toThrow('Say why it is open again.')
})

test('refunds add up to at most the deal and take commissions back in proportion', async () => {
  const company = await aCompany()
  const { deps, org, ana, manager, readDeal, lines } = company
  const deal = await aDeal(deps, org, { touches: twoTouches(company) })
  const refund = (amount: number, more: object = {}) =>
    manager.api.deals.refund({ dealId: deal.id, amount, reason: 'Ten seats were canceled.', ...more })
  await expect(refund(100)).rejects.toThrow('It is open now')
  await ana.api.deals.win({ dealId: deal.id })

  await refund(250_000, { externalRef: 'RF-1' })
  expect((await lines(deal.id)).slice(2)).toEqual([
    ['Acme', 'reversal', -12_500],
    ['Bolt', 'reversal', -25_000],
  ])
  await expect(refund(1, { externalRef: 'RF-1' })).rejects.toThrow('The refund RF-1 is recorded already, on D-000001.')
  await expect(refund(750_001)).rejects.toThrow(
    '$2,500.00 of $10,000.00 was refunded already; at most $7,500.00 is left.',
  )
  await expect(refund(1, { refundedOn: '2026-03-01' })).rejects.toThrow(
    'The deal was won on 2 Mar 2026; it can’t be refunded before that.',
  )
  await expect(refund(1, { refundedOn: '2026-03-09' })).rejects.toThrow('The refund can’t be in the future')
  await expect(refund(1, { version: 1 })).rejects.toThrow('recorded a refund')
  await refund(750_000)
  expect((await readDeal(deal.id)).refunded).toBe(1_000_000)
  expect((await lines(deal.id)).reduce((total, [, , amount]) => total + Number(amount), 0)).toBe(0)
  const { actions, refunds } = await ana.api.deals.get({ dealId: deal.id })
  expect(refunds.map(({ amount }) => amount)).toEqual([250_000, 750_000])
  expect(actions.find(({ action }) => action === 'refund')?.refusal).toBe('Everything was refunded already.')
})

test('two refunds at once never exceed the deal', async () => {
  const company = await aCompany()
  const { deps, org, ana, ben, readDeal } = company
  const deal = await aDeal(deps, org, { touches: twoTouches(company), won: true })
  const refund = { dealId: deal.id, amount: 600_000, reason: 'Canceled.' }
  const results = await Promise.allSettled([ana.api.deals.refund(refund), ben.api.deals.refund(refund)])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect((await readDeal(deal.id)).refunded).toBe(600_000)
})

test('correcting a won deal makes a new version and books the difference; a new name does neither', async () => {
  const company = await aCompany()
  const { deps, org, manager, lines } = company
  const deal = await aDeal(deps, org, { touches: twoTouches(company), won: true })
  const renamed = await manager.api.deals.update({ dealId: deal.id, version: deal.version, name: 'Fifty seats' })
  expect(renamed).toMatchObject({ run: 1, attributed: false, booked: 0 })
  const corrected = await manager.api.deals.update({ dealId: deal.id, version: renamed.version, amount: 1_200_000 })
  expect(corrected).toMatchObject({ run: 2, attributed: true, booked: 2 })
  expect((await lines(deal.id)).slice(2)).toEqual([
    ['Acme', 'adjustment', 10_000],
    ['Bolt', 'adjustment', 20_000],
  ])
  const { runs } = await manager.api.deals.get({ dealId: deal.id })
  expect(runs.map(({ number, cause, amount }) => [number, cause, amount])).toEqual([
    [2, 'The deal was corrected: amount', 1_200_000],
    [1, 'The deal was won', 1_000_000],
  ])
  await expect(manager.api.deals.update({ dealId: deal.id, version: renamed.version, amount: 1 })).rejects.toThrow(
    /edited it\. It is won now/,
  )
  const [untouched] = [await manager.api.deals.update({ dealId: deal.id, closedOn: '2026-03-02' })]
  expect(untouched).toMatchObject({ version: corrected.version, attributed: false })
})

test('a deal’s currency stays once it was won, and its amount never falls below what was refunded', async () => {
  const { deps, org, ana, acme } = await aCompany()
  const deal = await aDeal(deps, org, { touches: [{ partner: acme, daysAgo: 1 }] })
  await ana.api.deals.update({ dealId: deal.id, currency: 'EUR' })
  await expect(ana.api.deals.update({ dealId: deal.id, closedOn: '2026-03-01' })).rejects.toThrow(
    'D-000001 is open and has no closing date.',
  )
  await ana.api.deals.win({ dealId: deal.id })
  await ana.api.deals.refund({ dealId: deal.id, amount: 400_000, reason: 'Half was canceled.' })
  await expect(ana.api.deals.update({ dealId: deal.id, amount: 399_999 })).rejects.toThrow(
    '€4,000.00 was refunded already',
  )
  await ana.api.deals.reopen({ dealId: deal.id, reason: 'Wrong deal.' })
  await expect(ana.api.deals.update({ dealId: deal.id, currency: 'USD' })).rejects.toThrow(
    'was won in EUR once, and its commissions are booked in it',
  )
})

test('touches of a won deal may be added, corrected and removed: each makes a version that names it', async () => {
  const company = await aCompany()
  const { deps, org, manager, acme, bolt } = company
  const deal = await aDeal(deps, org, { touches: [{ partner: acme, daysAgo: 14 }], won: true })
  const added = await manager.api.deals.addTouch({
    dealId: deal.id,
    partnerId: bolt.id,
    type: 'demo',
    at: start - 7 * day,
  })
  expect(added).toMatchObject({ run: 2, attributed: true })
  const corrected = await manager.api.deals.updateTouch({ touchId: added.touchId, version: 1, at: start - 15 * day })
  expect(corrected).toMatchObject({ run: 3 })
  await expect(manager.api.deals.updateTouch({ touchId: added.touchId, version: 1, note: 'x' })).rejects.toThrow(
    'edited a touch',
  )
  const removed = await manager.api.deals.removeTouch({ touchId: added.touchId })
  expect(removed).toMatchObject({ run: 4 })
  const { runs, touches } = await manager.api.deals.get({ dealId: deal.id })
  expect(runs.map(({ cause }) => cause)).toEqual([
    'Touch removed: Bolt’s demo on 15 Feb 2026',
    'Touch corrected: Bolt’s demo on 15 Feb 2026',
    'Touch added: Bolt’s demo on 23 Feb 2026',
    'The deal was won',
  ])
  expect(runs[0]?.differences).toEqual([
    {
      partnerId: acme.id,
      partnerName: 'Acme',
      before: { bp: 5_000, amount: 500_000 },
      after: { bp: 10_000, amount: 1_000_000 },
    },
    { partnerId: bolt.id, partnerName: 'Bolt', before: { bp: 5_000, amount: 500_000 }, after: { bp: 0, amount: 0 } },
  ])
  expect(touches.map(({ partner }) => partner.name)).toEqual(['Acme'])
  await expect(manager.api.deals.removeTouch({ touchId: added.touchId })).rejects.toThrow("couldn't find that touch")
})

test('a touch after the cut-off is kept, makes no version, and says why it doesn’t count', async () => {
  const { deps, org, ana, acme, bolt } = await aCompany()
  const deal = await aDeal(deps, org, { touches: [{ partner: acme, daysAgo: 14 }], won: true })
  deps.clock.advance(day)
  const late = { dealId: deal.id, partnerId: bolt.id, type: 'demo' as const, at: deps.clock.now() }
  expect(await ana.api.deals.addTouch(late)).toMatchObject({ run: 1, attributed: false, booked: 0 })
  const { touches } = await ana.api.deals.get({ dealId: deal.id })
  expect(touches.map(({ whyNot }) => whyNot)).toEqual([
    null,
    'Later than the cut-off: the deal closed on 2 Mar 2026, 10:00.',
  ])
})

test('a touch is refused after tomorrow, for an archived partner, and with a reference that another touch has', async () => {
  const { deps, org, ana, acme } = await aCompany()
  const deal = await aDeal(deps, org)
  const touch = { dealId: deal.id, partnerId: acme.id, type: 'demo' as const, at: start }
  await expect(ana.api.deals.addTouch({ ...touch, at: start + 3 * day })).rejects.toThrow('can’t be in the future')
  await ana.api.deals.addTouch({ ...touch, externalRef: 'T-1' })
  await expect(ana.api.deals.addTouch({ ...touch, externalRef: 'T-1' })).rejects.toThrow('is on D-000001 already')
  await expect(ana.api.deals.addTouch({ ...touch, weight: -1 })).rejects.toThrow("A weight can't be negative")
  await ana.api.partners.archive({ partnerId: acme.id })
  await expect(ana.api.deals.addTouch(touch)).rejects.toThrow('Acme is archived')
})

test('another organization’s program, partners, deals and touches do not exist', async () => {
  const { deps, org, acme, ana } = await aCompany()
  const deal = await aDeal(deps, org, { touches: [{ partner: acme, daysAgo: 1 }] })
  const stranger = await asRole(deps, 'owner')
  const own = await aDeal(deps, stranger.org)
  const [program] = await deps.db.read.select().from(programs).where(eq(programs.orgId, org.id))
  const notFound = { code: 'NOT_FOUND' }
  await expect(stranger.api.deals.create({ ...fields, programId: program!.id })).rejects.toMatchObject(notFound)
  await expect(stranger.api.deals.create({ ...fields, registeredBy: acme.id })).rejects.toMatchObject(notFound)
  await expect(stranger.api.deals.update({ dealId: own.id, programId: program!.id })).rejects.toMatchObject(notFound)
  const touch = { partnerId: acme.id, type: 'demo' as const, at: start }
  await expect(stranger.api.deals.addTouch({ dealId: own.id, ...touch })).rejects.toMatchObject(notFound)
  await expect(stranger.api.deals.removeTouch({ touchId: deal.touchIds[0]! })).rejects.toMatchObject(notFound)
  await expect(stranger.api.deals.get({ dealId: deal.id })).rejects.toMatchObject(notFound)
  expect((await stranger.api.deals.list({})).rows.map(({ id }) => id)).toEqual([own.id])
  expect((await ana.api.deals.counts()).all).toBe(1)
})

test('what was taken back with its import is gone for every procedure', async () => {
  const { deps, org, ana, acme } = await aCompany()
  const deal = await aDeal(deps, org, { touches: [{ partner: acme, daysAgo: 1 }] })
  await deps.db.write(tx =>
    tx
      .update(deals)
      .set({ removedAt: start, version: 2 })
      .where(and(eq(deals.id, deal.id), eq(deals.orgId, org.id))),
  )
  await expect(ana.api.deals.get({ dealId: deal.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(ana.api.deals.win({ dealId: deal.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(ana.api.deals.updateTouch({ touchId: deal.touchIds[0]!, note: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect(await ana.api.deals.counts()).toMatchObject({ all: 0 })
  expect(await deps.db.read.select().from(touches)).toHaveLength(1)
})

/** A won deal of $10,000 that Acme has alone, booked by a rule of 10 % for boxes; seats pay 25 %. */
async function aBookedDeal() {
  const company = await aCompany()
  const { deps, org, acme, manager } = company
  const boxes = await aPublishedRule(deps, org.id, {
    ...{ name: 'Boxes', conditions: { products: ['Box'] }, pay: { kind: 'percent' as const, rateBp: 1_000 } },
  })
  const seats = await aPublishedRule(deps, org.id, {
    ...{ name: 'Seats', conditions: { products: ['Seat'] }, pay: { kind: 'percent' as const, rateBp: 2_500 } },
  })
  const deal = await aDeal(deps, org, { product: 'Box', won: true, touches: [{ partner: acme, daysAgo: 3 }] })
  const rows = () =>
    deps.db.read.select().from(commissions).where(eq(commissions.dealId, deal.id)).orderBy(commissions.number)
  return { ...company, boxes, seats, deal, rows, update: manager.api.deals.update }
}

test('a corrected product keeps the rule that paid, until somebody matches the rules again, with a reason', async () => {
  const { deal, rows, lines, update, boxes, seats, manager, ana } = await aBookedDeal()
  await update({ dealId: deal.id, product: 'Seat' })
  expect(await lines(deal.id)).toEqual([['Acme', 'earned', 100_000]])
  await expect(update({ dealId: deal.id, territory: 'DE', rules: 'match' })).rejects.toThrow('Say why')
  await update({ dealId: deal.id, territory: 'DE', rules: 'match', rulesReason: 'It was sold as seats.' })
  expect(await lines(deal.id)).toEqual([
    ['Acme', 'earned', 100_000],
    ['Acme', 'adjustment', 150_000],
  ])
  const [first, second] = await rows()
  expect(first).toMatchObject({ ruleVersionId: boxes.id, amount: 100_000 })
  expect(second).toMatchObject({
    originId: first?.id,
    ruleVersionId: seats.id,
    note: 'Corrected from $1,000.00 to $2,500.00: the rules were matched again. It was sold as seats.',
    snapshot: { rule: { name: 'Seats' }, losing: [{ name: 'Boxes' }] },
  })
  const { text } = await manager.api.commissions.get({ commissionId: second!.id })
  expect(text).toContain('× 25 % (Seats, rule v1 from 1 Jan 2026) = $2,500.00 − $1,000.00 booked before = $1,500.00')
  const [entry] = (await ana.api.audit.list({})).rows.filter(row => row.action === 'commissions.rematch')
  expect(entry?.changes).toMatchObject([
    { field: 'decisions', after: [{ before: boxes.id, ruleVersionId: seats.id }, { stream: 'spiff' }] },
    { field: 'reason', after: 'It was sold as seats.' },
  ])
})

test('what was chosen by matching again stays in its turn: a later correction of the size goes by it', async () => {
  const { deps, org, deal, lines, update } = await aBookedDeal()
  await update({ dealId: deal.id, product: 'Seat', rules: 'match', rulesReason: 'Seats.' })
  await aPublishedRule(deps, org.id, { name: 'Newer', priority: 1, pay: { kind: 'percent', rateBp: 9_000 } })
  await update({ dealId: deal.id, amount: 2_000_000 })
  expect((await lines(deal.id)).slice(1)).toEqual([
    ['Acme', 'adjustment', 150_000],
    ['Acme', 'adjustment', 250_000],
  ])
})

test('rules matched again follow the size, and where none matches the partner’s own rate pays, as it was when the deal was won', async () => {
  const { deps, acme, deal, lines, update, manager } = await aBookedDeal()
  await update({ dealId: deal.id, product: 'Other', rules: 'match', rulesReason: 'Neither.' })
  // Acme's own 10 %: the same amount, so nothing is booked, and the decision stands.
  expect(await lines(deal.id)).toEqual([['Acme', 'earned', 100_000]])
  await deps.db.write(tx =>
    tx.run(sql`UPDATE partners SET default_rate_bp = NULL, version = version + 1 WHERE id = ${acme.id}`),
  )
  await update({ dealId: deal.id, amount: 500_000, rules: 'match', rulesReason: 'Half the size.' })
  const sum = (await lines(deal.id)).reduce((total, [, , amount]) => total + Number(amount), 0)
  expect(sum).toBe(50_000)
  expect(await manager.api.deals.update({ dealId: deal.id, name: 'Renamed' })).toMatchObject({ booked: 0 })
})

test('a won deal that credits nobody has no rules to match again', async () => {
  const { deps, org, update } = await aBookedDeal()
  const alone = await aDeal(deps, org, { product: 'Box', won: true, touches: [] })
  await update({ dealId: alone.id, product: 'Seat', rules: 'match', rulesReason: 'Seats.' })
  expect(await deps.db.read.all(sql`SELECT 1 FROM rule_rematches WHERE deal_id = ${alone.id}`)).toEqual([])
})

test('rules are matched again only for a won deal, and only where something changes that they ask for', async () => {
  const { deps, org, deal, update } = await aBookedDeal()
  const match = { rules: 'match' as const, rulesReason: 'Because.' }
  await expect(update({ dealId: deal.id, name: 'Other', ...match })).rejects.toThrow(
    'Nothing that rules ask for changes',
  )
  const open = await aDeal(deps, org, {})
  await expect(update({ dealId: open.id, product: 'Seat', ...match })).rejects.toThrow('is not won')
})

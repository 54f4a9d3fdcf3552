import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, commissions, deals, ledgerEntries, programs, registrations, touches } from '#db/schema/index.ts'
import { anOrg, aPartner } from '#server/test/factories.ts'
import { winDeal } from '../deals/service.ts'
import { actorOf } from '../trpc.ts'
import { work } from '../work.ts'
import { watchProtection } from './protection.ts'
import { domainOf, type RegistrationStatus, registrationLabels, registrationMachine, takenSentence } from './rules.ts'
import { aMarket, as, day, mails, sendMails } from './testing.ts'

const contoso = { accountName: 'Contoso', contactEmail: 'Ana@Contoso.example' }

test('three fields: a draft is kept, sent in, approved, and its deal is open, protected and pays nobody', async () => {
  const { deps, manager, northwind, partner } = await aMarket()
  const draft = await partner.api.create({ ...contoso, expectedAmount: 1_200_000, idempotencyKey: 'form-00001' })
  expect(await partner.api.create({ ...contoso, expectedAmount: 1_200_000, idempotencyKey: 'form-00001' })).toEqual(
    draft,
  )
  expect(draft).toMatchObject({ number: 'R-000001', status: 'draft', version: 1 })
  await expect(manager.api.get({ registrationId: draft.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await manager.api.list({})).rows).toEqual([])

  deps.clock.advance(day)
  const submittedAt = deps.clock.now()
  await partner.api.submit({ registrationId: draft.id, version: 1 })
  expect(await mails(deps)).toEqual([{ template: 'registrationSubmitted', to: { staffWith: 'registrations.decide' } }])
  deps.clock.advance(day)
  const approved = await manager.api.approve({ registrationId: draft.id, version: 2 })
  expect(await deps.db.read.select().from(deals)).toMatchObject([
    {
      id: approved.dealId,
      stage: 'open',
      name: 'Contoso',
      accountDomain: 'contoso.example',
      contactEmail: 'ana@contoso.example',
      amount: 1_200_000,
      currency: 'USD',
      registeredBy: northwind.id,
      source: 'registration',
      currentRunId: null,
    },
  ])
  expect(await deps.db.read.select().from(touches)).toMatchObject([
    {
      dealId: approved.dealId,
      partnerId: northwind.id,
      type: 'deal_registration',
      at: submittedAt,
      source: 'registration',
    },
  ])
  expect(await deps.db.read.select().from(commissions)).toEqual([])
  expect(await deps.db.read.select().from(ledgerEntries)).toEqual([])
  const seen = await partner.api.get({ registrationId: draft.id })
  expect(seen).toMatchObject({
    status: 'approved',
    protectedUntil: deps.clock.now() + 90 * day,
    deal: { number: 'D-000001', stage: 'open' },
    actions: [],
  })
  expect(JSON.stringify(seen)).not.toContain(manager.user.name)
  expect((await deps.db.read.select().from(audit)).map(row => row.action)).toEqual([
    'registrations.create',
    'registrations.submit',
    'deals.create',
    'deals.addTouch',
    'registrations.approve',
  ])
  const sent = await sendMails(deps)
  expect(sent.map(mail => mail.subject)).toEqual(['[SIMULATED] Approved: your registration of Contoso'])
  expect(sent[0]?.text).toContain('protected until 2 Jun 2026')
})

test.each([
  ['ana@contoso.example', 'contoso.example'],
  ['ana@mail.contoso.co.uk', 'mail.contoso.co.uk'],
  ['ana@gmail.com', null],
  ['ana@yahoo.co.uk', null],
  ['ana@outlook.de', null],
  ['ana@GMX.net', null],
  ['ana@mygmail.com', 'mygmail.com'],
  [null, null],
])('the company behind %s is %s', (email, domain) => {
  expect(domainOf(email)).toBe(domain)
})

test('a company that is taken: told at entry and when sending in, without the rival’s name; the reviewer reads it', async () => {
  const { deps, manager, rival, partner, other } = await aMarket()
  const theirs = await other.api.create({ ...contoso, contactEmail: 'bo@contoso.example', submit: true })
  // Asked for is not taken yet.
  expect(await partner.api.check({ contactEmail: 'ana@contoso.example' })).toBeNull()
  await manager.api.approve({ registrationId: theirs.id })
  const answers: unknown[] = []
  answers.push(await partner.api.check({ contactEmail: 'ana@contoso.example' }))
  expect(answers[0]).toEqual({ message: takenSentence, own: null })
  const draft = await partner.api.create(contoso)
  answers.push(draft, await partner.api.get({ registrationId: draft.id }), await partner.api.list({}))
  expect(answers[2]).toMatchObject({ told: { message: takenSentence } })
  const unsent = await partner.api.create(contoso)
  const refused = await partner.api.submit({ registrationId: draft.id }).catch((error: Error) => error)
  expect(refused).toMatchObject({ code: 'PRECONDITION_FAILED', message: takenSentence })
  expect((await partner.api.get({ registrationId: draft.id })).status).toBe('draft')
  answers.push(
    refused,
    await partner.api.update({ registrationId: draft.id, notes: 'Another division.', submit: true }),
    await partner.api.get({ registrationId: draft.id }),
    await partner.api.list({}),
    await partner.api.choices(),
    await partner.api.ownDeals({}),
  )
  for (const answer of answers)
    for (const secret of [rival.name, rival.id, theirs.id, theirs.number, 'bo@contoso.example', 'D-00000'])
      expect(JSON.stringify(answer) + String(answer)).not.toContain(secret)

  const [waiting] = (await manager.api.list({ status: 'submitted' })).rows
  expect(waiting).toMatchObject({
    partner: { name: 'Northwind' },
    conflicts: [{ kind: 'registration', number: 'R-000001', partners: 'Rivalrous', own: false, onlyAsked: false }],
  })
  // A draft of the same company stays its partner’s business.
  expect(JSON.stringify(await manager.api.get({ registrationId: draft.id }))).not.toContain(unsent.id)
  const mail = (await sendMails(deps)).find(one => one.subject.includes('Northwind registered'))
  expect(mail?.text).toContain('R-000001 by Rivalrous, protected until')
  expect(mail?.text).toContain('Another division.')
  expect(mail?.text).not.toContain(unsent.number)
  // Approved only by someone who was shown what stands against it.
  await expect(manager.api.approve({ registrationId: draft.id })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('R-000001 (Rivalrous)'),
  })
  await manager.api.approve({ registrationId: draft.id, seenConflicts: [theirs.id] })
  expect(await deps.db.read.select().from(deals)).toHaveLength(2)
})

test('what counts as taken: open deals and those won within 90 days, by domain or contact; a mailbox provider’s domain never', async () => {
  const { deps, org, manager, partner, other, northwind } = await aMarket()
  const now = deps.clock.now()
  const plant = (number: number, values: Record<string, string | number | null>) =>
    deps.db.write(tx =>
      tx.run(sql`INSERT INTO deals (id, org_id, number, program_id, name, account_name, account_domain, contact_email, amount, currency, stage, opened_at,
          closed_at, registered_by, source, created_by, created_at, updated_at, removed_at)
        VALUES (${`deal_${number}`}, ${values.orgId ?? org.id}, ${number}, ${`prg_${values.orgId ?? org.id}`}, 'Secret deal', 'Secret', ${values.domain ?? null},
          ${values.contact ?? null}, 1, 'USD', ${values.stage ?? 'open'}, ${now}, ${values.closedAt ?? null}, ${values.by ?? null}, 'demo',
          ${manager.user.id}, ${now}, ${now}, ${values.removedAt ?? null})`),
    )
  await plant(1, { domain: 'open.example' })
  await plant(2, { contact: 'cleo@gmail.com' })
  await plant(3, { domain: 'lately.example', stage: 'won', closedAt: now - 90 * day })
  await plant(4, { domain: 'longago.example', stage: 'won', closedAt: now - 91 * day })
  await plant(5, { domain: 'lost.example', stage: 'lost', closedAt: now })
  await plant(6, { domain: 'removed.example', removedAt: now })
  await plant(7, { domain: 'mine.example', by: northwind.id })
  await plant(8, { orgId: (await anOrg(deps)).id, domain: 'foreign.example' })
  const told = async (contactEmail: string) => (await partner.api.check({ contactEmail }))?.message ?? null
  expect(await told('a@open.example')).toBe(takenSentence)
  expect(await told('Cleo@Gmail.com')).toBe(takenSentence)
  expect(await told('dan@gmail.com')).toBeNull()
  expect(await told('a@lately.example')).toBe(takenSentence)
  expect(await told('a@longago.example')).toBeNull()
  expect(await told('a@lost.example')).toBeNull()
  expect(await told('a@removed.example')).toBeNull()
  expect(await told('a@foreign.example')).toBeNull()
  expect(await told('a@mine.example')).toContain('You are on a deal with this company already: D-000007.')
  expect((await other.api.check({ contactEmail: 'a@mine.example' }))?.message).toBe(takenSentence)
})

test('an own earlier registration is named, and stands in the way until it is withdrawn', async () => {
  const { partner } = await aMarket()
  const first = await partner.api.create({ ...contoso, submit: true })
  expect(await partner.api.check({ contactEmail: 'zoe@contoso.example' })).toMatchObject({
    message:
      'You have a registration of this company already: R-000001, submitted. Go on with that one, or add why this one is different.',
    own: { id: first.id, kind: 'registration' },
  })
  await expect(partner.api.create({ ...contoso, submit: true })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
  await partner.api.withdraw({ registrationId: first.id })
  expect(await partner.api.check({ contactEmail: 'zoe@contoso.example' })).toBeNull()
})

test('refusals say what would clear them, and nothing is written', async () => {
  const { deps, org, manager, partner } = await aMarket()
  const draft = await partner.api.create({ accountName: 'Contoso' })
  await expect(partner.api.submit({ registrationId: draft.id })).rejects.toThrow('Whom do you talk to there?')
  await expect(partner.api.create({ ...contoso, programId: 'prg_nowhere' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await deps.db.write(tx =>
    tx.insert(programs).values({
      id: 'prg_second',
      orgId: org.id,
      name: 'Second',
      model: 'first_touch',
      parameters: {},
      timeZone: 'UTC',
      createdAt: 1,
    }),
  )
  await expect(partner.api.create(contoso)).rejects.toThrow('Choose a program.')
  await deps.db.write(tx => tx.update(programs).set({ archivedAt: 5 }).where(eq(programs.id, 'prg_second')))
  await expect(partner.api.create({ ...contoso, programId: 'prg_second' })).rejects.toThrow('takes no registrations')
  await expect(partner.api.update({ registrationId: draft.id, version: 9, accountName: 'X' })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  const sent = await partner.api.update({ registrationId: draft.id, contactEmail: 'a@contoso.example', submit: true })
  await expect(partner.api.update({ registrationId: draft.id, accountName: 'X' })).rejects.toThrow(
    'it is submitted now',
  )
  await expect(manager.api.decline({ registrationId: draft.id, reason: ' ' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  await manager.api.decline({ registrationId: draft.id, version: sent.version, reason: 'We know them.' })
  await expect(partner.api.withdraw({ registrationId: draft.id })).rejects.toThrow('it is declined now')
  await expect(manager.api.approve({ registrationId: draft.id })).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await partner.api.get({ registrationId: draft.id })).toMatchObject({
    declineReason: 'We know them.',
    staff: null,
  })
  expect((await sendMails(deps)).map(mail => mail.subject)).toEqual([
    '[SIMULATED] Not approved: your registration of Contoso',
  ])
  expect(await deps.db.read.select().from(deals)).toEqual([])
  const archived = await aPartner(deps, { orgId: org.id, archivedAt: 1 })
  const gone = await as(deps, 'partner', org, archived)
  await expect(gone.api.create(contoso)).rejects.toThrow('Your account is closed')
})

test('approving can link an open deal by its number; another partner’s, a won one and a foreign one are refused', async () => {
  const { deps, org, manager, partner, other } = await aMarket()
  const theirs = await other.api.create({ ...contoso, contactEmail: 'bo@gmail.com', submit: true })
  await manager.api.approve({ registrationId: theirs.id })
  const mine = await partner.api.create({ ...contoso, submit: true })
  await deps.db.write(tx =>
    tx.run(sql`INSERT INTO deals (id, org_id, number, program_id, name, account_name, account_domain, amount, currency, opened_at, source, created_by, created_at, updated_at)
      VALUES ('deal_crm', ${org.id}, 77, ${`prg_${org.id}`}, 'From the CRM', 'Contoso', 'contoso.example', 500, 'USD', 1, 'import', ${manager.user.id}, 1, 1)`),
  )
  const registrationId = mine.id
  expect((await manager.api.get({ registrationId })).staff?.linkable).toMatchObject([{ number: 'D-000077' }])
  await expect(manager.api.approve({ registrationId, deal: 'D-000001', seenConflicts: ['deal_crm'] })).rejects.toThrow(
    'was registered by another partner',
  )
  await expect(
    manager.api.approve({ registrationId, deal: 'D-000999', seenConflicts: ['deal_crm'] }),
  ).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await deps.db.write(tx =>
    tx.run(
      sql`UPDATE deals SET stage = 'won', closed_at = ${deps.clock.now()}, version = version + 1 WHERE id = 'deal_crm'`,
    ),
  )
  await expect(manager.api.approve({ registrationId, deal: 'd-77', seenConflicts: ['deal_crm'] })).rejects.toThrow(
    'Only an open deal can be linked',
  )
  await deps.db.write(tx =>
    tx.run(sql`UPDATE deals SET stage = 'open', closed_at = NULL, version = version + 1 WHERE id = 'deal_crm'`),
  )
  const { dealId } = await manager.api.approve({ registrationId, deal: 'd-77' })
  expect(dealId).toBe('deal_crm')
  expect(await deps.db.read.select().from(deals).where(eq(deals.id, 'deal_crm'))).toMatchObject([
    { registeredBy: partner.partner?.id, version: 4, amount: 500 },
  ])
  expect(await deps.db.read.select().from(commissions)).toEqual([])
})

test('two reviewers at once: one yes and one no never both stand', async () => {
  const { deps, org, manager, partner } = await aMarket()
  const second = await as(deps, 'admin', org)
  const { id: registrationId, version } = await partner.api.create({ ...contoso, submit: true })
  const outcomes = await Promise.allSettled([
    manager.api.approve({ registrationId, version }),
    second.api.approve({ registrationId, version }),
    second.api.decline({ registrationId, version, reason: 'No' }),
    partner.api.withdraw({ registrationId, version }),
  ])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await deps.db.read.select().from(deals)).toHaveLength(1)
  expect(await deps.db.read.select().from(touches)).toHaveLength(1)
})

test('two rivals’ registrations of one company: the second yes must have seen the first', async () => {
  const { manager, partner, other } = await aMarket()
  const [a, b] = [
    await partner.api.create({ ...contoso, submit: true }),
    await other.api.create({ ...contoso, submit: true }),
  ]
  const seen = await manager.api.get({ registrationId: b.id })
  expect(seen.conflicts).toMatchObject([{ number: 'R-000001', onlyAsked: true }])
  const outcomes = await Promise.allSettled([
    manager.api.approve({ registrationId: a.id }),
    manager.api.approve({ registrationId: b.id }),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
})

test('a sibling and another organization see nothing of a registration', async () => {
  const { deps, partner, other, rival } = await aMarket()
  const { id: registrationId } = await partner.api.create({ ...contoso, submit: true })
  const foreign = await as(deps, 'manager', await anOrg(deps))
  for (const api of [other.api, foreign.api]) {
    await expect(api.get({ registrationId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(JSON.stringify(await api.list({}))).not.toContain('Contoso')
  }
  for (const change of ['submit', 'withdraw'] as const)
    await expect(other.api[change]({ registrationId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(other.api.update({ registrationId, accountName: 'Mine' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(partner.api.list({ partnerId: rival.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('lists: what waits oldest first, the rest newest first, in pages, with counts; a partner’s own drafts among them', async () => {
  const { deps, manager, partner } = await aMarket()
  for (let n = 0; n < 5; n++) {
    deps.clock.advance(1000)
    await partner.api.create({ accountName: `Company ${n}`, contactEmail: `a@c${n}.example`, submit: n < 4 })
  }
  const first = await manager.api.list({ status: 'submitted', limit: 3 })
  const rest = await manager.api.list({ status: 'submitted', limit: 3, cursor: first.next ?? '' })
  expect([...first.rows, ...rest.rows].map(row => row.accountName)).toEqual([
    'Company 0',
    'Company 1',
    'Company 2',
    'Company 3',
  ])
  expect(first.counts).toMatchObject({ submitted: 4, draft: 0 })
  expect(await manager.api.waiting()).toBe(4)
  const own = await partner.api.list({ limit: 2 })
  expect(own.rows.map(row => row.accountName)).toEqual(['Company 4', 'Company 3'])
  expect(own.counts).toMatchObject({ submitted: 4, draft: 1 })
  expect((await manager.api.list({ q: 'r-3' })).rows.map(row => row.number)).toEqual(['R-000003'])
})

test('protection: a reminder 14 days before its end, once; then it ends, once, and the company is free', async () => {
  const { deps, manager, partner, other } = await aMarket()
  const { id: registrationId } = await partner.api.create({ ...contoso, submit: true })
  const { dealId } = await manager.api.approve({ registrationId })
  const until = deps.clock.now() + 90 * day
  deps.clock.set(until - 14 * day - 1)
  expect(await watchProtection(deps)).toEqual({ expired: 0, reminded: 0 })
  deps.clock.set(until - 14 * day)
  expect(await watchProtection(deps)).toEqual({ expired: 0, reminded: 1 })
  expect(await watchProtection(deps)).toEqual({ expired: 0, reminded: 0 })
  expect((await other.api.check({ contactEmail: 'x@contoso.example' }))?.message).toBe(takenSentence)
  deps.clock.set(until)
  expect(await Promise.all([watchProtection(deps), watchProtection(deps)])).toContainEqual({ expired: 1, reminded: 0 })
  expect(await watchProtection(deps)).toEqual({ expired: 0, reminded: 0 })
  expect((await partner.api.get({ registrationId })).status).toBe('expired')
  const told = (await mails(deps)).map(({ template }) => template)
  expect(told.filter(template => template.startsWith('registrationExpir'))).toEqual([
    'registrationExpiring',
    'registrationExpired',
  ])
  expect((await sendMails(deps)).map(mail => mail.subject)).toContain('[SIMULATED] The protection of Contoso has ended')
  // Its deal is still open, and that alone is somebody's work; once lost, the company is free.
  expect((await other.api.check({ contactEmail: 'x@contoso.example' }))?.message).toBe(takenSentence)
  await deps.db.write(tx =>
    tx.run(sql`UPDATE deals SET stage = 'lost', closed_at = 1, version = version + 1 WHERE id = ${dealId}`),
  )
  expect(await other.api.check({ contactEmail: 'x@contoso.example' })).toBeNull()
})

test('nobody is told of the end of a protection that no longer matters, or that was just granted for days', async () => {
  const { deps, manager, partner, org } = await aMarket()
  await deps.db.write(tx => tx.update(programs).set({ protectionDays: 10 }).where(eq(programs.orgId, org.id)))
  const { id: registrationId } = await partner.api.create({ ...contoso, submit: true })
  const { dealId } = await manager.api.approve({ registrationId })
  expect(await watchProtection(deps)).toEqual({ expired: 0, reminded: 0 })
  await deps.db.write(tx =>
    tx.run(sql`UPDATE deals SET stage = 'lost', closed_at = 1, version = version + 1 WHERE id = ${dealId}`),
  )
  deps.clock.advance(10 * day)
  expect(await watchProtection(deps)).toEqual({ expired: 1, reminded: 0 })
  expect((await mails(deps)).map(({ template }) => template)).toEqual(['registrationSubmitted', 'registrationApproved'])
})

test('a partner’s deals: its own part of each, and no other’s', async () => {
  const { deps, manager, partner, other, rival } = await aMarket()
  const { id: registrationId } = await partner.api.create({ ...contoso, submit: true })
  const { dealId } = await manager.api.approve({ registrationId })
  await deps.db.write(tx =>
    tx.run(sql`INSERT INTO touches (id, org_id, deal_id, partner_id, type, at, note, source, created_by, created_at)
      SELECT 'tch_rival', org_id, id, ${rival.id}, 'demo', opened_at, 'RIVALNOTE', 'form', created_by, created_at FROM deals WHERE id = ${dealId}`),
  )
  await work(deps, { orgId: manager.viewer.orgId, actor: actorOf(manager.viewer) }, unit =>
    winDeal(unit, { dealId, closedAt: deps.clock.now() }),
  )
  const list = await partner.api.ownDeals({})
  expect(list.rows).toMatchObject([{ id: dealId, stage: 'won', credit: { bp: 5_000 } }])
  const one = await partner.api.ownDeal({ dealId })
  expect(one).toMatchObject({ touches: [{ label: 'Deal registration' }], registrations: [{ number: 'R-000001' }] })
  for (const answer of [list, one])
    for (const secret of [rival.name, rival.id, 'tch_rival', 'RIVALNOTE', 'Demo'])
      expect(JSON.stringify(answer)).not.toContain(secret)
  expect((await other.api.ownDeal({ dealId })).registrations).toEqual([])
  const stranger = await as(deps, 'partner', manager.org, await aPartner(deps, { orgId: manager.org.id }))
  await expect(stranger.api.ownDeal({ dealId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await stranger.api.ownDeals({})).rows).toEqual([])
})

test('the statements behind lists and checks use an index', async () => {
  const { deps, org } = await aMarket()
  const plan = async (statement: string) =>
    (await deps.db.read.all<{ detail: string }>(sql.raw(`EXPLAIN QUERY PLAN ${statement}`)))
      .map(row => row.detail)
      .join('\n')
  expect(
    await plan(
      `SELECT * FROM registrations WHERE org_id = '${org.id}' AND status = 'submitted' ORDER BY created_at, id LIMIT 51`,
    ),
  ).toContain('registrations_by_status')
  const probe = (column: string) =>
    plan(
      `WITH claim AS (SELECT value AS v FROM json_each('[]')) SELECT r.id FROM claim CROSS JOIN registrations r WHERE r.${column} = claim.v AND r.org_id = 'x'`,
    )
  expect(await probe('account_domain')).toContain('registrations_by_domain')
  expect(await probe('contact_email')).toContain('registrations_by_contact')
  expect(await deps.db.read.select().from(registrations)).toEqual([])
})

test('the database holds the same edges as the table', async () => {
  const { deps, manager, partner } = await aMarket()
  const { id } = await partner.api.create({ ...contoso, submit: true })
  const { dealId } = await manager.api.approve({ registrationId: id })
  const statuses = Object.keys(registrationLabels) as RegistrationStatus[]
  const legal = new Set(registrationMachine.edges().map(([from, to]) => `${from}>${to}`))
  const [row] = await deps.db.read.select().from(registrations)
  if (!row) throw new Error('nothing was registered')
  let number = 100
  for (const from of statuses)
    for (const to of statuses) {
      if (from === to) continue
      const copy = { ...row, id: deps.ids.id('reg'), number: number++, status: from, dealId, declineReason: 'x' }
      await deps.db.write(tx => tx.insert(registrations).values(copy))
      const moved = await deps.db
        .write(tx => tx.update(registrations).set({ status: to }).where(eq(registrations.id, copy.id)))
        .then(
          () => true,
          () => false,
        )
      expect(`${from}>${to} ${moved}`).toBe(`${from}>${to} ${legal.has(`${from}>${to}`)}`)
    }
})

test('who asks about many companies is told when to ask again, and sends registrations in meanwhile', async () => {
  const { deps, manager, partner, other } = await aMarket()
  await other.api.create({ ...contoso, submit: true })
  const { rows } = await manager.api.list({})
  await manager.api.approve({ registrationId: rows[0]?.id ?? '' })
  const draft = await partner.api.create(contoso)
  const ask = (company: number) => partner.api.check({ contactEmail: `a@company-${company}.example` })
  expect(await partner.api.check(contoso)).toMatchObject({ message: expect.stringContaining('Someone is already') })
  for (let company = 1; company < 20; company++) expect(await ask(company)).toBeNull()
  // The same company again, by whatever address, and an own draft about it, cost nothing.
  await partner.api.check({ contactEmail: 'b@contoso.example' })
  expect((await partner.api.get({ registrationId: draft.id })).told).not.toBeNull()
  await expect(ask(20)).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    message:
      'You have asked about many companies in a short time. Ask again in 15 minutes; you can save and send in your registration meanwhile.',
  })
  // What is known stays known; another partner of the same network is not concerned.
  expect(await partner.api.check(contoso)).not.toBeNull()
  expect(await other.api.check({ contactEmail: 'a@company-20.example' })).toBeNull()
  deps.clock.advance(15 * 60_000)
  expect(await ask(20)).toBeNull()
})

test('neither a draft nor sending one in tells what can’t be asked any more; the reviewer sees it all the same', async () => {
  const { manager, partner, other } = await aMarket()
  await other.api.create({ ...contoso, submit: true })
  const { rows } = await manager.api.list({})
  await manager.api.approve({ registrationId: rows[0]?.id ?? '' })
  for (let company = 0; company < 20; company++)
    await expect(
      partner.api.create({ accountName: 'Guess', contactEmail: `a@company-${company}.example`, submit: true }),
    ).resolves.toMatchObject({ status: 'submitted' })
  const draft = await partner.api.create(contoso)
  expect((await partner.api.get({ registrationId: draft.id })).told).toBeNull()
  const sent = await partner.api.submit({ registrationId: draft.id })
  expect(sent.status).toBe('submitted')
  expect((await manager.api.get({ registrationId: sent.id })).conflicts).toMatchObject([{ kind: 'registration' }])
})

test('a refusal of what is sent in without a word counts as a question too, although it leaves nothing else', async () => {
  const { manager, partner, other } = await aMarket()
  for (let company = 0; company < 21; company++) {
    const taken = { accountName: 'Taken', contactEmail: `a@company-${company}.example` }
    await other.api.create({ ...taken, notes: 'Ours', submit: true })
    const { rows } = await manager.api.list({ status: 'submitted' })
    await manager.api.approve({ registrationId: rows[0]?.id ?? '' })
  }
  for (let company = 0; company < 20; company++)
    await expect(
      partner.api.create({ accountName: 'Guess', contactEmail: `b@company-${company}.example`, submit: true }),
    ).rejects.toThrow('Someone is already')
  await expect(
    partner.api.create({ accountName: 'Guess', contactEmail: 'b@company-20.example', submit: true }),
  ).resolves.toMatchObject({ status: 'submitted' })
})

import { and, eq } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { emails, memberships, outbox, payouts } from '#db/schema/index.ts'
import { inviteMember } from '../auth/invitations.ts'
import { forgotPassword } from '../auth/password-reset.ts'
import { pauseTransfers, resumeTransfers } from '../orgs/service.ts'
import { bulkApprove, createPayout } from '../payouts/service.ts'
import { failAttempt } from '../payouts/settle.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aMember, anOrg, aPartner, aPayout } from '../test/factories.ts'
import { actorOf } from '../trpc.ts'
import { system, work } from '../work.ts'
import { handlers } from '../worker/handlers.ts'
import { createWorker } from '../worker/worker.ts'
import { type Notice, notify } from './notify.ts'
import { createMailer, InvalidMailError, type OutgoingMail } from './send.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function company() {
  const deps = await testDeps()
  const org = await anOrg(deps, { name: 'Acme' })
  const owner = await aMember(deps, { role: 'owner', org })
  const admin = await aMember(deps, { role: 'admin', org })
  const manager = await aMember(deps, { role: 'manager', org })
  await aMember(deps, { role: 'viewer', org })
  const partner = await aPartner(deps, { orgId: org.id, name: 'Northwind', email: 'northwind@example.org' })
  return { deps, org, owner, admin, manager, partner }
}

const tell = (deps: TestDeps, orgId: string, notice: Notice) =>
  work(deps, { orgId, actor: system }, async unit => notify(unit, notice))

const run = (deps: TestDeps) => createWorker(deps, handlers).runUntilIdle()
const tos = (deps: TestDeps) => deps.mailer.sent.map(mail => mail.to).sort()
const stored = (deps: TestDeps) => deps.db.read.select().from(emails).orderBy(emails.recipient)
const jobStatuses = async (deps: TestDeps) => (await deps.db.read.select().from(outbox)).map(job => job.status)

/** Lets deliveries to some addresses fail as `behave` says; it answers an error to be thrown, or nothing. */
function troubled(deps: TestDeps, behave: (mail: OutgoingMail) => Error | undefined) {
  const { send } = deps.mailer
  deps.mailer.send = async mail => {
    const error = behave(mail)
    if (error) throw error
    return send(mail)
  }
}

test('a new payout asks every approver but its creator, and links to the page, not to an approval', async () => {
  const { deps, org, owner, admin, partner } = await company()
  await work(deps, { orgId: org.id, actor: actorOf(admin.viewer) }, unit =>
    createPayout(unit, { partnerId: partner.id, amount: 124_000, period: '2026-02' }, 'form'),
  )
  await run(deps)
  expect(tos(deps)).toEqual([owner.user.email])
  const [mail] = deps.mailer.sent
  expect(mail).toMatchObject({ subject: '[SIMULATED] Approve 1 payout: USD 1,240.00', toName: owner.user.name })
  const [payout] = await deps.db.read.select().from(payouts)
  expect(mail?.text).toContain(`http://127.0.0.1:3000/admin/payouts/${payout?.id}`)
  expect(mail?.text).toContain(`${admin.user.name} prepared it`)
})

test('an approval that is no longer waited for is not asked for', async () => {
  const { deps, org, owner, admin, partner } = await company()
  await work(deps, { orgId: org.id, actor: actorOf(admin.viewer) }, async unit => {
    await createPayout(unit, { partnerId: partner.id, amount: 124_000 }, 'form')
  })
  const [payout] = await deps.db.read.select().from(payouts)
  await work(deps, { orgId: org.id, actor: actorOf(owner.viewer) }, unit => bulkApprove(unit, [payout!.id]))
  await run(deps)
  expect(deps.mailer.sent.map(mail => mail.headers?.['X-Remit-Template'])).toEqual(['payoutApproved'])
  expect(await jobStatuses(deps)).toEqual(['done', 'done'])
})

test('a partner’s mail goes to its people, or to its contact address while it has none', async () => {
  const { deps, org, partner } = await company()
  const payout = await aPayout(deps, { partner, status: 'paid', period: '2026-02' })
  const onItsWay = (eventId: string): Notice => ({
    template: 'payoutOnItsWay',
    eventId,
    to: { partnerId: partner.id },
    about: { payoutId: payout.id },
  })
  await tell(deps, org.id, onItsWay('one'))
  await run(deps)
  expect(tos(deps)).toEqual(['northwind@example.org'])
  expect(deps.mailer.sent[0]).toMatchObject({ subject: '[SIMULATED] Your $1,240.00 payout from Acme is on the way' })
  expect(deps.mailer.sent[0]?.text).toContain(`http://127.0.0.1:3000/portal/payouts/${payout.id}`)

  const person = await aMember(deps, { role: 'partner', org, partner })
  const left = await aMember(deps, { role: 'partner', org, partner, disabledAt: 1 })
  await tell(deps, org.id, onItsWay('two'))
  await run(deps)
  expect(tos(deps)).toEqual(['northwind@example.org', person.user.email].sort())
  expect(tos(deps)).not.toContain(left.user.email)
})

test('staff are opened when the mail is sent: who lost the permission gets nothing', async () => {
  const { deps, org, owner, admin, partner } = await company()
  const payout = await aPayout(deps, { partner, status: 'failed' })
  await tell(deps, org.id, {
    template: 'payoutFailedFinance',
    eventId: 'x',
    to: { staffWith: 'payouts.pay' },
    about: { payoutId: payout.id },
  })
  await deps.db.write(tx =>
    tx.update(memberships).set({ role: 'viewer' }).where(eq(memberships.id, admin.membershipId)),
  )
  await run(deps)
  expect(tos(deps)).toEqual([owner.user.email])
})

test('each gets a mail once: a second notice, a second run and a retry after half of it send nothing twice', async () => {
  const { deps, org, owner, admin, partner } = await company()
  const payout = await aPayout(deps, { partner, status: 'failed' })
  const notice: Notice = {
    template: 'payoutFailedFinance',
    eventId: 'x',
    to: { staffWith: 'payouts.pay' },
    about: { payoutId: payout.id },
  }
  let down = true
  troubled(deps, mail => (down && mail.to === owner.user.email ? new Error('connection lost') : undefined))
  await tell(deps, org.id, notice)
  await run(deps)
  expect(tos(deps)).toEqual([admin.user.email])
  expect((await stored(deps)).map(({ status }) => status).sort()).toEqual(['sending', 'sent'])
  down = false
  deps.clock.advance(60_000)
  await run(deps)
  await tell(deps, org.id, notice)
  // The same person by another way.
  await tell(deps, org.id, { ...notice, to: { userId: owner.user.id } })
  await run(deps)
  expect(tos(deps)).toEqual([admin.user.email, owner.user.email].sort())
  expect(
    (await stored(deps)).every(({ status, sentAt, error }) => status === 'sent' && sentAt !== null && error === null),
  ).toBe(true)
})

test('a process that dies between sending and noting it sends the same Message-ID again, and no third time', async () => {
  const { deps, org, partner } = await company()
  const payout = await aPayout(deps, { partner, status: 'paid' })
  await tell(deps, org.id, {
    template: 'payoutOnItsWay',
    eventId: payout.id,
    to: { partnerId: partner.id },
    about: { payoutId: payout.id },
  })
  const { send } = deps.mailer
  let crash = true
  deps.mailer.send = async mail => {
    const taken = await send(mail)
    if (crash) throw new Error('killed right after the server took it')
    return taken
  }
  await run(deps)
  crash = false
  for (let i = 0; i < 3; i++) {
    deps.clock.advance(3_600_000)
    await run(deps)
  }
  expect(deps.mailer.sent).toHaveLength(2)
  const [first, second] = deps.mailer.sent
  expect(second?.messageId).toBe(first?.messageId)
  expect(first?.messageId).toMatch(/^<pay_\w+\.payoutOnItsWay\.[0-9a-f]{16}@127\.0\.0\.1>$/)
  expect(first?.references).toBe(`<${payout.id}@127.0.0.1>`)
  expect(await stored(deps)).toMatchObject([
    { status: 'sent', messageId: first?.messageId, payoutId: payout.id, partnerId: partner.id },
  ])
})

test('an address that is refused for good is marked and holds up nobody', async () => {
  const { deps, org, owner, admin, partner } = await company()
  const payout = await aPayout(deps, { partner, status: 'failed' })
  troubled(deps, mail => (mail.to === owner.user.email ? new InvalidMailError('no such mailbox') : undefined))
  await tell(deps, org.id, {
    template: 'payoutFailedFinance',
    eventId: 'x',
    to: { staffWith: 'payouts.pay' },
    about: { payoutId: payout.id },
  })
  await run(deps)
  expect(tos(deps)).toEqual([admin.user.email])
  const refused = (await stored(deps)).find(({ recipient }) => recipient === owner.user.email)
  expect(refused).toMatchObject({ status: 'failed', error: 'no such mailbox', sentAt: null })
  expect(await jobStatuses(deps)).toEqual(['done'])
})

test('nothing is sent while the database is being written', async () => {
  const { deps, org, partner } = await company()
  const payout = await aPayout(deps, { partner, status: 'paid' })
  const writing: boolean[] = []
  troubled(deps, () => {
    writing.push(deps.db.isWriting())
    return undefined
  })
  await tell(deps, org.id, {
    template: 'payoutOnItsWay',
    eventId: 'x',
    to: { partnerId: partner.id },
    about: { payoutId: payout.id },
  })
  await run(deps)
  expect(writing).toEqual([false])
})

test('links that open something by themselves go out with the mail and are kept nowhere', async () => {
  const { deps, org, owner } = await company()
  await work(deps, { orgId: org.id, actor: actorOf(owner.viewer) }, unit =>
    inviteMember(unit, { email: 'new@example.com', role: 'admin', partnerId: null }),
  )
  await forgotPassword(deps, '198.51.100.7', owner.user.email)
  await run(deps)
  expect(deps.mailer.sent).toHaveLength(2)
  for (const mail of deps.mailer.sent) {
    const link = /http:\/\/127\.0\.0\.1:3000\/\w+\/([\w-]{40,})/.exec(mail.text)
    const secret = link?.[1] ?? ''
    expect(secret).not.toBe('')
    expect(mail.html).toContain(secret)
    const [copy] = await deps.db.read
      .select()
      .from(emails)
      .where(and(eq(emails.recipient, mail.to)))
    expect(copy?.orgId).toBe(org.id)
    expect(copy?.text).toContain('The link is left out of this copy')
    expect(copy?.html).toContain('The link is left out of this copy')
    // Nowhere at all: not in any row of any table, and not in the log.
    for (const { name } of await deps.db.read.all<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table'`,
    ))
      expect(JSON.stringify(await deps.db.read.all(`SELECT * FROM ${name}`)), name).not.toContain(secret)
    expect(JSON.stringify(deps.log.lines)).not.toContain(secret)
  }
})

test('an invitation that was withdrawn is not sent', async () => {
  const { deps, org, owner } = await company()
  const { invitationId } = await work(deps, { orgId: org.id, actor: actorOf(owner.viewer) }, unit =>
    inviteMember(unit, { email: 'new@example.com', role: 'viewer', partnerId: null }),
  )
  const { revokeInvitation } = await import('../auth/invitations.ts')
  await work(deps, { orgId: org.id, actor: actorOf(owner.viewer) }, unit => revokeInvitation(unit, invitationId))
  await run(deps)
  expect(deps.mailer.sent).toEqual([])
})

test('the partner is told what it can do about a refusal, and not how the payer’s balance stands', async () => {
  const cases = [
    ['account_restricted', 'Action needed', 'Stripe says'],
    ['balance_insufficient', 'payout failed', 'Add funds'],
  ] as const
  for (const [code, subject, finance] of cases) {
    const { deps, org, owner, partner } = await company()
    const payout = await aPayout(deps, { partner, status: 'processing' })
    const { payoutAttempts } = await import('#db/schema/index.ts')
    const [attempt] = await deps.db.read.select().from(payoutAttempts)
    await work(deps, { orgId: org.id, actor: system }, unit =>
      failAttempt(unit, attempt!.id, {
        code,
        message:
          code === 'balance_insufficient'
            ? 'The balance is too low. Add funds to it.'
            : 'It is restricted. Stripe says why.',
      }),
    )
    await run(deps)
    const toPartner = deps.mailer.sent.find(mail => mail.to === partner.email)
    const toFinance = deps.mailer.sent.find(mail => mail.to === owner.user.email)
    expect(toPartner?.subject).toContain(subject)
    expect(toPartner?.text).not.toMatch(/balance|funds/)
    expect(toPartner?.text.includes('/portal/setup')).toBe(code === 'account_restricted')
    expect(toFinance?.text).toContain(finance)
    expect(toFinance?.text).toContain(`/admin/payouts/${payout.id}`)
  }
})

test('every template can be told about, and says so in its subject', async () => {
  const { deps, org, admin, partner } = await company()
  const on = (status: Parameters<typeof aPayout>[1]['status'], values = {}) =>
    aPayout(deps, { partner, status, createdBy: admin.user.id, ...values })
  const paid = await on('paid')
  const arrived = await on('paid', { bankStatus: 'arrived', bankArrivalAt: Date.UTC(2026, 2, 4) })
  const returned = await on('paid', { bankStatus: 'failed', bankFailureMessage: 'The account is closed.' })
  const outside = await on('paid', {
    paidVia: 'manual',
    transferId: null,
    manualMethod: 'wise',
    manualReference: 'W-1',
    manualPaidOn: '2026-02-27',
  })
  const pending = await aPartner(deps, {
    orgId: org.id,
    name: 'Contoso',
    transfersStatus: 'pending',
    requirements: [{ code: 'bank', text: 'a bank account', deadline: null }],
  })
  await aPayout(deps, { partner: pending, status: 'approved', amount: 5_000 })
  const to = { partnerId: partner.id }
  const finance = { staffWith: 'payouts.pay' } as const
  const about = (payout: { id: string }, more = {}) => ({ payoutId: payout.id, ...more })
  const told: [Omit<Notice, 'eventId'>, RegExp][] = [
    [{ template: 'payoutApproved', to, about: about(await on('approved')) }, /\$1,240\.00 approved/],
    [{ template: 'payoutRejected', to, about: about(await on('rejected')) }, /was not approved/],
    [{ template: 'payoutCanceled', to, about: about(await on('canceled')) }, /was canceled/],
    [{ template: 'payoutOnItsWay', to, about: about(paid) }, /on the way/],
    [{ template: 'payoutArrived', to, about: about(arrived) }, /\$1,240\.00 has arrived/],
    [{ template: 'payoutPaidOutside', to, about: about(outside) }, /Acme paid you \$1,240\.00/],
    [
      { template: 'payoutReversed', to, about: about(paid, { amount: 30_000, total: 30_000 }) },
      /\$300\.00 of your payout/,
    ],
    [
      { template: 'payoutReversedFinance', to: finance, about: about(paid, { amount: 30_000, total: 30_000 }) },
      /partly reversed: \$300\.00/,
    ],
    [{ template: 'bankPayoutFailed', to, about: about(returned) }, /your bank returned \$1,240\.00/],
    [{ template: 'bankPayoutFailedFinance', to: finance, about: about(returned) }, /Bank payout to Northwind failed/],
    [
      { template: 'destinationChanged', to: finance, about: { partnerId: partner.id, what: 'destination' } },
      /Northwind changed payout details/,
    ],
    [
      {
        template: 'destinationChanged',
        to: { address: 'old@example.org', name: 'Northwind' },
        about: { partnerId: partner.id, what: 'contact', holdUntil: null },
      },
      /Your contact address was changed/,
    ],
    [
      { template: 'onboardingReminder', to: { partnerId: pending.id }, about: { partnerId: pending.id } },
      /Add bank details to receive \$50\.00/,
    ],
    [
      { template: 'passwordChanged', to: { userId: admin.user.id }, about: { userId: admin.user.id, by: 'link' } },
      /Your password was changed/,
    ],
    [
      {
        template: 'secondFactorChanged',
        to: { userId: admin.user.id },
        about: { userId: admin.user.id, what: 'passkeyAdded', name: 'Laptop' },
      },
      /A passkey was added/,
    ],
    [
      {
        template: 'transfersPaused',
        to: { staffWith: 'transfers.pause' },
        about: about(paid, { transferId: 'tr_2', reason: 'They don’t agree.', pausedAt: 1 }),
      },
      /\$1,240\.00 payout doesn’t match Stripe/,
    ],
  ]
  for (const [index, [notice, subject]] of told.entries()) {
    deps.mailer.sent.length = 0
    await tell(deps, org.id, { ...notice, eventId: `event-${index}` })
    await run(deps)
    expect(deps.mailer.sent.length, notice.template).toBeGreaterThan(0)
    for (const mail of deps.mailer.sent) expect(mail.subject).toMatch(subject)
  }
  expect((await jobStatuses(deps)).every(status => status === 'done')).toBe(true)
  const arrivedMail = (await stored(deps)).find(({ template }) => template === 'payoutArrived')
  expect(arrivedMail?.text).toContain('4 Mar 2026')
})

test('a stop is told to owners and admins alone, the one who pressed the button too, unless it was over before', async () => {
  const { deps, org, owner, admin } = await company()
  const unit = { orgId: org.id, actor: actorOf(admin.viewer) }
  await work(deps, unit, async one => {
    await pauseTransfers(one, { reason: 'The bank called.' })
  })
  await run(deps)
  expect(tos(deps)).toEqual([owner.user.email, admin.user.email].sort())
  expect(deps.mailer.sent[0]?.subject).toBe(`[SIMULATED] ${admin.user.name} paused all transfers`)
  expect(deps.mailer.sent[0]?.text).toContain('The bank called.')
  await work(deps, unit, resumeTransfers)
  deps.clock.advance(1)
  await work(deps, unit, one => pauseTransfers(one, { reason: 'Once more.' }))
  await work(deps, unit, resumeTransfers)
  await run(deps)
  expect(deps.mailer.sent).toHaveLength(2)
  expect((await jobStatuses(deps)).every(status => status === 'done')).toBe(true)
})

test('what the mail is about must be the organization’s own', async () => {
  const { deps, partner } = await company()
  const payout = await aPayout(deps, { partner, status: 'paid' })
  const other = await anOrg(deps)
  await tell(deps, other.id, {
    template: 'payoutOnItsWay',
    eventId: 'x',
    to: { address: 'thief@example.com', name: '' },
    about: { payoutId: payout.id },
  })
  await run(deps)
  expect(deps.mailer.sent).toEqual([])
  expect(await jobStatuses(deps)).toEqual(['parked'])
})

test('end to end through a real mail server', async () => {
  const received: Buffer[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (address, _session, done) =>
      done(
        address.address.startsWith('gone') ? Object.assign(new Error('No such mailbox'), { responseCode: 550 }) : null,
      ),
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        received.push(Buffer.concat(chunks))
        done()
      })
    },
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  cleanups.push(() => new Promise<void>(resolve => server.close(() => resolve())))
  const { port } = server.server.address() as { port: number }
  const { deps, org, partner } = await company()
  const mailer = createMailer({ smtpUrl: `smtp://127.0.0.1:${port}`, from: 'Acme <payouts@acme.example>' })
  cleanups.push(() => mailer.close())
  const real = { ...deps, mailer }
  const payout = await aPayout(deps, { partner, status: 'paid', period: '2026-02' })
  await tell(deps, org.id, {
    template: 'payoutOnItsWay',
    eventId: 'a',
    to: { partnerId: partner.id },
    about: { payoutId: payout.id },
  })
  await tell(deps, org.id, {
    template: 'payoutOnItsWay',
    eventId: 'a',
    to: { address: 'gone@example.org', name: 'Gone' },
    about: { payoutId: payout.id },
  })
  await createWorker(real, handlers).runUntilIdle()
  expect(received).toHaveLength(1)
  const mail = await simpleParser(received[0]!)
  expect(mail.subject).toBe('[SIMULATED] Your $1,240.00 payout from Acme is on the way')
  expect(mail.to).toMatchObject({ value: [{ address: 'northwind@example.org', name: 'Northwind' }] })
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
  expect(mail.html).toContain('SIMULATED')
  const rows = await stored(deps)
  expect(rows.map(({ recipient, status }) => `${recipient} ${status}`)).toEqual([
    'gone@example.org failed',
    'northwind@example.org sent',
  ])
  expect(rows[1]?.messageId).toBe(mail.messageId)
})

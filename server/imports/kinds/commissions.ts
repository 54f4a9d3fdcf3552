import { sql } from 'drizzle-orm'
import type { CommissionSnapshot } from '#db/schema/index.ts'
import { refuseFuture } from '../../deals/closing.ts'
import { type Posting, post } from '../../ledger/ledger.ts'
import { line as oneLine, paragraph } from '../../lib/text.ts'
import { takeNumbers } from '../../numbers.ts'
import { postingPeriod } from '../../periods/service.ts'
import type { Work } from '../../work.ts'
import { readAmount, readCurrency, readMoment } from '../cells.ts'
import { active } from '../lookups.ts'
import { by } from '../reader.ts'
import { readStatus } from '../status.ts'
import type { DataImport, Kind } from './kind.ts'
import { keptCommissions, spentImport } from './spent.ts'

const dayMs = 86_400_000

/** `amount` in minor units, negative for what was taken back; times in UTC milliseconds. */
export interface ParsedCommission {
  partnerId: string
  partner: string
  programId: string
  timeZone: string
  amount: number
  currency: string
  at: number
  status: 'paid' | 'unpaid' | 'void'
  releaseAt: number
  note: string | null
  externalRef: string | null
}

export const commissions: Kind<ParsedCommission> = {
  names: { partners: ['partner'], deals: [] },

  read(reader) {
    const { options, lookups, now } = reader
    const program = reader.readAlways('program', text => lookups.program(text, options.programId))
    const timeZone = program?.timeZone ?? 'UTC'
    const status = readStatus(reader)
    // History may belong to a partner that was archived since; what is still owed may not.
    const partner = reader.need('partner', text => {
      const found = lookups.partner(text)
      return status === 'unpaid' ? active(found) : found
    })
    const currency = reader.readAlways('currency', text =>
      readCurrency(text, options.currency || (partner?.currency ?? '')),
    )
    const amount = currency
      ? reader.need('amount', text => readAmount(text, currency, options, { signed: true, zero: status === 'void' }))
      : null
    const at = reader.need('date', text => {
      const moment = readMoment(text, options, { timeZone })
      if (moment > now) refuseFuture(moment, timeZone, now, 'date', 'The date')
      return moment
    })
    const release = reader.read('releaseAt', text => readMoment(text, options, { timeZone }))
    const deal = reader.read('deal', by(oneLine(200, 'The deal')))
    const note = reader.read('note', by(paragraph(1700, 'The note')))
    const externalRef = reader.read('externalRef', by(oneLine(120, 'The external reference')))
    if (!program || !partner || !currency || amount === null || at === null || !status) return null
    const held = reader.cell('releaseAt') ? (release ?? at) : at + Number(options.releaseDays) * dayMs
    return {
      partnerId: partner.id,
      partner: partner.name,
      programId: program.id,
      timeZone,
      amount,
      currency,
      at,
      status,
      releaseAt: status === 'paid' ? at : held,
      note: [deal, note].filter(Boolean).join(': ') || null,
      externalRef,
    }
  },

  keys: ({ externalRef, partnerId, amount, currency, at, note }) =>
    externalRef ? [`ref ${externalRef}`] : [`same ${JSON.stringify([partnerId, amount, currency, at, note])}`],

  async existing(db, orgId, rows) {
    const found = await db.all<{ line: number; number: number; ref: string }>(sql`
      SELECT j.value ->> 'line' AS line, c.number, c.external_ref AS ref FROM json_each(${JSON.stringify(rows)}) j
        CROSS JOIN commissions c ON c.org_id = ${orgId} AND c.external_ref = j.value ->> '$.parsed.externalRef'`)
    return new Map(
      found.map(({ line, number, ref }) => [
        line,
        `C-${String(number).padStart(6, '0')} has the external reference “${ref}” already.`,
      ]),
    )
  },

  money: ({ status, amount, currency }) => (status === 'void' ? null : { what: status, amount, currency }),
  nothing: ({ status }) =>
    status === 'void' ? 'Nothing is owed for it in the other tool, so it makes nothing.' : null,

  async insert(work, one, rows) {
    const first = await takeNumbers(work, 'commissions', rows.length)
    const made = await Promise.all(
      rows.map(async ({ line, parsed }, index) => ({
        line,
        id: work.id('com'),
        number: first + index,
        partnerId: parsed.partnerId,
        programId: parsed.programId,
        amount: parsed.amount,
        currency: parsed.currency,
        status: parsed.status === 'paid' ? ('paid' as const) : ('accrued' as const),
        ...(await postingPeriod(work, parsed.at, parsed.timeZone)),
        releaseAt: parsed.releaseAt,
        snapshot: snapshotOf(parsed),
        note: parsed.note,
        externalRef: parsed.externalRef,
        originId: null as string | null,
        kind: 'imported' as const,
      })),
    )
    await insertCommissions(work, one, made)
    for (const { id, line, number, partnerId, amount, currency, status, period, externalRef } of made)
      work.audit({
        action: 'commissions.import',
        target: { type: 'commission', id },
        after: { number, partnerId, amount, currency, status, period, externalRef, importId: one.id, line },
      })
    return new Map(made.map(({ line, id }) => [line, id]))
  },

  async undoRefusal(db, one) {
    const spent = await spentImport(db, one.id)
    if (spent) return spent
    const [disputed] = await db.all<{ number: number; partner: string }>(sql`
      SELECT c.number, p.name AS partner FROM commissions c JOIN partners p ON p.id = c.partner_id
      WHERE c.import_id = ${one.id} AND c.disputed_at IS NOT NULL LIMIT 1`)
    return disputed
      ? `${disputed.partner} disputes C-${String(disputed.number).padStart(6, '0')}. Resolve the dispute first.`
      : null
  },

  /**
   * Each gets a row that takes it back: an unpaid one nets it in the next payout, one that came in as paid takes the claimed payment
   * back too. What a payout of ours has taken or paid since the undo began stays.
   */
  async undo(work, one, ids) {
    const kept = await keptCommissions(work.tx, ids)
    const going = ids.filter(id => !kept.has(id))
    const rows = await work.tx.all<Booked>(sql`
      SELECT c.id, c.number, c.partner_id AS partnerId, c.program_id AS programId, c.amount, c.currency, c.status, c.release_at AS releaseAt,
        r.time_zone AS timeZone
      FROM commissions c JOIN programs r ON r.id = c.program_id
      WHERE c.id IN (SELECT value FROM json_each(${JSON.stringify(going)})) AND +c.org_id = ${work.orgId} AND c.payout_id IS NULL ORDER BY c.number`)
    if (rows.length === 0) return { kept }
    const first = await takeNumbers(work, 'commissions', rows.length)
    const made = await Promise.all(
      rows.map(async (row, index) => {
        const paid = row.status === 'paid'
        return {
          id: work.id('com'),
          number: first + index,
          partnerId: row.partnerId,
          programId: row.programId,
          amount: -row.amount,
          currency: row.currency,
          status: paid ? ('paid' as const) : ('accrued' as const),
          ...(await postingPeriod(work, work.at, row.timeZone)),
          // With its origin, so that the two meet in the same payout.
          releaseAt: row.releaseAt,
          snapshot: snapshotOf({ amount: -row.amount, currency: row.currency }),
          note: `Takes back C-${String(row.number).padStart(6, '0')}: the import of ${one.fileName} was undone`.slice(
            0,
            2000,
          ),
          externalRef: null,
          originId: row.id,
          kind: paid ? ('imported' as const) : ('reversal' as const),
        }
      }),
    )
    // Freed, so that the mended file can come in again; the import's own row still names it.
    await work.tx.run(sql`
      UPDATE commissions SET external_ref = NULL, updated_at = ${work.at}, version = version + 1
      WHERE id IN (SELECT value FROM json_each(${JSON.stringify(rows.map(row => row.id))})) AND external_ref IS NOT NULL`)
    await insertCommissions(work, one, made)
    for (const { id, number, amount, currency, originId } of made)
      work.audit({
        action: 'commissions.undoImport',
        target: { type: 'commission', id },
        after: { number, amount, currency, originId, importId: one.id },
      })
    return { kept }
  },
}

interface Booked {
  id: string
  number: number
  partnerId: string
  programId: string
  amount: number
  currency: string
  status: 'accrued' | 'paid'
  releaseAt: number
  timeZone: string
}

interface NewCommission {
  id: string
  number: number
  partnerId: string
  programId: string
  amount: number
  currency: string
  status: 'accrued' | 'paid'
  period: string
  originPeriod: string | null
  releaseAt: number
  snapshot: CommissionSnapshot
  note: string | null
  externalRef: string | null
  originId: string | null
  kind: 'imported' | 'reversal'
}

/** Inserts commissions, and books each: as earned or taken back, and if it was paid elsewhere, as paid. */
async function insertCommissions(work: Work, one: DataImport, made: readonly NewCommission[]): Promise<void> {
  await work.tx.run(sql`
    INSERT INTO commissions (id, org_id, number, partner_id, program_id, kind, stream, origin_id, amount, currency, status, period, origin_period, release_at,
      snapshot, note, import_id, external_ref, created_by, created_at, updated_at)
    SELECT value ->> 'id', ${work.orgId}, value ->> 'number', value ->> 'partnerId', value ->> 'programId', value ->> 'kind', 'base', value ->> 'originId',
      value ->> 'amount', value ->> 'currency', value ->> 'status', value ->> 'period', value ->> 'originPeriod', value ->> 'releaseAt',
      value -> 'snapshot', value ->> 'note', ${one.id}, value ->> 'externalRef', ${work.actor.id}, ${work.at}, ${work.at}
    FROM json_each(${JSON.stringify(made)})`)
  await post(
    work,
    made.flatMap(({ id, partnerId, amount, currency, status }): Posting[] => {
      const entry = { commissionId: id, partnerId, amount: Math.abs(amount), currency }
      const earned: Posting = { ...entry, kind: amount > 0 ? 'commission' : 'commission_reversal' }
      if (status !== 'paid') return [earned]
      return [earned, { ...entry, kind: amount > 0 ? 'imported_payment' : 'imported_payment_void' }]
    }),
  )
  work.changed('commissions')
}

/** An amount that was computed elsewhere explains itself by nothing but itself. */
function snapshotOf({ amount, currency }: { amount: number; currency: string }): CommissionSnapshot {
  return {
    currency,
    deal: null,
    run: null,
    credit: null,
    rule: null,
    defaultRateBp: null,
    losing: [],
    steps: [{ op: 'fixed', result: amount }],
    installment: 1,
  }
}

import { sql } from 'drizzle-orm'
import { checkAmount, formatMoney } from '../../lib/money.ts'
import { line as oneLine, paragraph } from '../../lib/text.ts'
import { periodFrom } from '../../payouts/import-rows.ts'
import { payoutNumber, statusLabels } from '../../payouts/rules.ts'
import { cancelPayout, insertPayouts } from '../../payouts/service.ts'
import { invalid, readAmount, readCurrency, readMoment } from '../cells.ts'
import { active } from '../lookups.ts'
import { by } from '../reader.ts'
import { readStatus } from '../status.ts'
import type { Kind } from './kind.ts'

/** `amount` in minor units; `at` in UTC milliseconds. */
export interface ParsedPayout {
  partnerId: string
  partner: string
  amount: number
  currency: string
  status: 'paid' | 'unpaid' | 'void'
  at: number | null
  period: string | null
  externalRef: string | null
  note: string | null
}

export const payouts: Kind<ParsedPayout> = {
  names: { partners: ['partner'], deals: [] },

  read(reader) {
    const { options, lookups } = reader
    const status = readStatus(reader)
    const partner = reader.need('partner', text => {
      const found = lookups.partner(text)
      return status === 'unpaid' ? active(found) : found
    })
    const currency = reader.readAlways('currency', text => {
      const code = readCurrency(text, options.currency || (partner?.currency ?? ''))
      if (status === 'unpaid' && partner && partner.currency !== code)
        throw invalid(`${partner.name} is paid in ${partner.currency}, not in ${code}.`)
      return code
    })
    const amount = currency
      ? reader.need('amount', text => {
          const read = readAmount(text, currency, options, { zero: status === 'void' })
          if (status === 'unpaid') checkAmount(read, currency)
          return read
        })
      : null
    const at = reader.read('date', text => readMoment(text, options, { timeZone: 'UTC' }))
    const period = reader.read('period', periodFrom)
    const externalRef = reader.read('externalRef', by(oneLine(64, 'The reference')))
    const note = reader.read('note', by(paragraph(2000, 'The note')))
    if (!status || !partner || !currency || amount === null) return null
    return { partnerId: partner.id, partner: partner.name, amount, currency, status, at, period, externalRef, note }
  },

  keys: ({ externalRef, partnerId, amount, currency, at, period, status }) =>
    externalRef
      ? [`ref ${partnerId} ${externalRef}`]
      : [`same ${JSON.stringify([partnerId, amount, currency, at, period, status])}`],

  async existing(db, orgId, rows) {
    const found = await db.all<{ line: number; number: number; ref: string }>(sql`
      SELECT j.value ->> 'line' AS line, p.number, p.reference AS ref FROM json_each(${JSON.stringify(rows)}) j
        CROSS JOIN payouts p ON p.org_id = ${orgId} AND p.reference = j.value ->> '$.parsed.externalRef'
      WHERE +p.partner_id = j.value ->> '$.parsed.partnerId' AND +p.status NOT IN ('rejected', 'canceled')
        AND j.value ->> '$.parsed.status' = 'unpaid'`)
    return new Map(
      found.map(({ line, number, ref }) => [
        line,
        `${payoutNumber(number)} already pays this partner for the reference “${ref}”.`,
      ]),
    )
  },

  async questions(db, orgId, rows) {
    const json = JSON.stringify(rows.filter(row => row.parsed.status === 'unpaid'))
    const alike = await db.all<{ line: number; number: number }>(sql`
      SELECT j.value ->> 'line' AS line, p.number FROM json_each(${json}) j
        CROSS JOIN payouts p ON p.org_id = ${orgId} AND p.amount = j.value ->> '$.parsed.amount'
      WHERE +p.partner_id = j.value ->> '$.parsed.partnerId' AND +p.currency = j.value ->> '$.parsed.currency'
        AND p.period IS j.value ->> '$.parsed.period' AND +p.status NOT IN ('rejected', 'canceled')`)
    const owed = await db.all<{ line: number; amount: number; currency: string }>(sql`
      SELECT j.value ->> 'line' AS line, sum(c.amount) AS amount, c.currency FROM json_each(${json}) j
        CROSS JOIN commissions c INDEXED BY commissions_open ON c.org_id = ${orgId} AND c.partner_id = j.value ->> '$.parsed.partnerId'
          AND c.currency = j.value ->> '$.parsed.currency' AND c.status <> 'paid'
      WHERE c.status = 'accrued' GROUP BY 1 HAVING sum(c.amount) > 0`)
    return new Map([
      ...owed.map(({ line, amount, currency }): [number, string] => [
        line,
        `This partner is owed ${formatMoney(amount, currency, { code: true })} in commissions already. If this payout pays the same, it would be paid twice: leave it to a payout run.`,
      ]),
      ...alike.map(({ line, number }): [number, string] => [
        line,
        `${payoutNumber(number)} pays the same amount for the same period. Is it meant to be paid twice?`,
      ]),
    ])
  },

  money: ({ status, amount, currency }) => (status === 'void' ? null : { what: status, amount, currency }),
  nothing: ({ status }) =>
    status === 'paid'
      ? 'It was paid elsewhere, so it makes nothing here; it is compared with the paid commissions.'
      : status === 'void'
        ? 'Nothing is owed for it in the other tool, so it makes nothing.'
        : null,

  async insert(work, _one, rows) {
    const made = await insertPayouts(
      work,
      'import',
      rows.map(({ parsed }) => ({
        partnerId: parsed.partnerId,
        amount: parsed.amount,
        currency: parsed.currency,
        period: parsed.period,
        reference: parsed.externalRef,
        notes: parsed.note,
      })),
    )
    return new Map(rows.map(({ line }, index) => [line, made[index]?.id ?? '']))
  },

  async undoRefusal(db, one) {
    const [other] = await db.all<{ number: number; status: keyof typeof statusLabels }>(sql`
      SELECT p.number, p.status FROM import_rows r JOIN payouts p ON p.id = r.created_id
      WHERE r.import_id = ${one.id} AND r.status = 'done' AND r.created_id IS NOT NULL
        AND p.status NOT IN ('pending_approval', 'rejected', 'canceled') ORDER BY p.number LIMIT 1`)
    if (!other) return null
    const label = statusLabels[other.status].label.toLowerCase()
    return other.status === 'approved' || other.status === 'failed'
      ? `${payoutNumber(other.number)} is ${label}. Send it back for approval, or cancel it, first.`
      : `${payoutNumber(other.number)} is ${label}. What was paid can’t be undone; cancel single payouts instead.`
  },

  async undo(work, one, ids) {
    const open = await work.tx.all<{ id: string }>(sql`
      SELECT id FROM payouts WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND +org_id = ${work.orgId} AND status = 'pending_approval'`)
    for (const { id } of open)
      await cancelPayout(work, { payoutId: id, reason: `The import of ${one.fileName} was undone`.slice(0, 2000) })
    const closed = await work.tx.all<{ id: string }>(sql`
      SELECT id FROM payouts WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND +org_id = ${work.orgId} AND status NOT IN ('canceled', 'rejected')`)
    return { kept: new Map(closed.map(({ id }) => [id, 'it is in use.'])) }
  },
}

import { sql } from 'drizzle-orm'
import type { DealStage, DealType } from '#db/schema/index.ts'
import { bookDeals } from '../../commissions/book.ts'
import { refuseFuture } from '../../deals/closing.ts'
import { dealFields, dealNumber, dealTypeLabels, stageLabels } from '../../deals/rules.ts'
import { paragraph } from '../../lib/text.ts'
import { takeNumbers } from '../../numbers.ts'
import { readAmount, readCurrency, readEmail, readMoment, readWord } from '../cells.ts'
import { active } from '../lookups.ts'
import { by, type Reader } from '../reader.ts'
import type { Kind } from './kind.ts'
import { keptDeals, registeredDeal, spentCommission } from './spent.ts'

/** `amount` in minor units; times in UTC milliseconds. */
export interface ParsedDeal {
  name: string
  accountName: string
  accountDomain: string | null
  contactEmail: string | null
  amount: number
  currency: string
  product: string | null
  territory: string | null
  type: DealType
  stage: DealStage
  closedAt: number | null
  openedAt: number
  qualifiedAt: number | null
  programId: string
  registeredBy: string | null
  externalRef: string | null
  notes: string | null
}

const stageWords: Record<string, DealStage> = {
  closedwon: 'won',
  win: 'won',
  closedlost: 'lost',
  loss: 'lost',
  inprogress: 'open',
  active: 'open',
  pending: 'open',
}
const typeWords: Record<string, DealType> = {
  newbusiness: 'new',
  newlogo: 'new',
  existingbusiness: 'expansion',
  upsell: 'expansion',
  upgrade: 'expansion',
  renew: 'renewal',
}

export const deals: Kind<ParsedDeal> = {
  names: { partners: ['registeredBy'], deals: [] },

  read(reader) {
    const { options, lookups, now } = reader
    const program = reader.readAlways('program', text => lookups.program(text, options.programId))
    const timeZone = program?.timeZone ?? 'UTC'
    const moment = (end: boolean) => (text: string) => readMoment(text, options, { timeZone, end })
    const name = reader.need('name', by(dealFields.name))
    const accountName = reader.cell('accountName') ? reader.read('accountName', by(dealFields.accountName)) : name
    const currency = reader.readAlways('currency', text => readCurrency(text, options.currency))
    const amount = currency ? reader.need('amount', text => readAmount(text, currency, options, { zero: true })) : null
    const stage = reader.cell('stage') ? reader.read('stage', text => readWord(text, stageLabels, stageWords)) : 'open'
    const closedAt = stage === 'open' ? null : closing(reader, stage, timeZone, moment(true))
    const openedAt = reader.cell('openedAt') ? reader.read('openedAt', moment(false)) : (closedAt ?? now)
    const qualifiedAt = reader.read('qualifiedAt', moment(false))
    const type = reader.cell('type') ? reader.read('type', text => readWord(text, dealTypeLabels, typeWords)) : 'new'
    const rest = {
      accountDomain: reader.read('accountDomain', by(dealFields.accountDomain)) ?? null,
      contactEmail: reader.read('contactEmail', readEmail),
      product: reader.read('product', by(dealFields.product)) ?? null,
      territory: reader.read('territory', by(dealFields.territory)) ?? null,
      registeredBy: reader.read('registeredBy', text => active(lookups.partner(text)))?.id ?? null,
      externalRef: reader.read('externalRef', by(dealFields.externalRef)) ?? null,
      notes: reader.read('note', by(paragraph(2000, 'The note'))),
    }
    if (!program || name === null || accountName === null || !currency || amount === null || !stage || !type)
      return null
    if (openedAt === null) return null
    return {
      ...rest,
      name,
      accountName,
      amount,
      currency,
      stage,
      closedAt,
      openedAt,
      qualifiedAt,
      type,
      programId: program.id,
    }
  },

  // With a reference of its own, a deal is another one even if all else is the same.
  keys: deal =>
    deal.externalRef
      ? [`ref ${deal.externalRef}`]
      : [
          `same ${JSON.stringify([deal.name, deal.accountName, deal.amount, deal.currency, deal.stage, deal.closedAt])}`,
        ],

  async existing(db, orgId, rows) {
    const found = await db.all<{ line: number; number: number; ref: string | null }>(sql`
      SELECT j.value ->> 'line' AS line, d.number, d.external_ref AS ref FROM json_each(${JSON.stringify(rows)}) j
        CROSS JOIN deals d ON d.org_id = ${orgId} AND d.external_ref = j.value ->> '$.parsed.externalRef' AND d.removed_at IS NULL
      UNION ALL
      SELECT j.value ->> 'line', d.number, NULL FROM json_each(${JSON.stringify(rows)}) j
        CROSS JOIN deals d ON d.org_id = ${orgId} AND d.name = j.value ->> '$.parsed.name' COLLATE NOCASE AND d.removed_at IS NULL
        WHERE j.value ->> '$.parsed.externalRef' IS NULL AND +d.account_name = j.value ->> '$.parsed.accountName'
          AND +d.amount = j.value ->> '$.parsed.amount' AND +d.currency = j.value ->> '$.parsed.currency'
          AND +d.stage = j.value ->> '$.parsed.stage' AND +d.closed_at IS j.value ->> '$.parsed.closedAt'`)
    return new Map(
      found.map(({ line, number, ref }) => [
        line,
        ref
          ? `${dealNumber(number)} has the external reference “${ref}” already.`
          : `${dealNumber(number)} says exactly the same. If this is another deal, give it an external reference.`,
      ]),
    )
  },

  money: ({ stage, amount, currency }) => ({ what: stage, amount, currency }),

  async insert(work, one, rows) {
    const first = await takeNumbers(work, 'deals', rows.length)
    const made = rows.map(({ line, parsed }, index) => ({
      ...parsed,
      line,
      id: work.id('deal'),
      number: first + index,
    }))
    await work.tx.run(sql`
      INSERT INTO deals (id, org_id, number, program_id, name, account_name, account_domain, contact_email, amount, currency, product, territory, type, stage,
        opened_at, qualified_at, closed_at, registered_by, external_ref, notes, source, import_id, created_by, created_at, updated_at)
      SELECT value ->> 'id', ${work.orgId}, value ->> 'number', value ->> 'programId', value ->> 'name', value ->> 'accountName', value ->> 'accountDomain',
        value ->> 'contactEmail', value ->> 'amount', value ->> 'currency', value ->> 'product', value ->> 'territory', value ->> 'type', value ->> 'stage',
        value ->> 'openedAt', value ->> 'qualifiedAt', value ->> 'closedAt', value ->> 'registeredBy', value ->> 'externalRef', value ->> 'notes',
        'import', ${one.id}, ${work.actor.id}, ${work.at}, ${work.at}
      FROM json_each(${JSON.stringify(made)})`)
    for (const { id, line, number, ...deal } of made)
      work.audit({
        action: 'deals.create',
        target: { type: 'deal', id },
        after: { number, ...deal, source: 'import', importId: one.id, line },
      })
    work.changed('deals')
    return new Map(made.map(({ line, id }) => [line, id]))
  },

  async undoRefusal(db, one) {
    const ids = sql`SELECT id FROM deals WHERE import_id = ${one.id} AND removed_at IS NULL`
    return (await spentCommission(db, ids)) ?? registeredDeal(db, ids)
  },

  /** A deal that was taken back counts as not won: its commissions are taken back with it. */
  async undo(work, one, ids) {
    const kept = await keptDeals(work.tx, ids)
    const going = ids.filter(id => !kept.has(id))
    await work.tx.run(sql`
      UPDATE deals SET removed_at = ${work.at}, updated_at = ${work.at}, version = version + 1
      WHERE id IN (SELECT value FROM json_each(${JSON.stringify(going)})) AND +org_id = ${work.orgId} AND removed_at IS NULL`)
    await bookDeals(work, going, `The import ${one.fileName} was undone`)
    for (const id of going)
      work.audit({
        action: 'deals.removeImported',
        target: { type: 'deal', id },
        after: { removed: true, importId: one.id },
      })
    work.changed('deals')
    return { kept }
  },
}

function closing(
  reader: Reader,
  stage: DealStage | null,
  timeZone: string,
  moment: (text: string) => number,
): number | null {
  if (!stage) return null
  if (!reader.cell('closedAt')) {
    reader.wrong('closedAt', `A ${stage} deal needs the day on which it was closed.`)
    return null
  }
  return reader.read('closedAt', text => {
    const at = moment(text)
    if (at > reader.now) refuseFuture(at, timeZone, reader.now, 'closedAt', 'The close date')
    return at
  })
}

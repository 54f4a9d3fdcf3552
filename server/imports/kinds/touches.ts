import { sql } from 'drizzle-orm'
import type { TouchRole, TouchType } from '#db/schema/index.ts'
import { roleLabels, touchLabels, touchWeight } from '../../attribution/rules.ts'
import { refuseFuture } from '../../deals/closing.ts'
import { dealNumber, touchFields } from '../../deals/rules.ts'
import { groupBy } from '../../lib/group.ts'
import { paragraph } from '../../lib/text.ts'
import { invalid, readMoment, readWord } from '../cells.ts'
import { active } from '../lookups.ts'
import { by } from '../reader.ts'
import type { Kind } from './kind.ts'
import { keptDeals, spentCommission } from './spent.ts'

/** `at` in UTC milliseconds. */
export interface ParsedTouch {
  dealId: string
  deal: string
  partnerId: string
  partner: string
  type: TouchType
  role: TouchRole | null
  at: number
  weight: number | null
  note: string | null
  externalRef: string | null
}

const typeWords: Record<string, TouchType> = {
  intro: 'introduction',
  content: 'content_share',
  registration: 'deal_registration',
  dealreg: 'deal_registration',
  enablement: 'technical_enablement',
  crm: 'crm_sync',
}

export const touches: Kind<ParsedTouch> = {
  names: { partners: ['partner'], deals: ['deal'] },

  read(reader) {
    const { options, lookups, now } = reader
    const deal = reader.need('deal', text => lookups.deal(text))
    const partner = reader.need('partner', text => active(lookups.partner(text)))
    const type = reader.need('type', text => readWord(text, touchLabels, typeWords))
    const timeZone = deal?.timeZone ?? 'UTC'
    const at = reader.need('at', text => {
      const moment = readMoment(text, options, { timeZone })
      if (moment > now) refuseFuture(moment, timeZone, now, 'at', 'A touch')
      return moment
    })
    const role = reader.read('role', text => readWord(text, roleLabels))
    const weight = reader.read('weight', text => {
      if (!/^\d{1,7}$/.test(text)) throw invalid(`“${text}” is not a whole number. 0 leaves the touch out.`)
      return by(touchWeight)(Number(text))
    })
    const note = reader.read('note', by(paragraph(2000, 'The note')))
    const externalRef = reader.read('externalRef', by(touchFields.externalRef)) ?? null
    if (!deal || !partner || !type || at === null) return null
    return {
      dealId: deal.id,
      deal: dealNumber(deal.number),
      partnerId: partner.id,
      partner: partner.name,
      type,
      role,
      at,
      weight,
      note,
      externalRef,
    }
  },

  keys: ({ externalRef, dealId, partnerId, type, at }) =>
    externalRef ? [`ref ${externalRef}`] : [`same ${JSON.stringify([dealId, partnerId, type, at])}`],

  async existing(db, orgId, rows) {
    const json = JSON.stringify(rows)
    const found = await db.all<{ line: number; ref: string | null }>(sql`
      SELECT j.value ->> 'line' AS line, t.external_ref AS ref FROM json_each(${json}) j
        CROSS JOIN touches t ON t.org_id = ${orgId} AND t.external_ref = j.value ->> '$.parsed.externalRef' AND t.removed_at IS NULL
      UNION ALL
      SELECT j.value ->> 'line', NULL FROM json_each(${json}) j
        CROSS JOIN touches t ON t.deal_id = j.value ->> '$.parsed.dealId' AND t.at = j.value ->> '$.parsed.at' AND t.removed_at IS NULL
        WHERE j.value ->> '$.parsed.externalRef' IS NULL AND +t.org_id = ${orgId} AND +t.partner_id = j.value ->> '$.parsed.partnerId'
          AND +t.type = j.value ->> '$.parsed.type'`)
    return new Map(
      found.map(({ line, ref }) => [
        line,
        ref ? `A touch has the external reference “${ref}” already.` : 'The deal has this very touch already.',
      ]),
    )
  },

  money: () => null,

  async insert(work, one, rows) {
    const made = rows.map(({ line, parsed }) => ({ ...parsed, line, id: work.id('tch') }))
    await work.tx.run(sql`
      INSERT INTO touches (id, org_id, deal_id, partner_id, type, role, at, weight, note, source, import_id, external_ref, created_by, created_at)
      SELECT value ->> 'id', ${work.orgId}, value ->> 'dealId', value ->> 'partnerId', value ->> 'type', value ->> 'role', value ->> 'at', value ->> 'weight',
        value ->> 'note', 'import', ${one.id}, value ->> 'externalRef', ${work.actor.id}, ${work.at}
      FROM json_each(${JSON.stringify(made)})`)
    for (const [dealId, list] of groupBy(made, touch => touch.dealId))
      work.audit({
        action: 'deals.importTouches',
        target: { type: 'deal', id: dealId },
        after: {
          importId: one.id,
          touches: list.map(({ id, partnerId, type, role, at, weight }) => ({ id, partnerId, type, role, at, weight })),
        },
      })
    work.changed('deals')
    return new Map(made.map(({ line, id }) => [line, id]))
  },

  undoRefusal: (db, one) =>
    spentCommission(db, sql`SELECT deal_id FROM touches WHERE import_id = ${one.id} AND removed_at IS NULL`),

  /**
   * A deal loses all of the import's touches at once, with those of later lines, and is attributed anew in the same transaction: no
   * payout meets it in between. Lines of a deal that had to stay stay, even if its payout is canceled while others are still going.
   */
  async undo(work, one, ids) {
    const touched = await work.tx.all<{ id: string; dealId: string }>(sql`
      SELECT id, deal_id AS dealId FROM touches
      WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND +org_id = ${work.orgId} AND removed_at IS NULL`)
    const spent = await keptDeals(work.tx, [...new Set(touched.map(touch => touch.dealId))])
    const kept = new Map(
      touched.flatMap(({ id, dealId }): [string, string][] => {
        const why = spent.get(dealId)
        return why ? [[id, why]] : []
      }),
    )
    const free = new Set(touched.filter(touch => !kept.has(touch.id)).map(touch => touch.dealId))
    const removed = await work.tx.all<{ id: string; dealId: string }>(sql`
      UPDATE touches SET removed_at = ${work.at}, version = version + 1
      WHERE import_id = ${one.id} AND deal_id IN (SELECT value FROM json_each(${JSON.stringify([...free])})) AND removed_at IS NULL
        AND id NOT IN (SELECT created_id FROM import_rows
          WHERE import_id = ${one.id} AND line <= ${one.cursor} AND problem IS NOT NULL AND +status = 'done' AND created_id IS NOT NULL)
      RETURNING id, deal_id AS dealId`)
    for (const [dealId, list] of groupBy(removed, touch => touch.dealId))
      work.audit({
        action: 'deals.removeImportedTouches',
        target: { type: 'deal', id: dealId },
        before: { touches: list.map(touch => touch.id) },
        after: { touches: [], importId: one.id },
      })
    work.changed('deals')
    const won = await work.tx.all<{ id: string }>(sql`
      SELECT id FROM deals WHERE id IN (SELECT value FROM json_each(${JSON.stringify([...free])})) AND +stage = 'won' AND removed_at IS NULL
      ORDER BY number`)
    return { kept, deals: won.map(deal => deal.id) }
  },
}

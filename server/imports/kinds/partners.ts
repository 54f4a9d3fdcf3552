import { sql } from 'drizzle-orm'
import type { PartnerClass, PartnerTier, PartnerType } from '#db/schema/index.ts'
import { line } from '../../lib/text.ts'
import { countryName, currencyOf, partnerTypeLabels } from '../../partners/rules.ts'
import { invalid, readCountry, readCurrency, readEmail, readPercent, readWord } from '../cells.ts'
import { by, type Reader } from '../reader.ts'
import type { Kind } from './kind.ts'

/** `defaultRateBp` in basis points; null: none. */
export interface ParsedPartner {
  name: string
  email: string
  reference: string | null
  type: PartnerType
  tier: PartnerTier
  class: PartnerClass
  country: string
  currency: string
  defaultRateBp: number | null
}

const tiers: Record<PartnerTier, string> = {
  registered: 'Registered',
  silver: 'Silver',
  gold: 'Gold',
  platinum: 'Platinum',
}
const classes: Record<PartnerClass, string> = { partner: 'Partner', hyperscaler: 'Hyperscaler', vendor: 'Vendor' }
const tierWords: Record<string, PartnerTier> = { bronze: 'registered', standard: 'registered', basic: 'registered' }
const typeWords: Record<string, PartnerType> = {
  referral: 'referrer',
  integration: 'integrator',
  si: 'integrator',
  var: 'reseller',
}

export const partners: Kind<ParsedPartner> = {
  names: { partners: [], deals: [] },

  read(reader) {
    const { options } = reader
    const name = nameOf(reader)
    const email = reader.need('email', readEmail)
    const reference = reader.read('reference', by(line(64, 'The reference')))
    const country = reader.readAlways('country', text => {
      const found = text ? readCountry(text) : options.country
      if (!found) throw invalid('It is missing. Choose one for rows that don’t say.')
      if (countryName(found) === found) throw invalid(`“${found}” is not a country we know. Write its code, like US.`)
      return found
    })
    const currency = reader.cell('currency')
      ? reader.read('currency', text => readCurrency(text, ''))
      : country && (options.currency || currencyOf(country))
    const type = reader.cell('type')
      ? reader.read('type', text => readWord(text, partnerTypeLabels, typeWords))
      : 'referrer'
    const tier = reader.cell('tier') ? reader.read('tier', text => readWord(text, tiers, tierWords)) : 'registered'
    const kind = reader.cell('class') ? reader.read('class', text => readWord(text, classes)) : 'partner'
    const defaultRateBp = reader.read('defaultRate', text => readPercent(text, options))
    if (!name || !email || !country || !currency || !type || !tier || !kind) return null
    return { name, email, reference, type, tier, class: kind, country, currency, defaultRateBp }
  },

  keys: ({ email, reference }) => [`email ${email}`, ...(reference ? [`reference ${reference}`] : [])],

  async existing(db, orgId, rows) {
    const json = JSON.stringify(rows)
    const found = await db.all<{ line: number; name: string; what: 'email' | 'reference'; archived: number }>(sql`
      SELECT j.value ->> 'line' AS line, p.name, 'email' AS what, p.archived_at IS NOT NULL AS archived FROM json_each(${json}) j
        CROSS JOIN partners p ON p.org_id = ${orgId} AND p.email = j.value ->> '$.parsed.email'
      UNION ALL
      SELECT j.value ->> 'line', p.name, 'reference', p.archived_at IS NOT NULL FROM json_each(${json}) j
        CROSS JOIN partners p ON p.org_id = ${orgId} AND p.reference = j.value ->> '$.parsed.reference'`)
    return new Map(
      found.map(({ line, name, what, archived }) => [
        line,
        `${name}${archived ? ', who is archived,' : ''} has this ${what === 'email' ? 'email address' : 'reference'} already.`,
      ]),
    )
  },

  money: () => null,

  async insert(work, one, rows) {
    const made = rows.map(({ line, parsed }) => ({ ...parsed, line, id: work.id('par') }))
    await work.tx.run(sql`
      INSERT INTO partners (id, org_id, name, email, reference, type, tier, class, default_rate_bp, country, currency, created_at)
      SELECT value ->> 'id', ${work.orgId}, value ->> 'name', value ->> 'email', value ->> 'reference', value ->> 'type', value ->> 'tier', value ->> 'class',
        value ->> 'defaultRateBp', value ->> 'country', value ->> 'currency', ${work.at}
      FROM json_each(${JSON.stringify(made)})`)
    for (const { id, line, ...partner } of made)
      work.audit({
        action: 'partners.create',
        target: { type: 'partner', id },
        after: { ...partner, importId: one.id, line },
      })
    work.changed('partners')
    return new Map(made.map(({ line, id }) => [line, id]))
  },

  /** A partner that is used stays; that is said with the result instead. */
  undoRefusal: async () => null,

  async undo(work, one, ids) {
    const archived = await work.tx.all<{ id: string }>(sql`
      UPDATE partners SET archived_at = ${work.at}, version = version + 1
      WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND +org_id = ${work.orgId} AND archived_at IS NULL
        AND stripe_account_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM payouts x WHERE x.org_id = partners.org_id AND x.partner_id = partners.id)
        AND NOT EXISTS (SELECT 1 FROM commissions x WHERE x.org_id = partners.org_id AND x.partner_id = partners.id)
        AND NOT EXISTS (SELECT 1 FROM touches x WHERE x.org_id = partners.org_id AND x.partner_id = partners.id AND x.removed_at IS NULL)
        AND id NOT IN (SELECT x.registered_by FROM deals x
          WHERE x.org_id = ${work.orgId} AND x.registered_by IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND x.removed_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM attribution_credits x WHERE x.org_id = partners.org_id AND x.partner_id = partners.id)
        AND NOT EXISTS (SELECT 1 FROM registrations x WHERE x.org_id = partners.org_id AND x.partner_id = partners.id)
        AND NOT EXISTS (SELECT 1 FROM memberships x WHERE x.partner_id = partners.id)
        AND NOT EXISTS (SELECT 1 FROM split_answers x WHERE x.org_id = partners.org_id AND x.partner_id = partners.id)
      RETURNING id`)
    const gone = new Set(archived.map(row => row.id))
    // An email address and a reference are unique even among the archived: freed, so that the mended file can come in again.
    await work.tx.run(sql`
      UPDATE partners SET reference = NULL, email = 'undone+' || id || '@invalid', version = version + 1
      WHERE id IN (SELECT value FROM json_each(${JSON.stringify([...gone])}))`)
    for (const id of gone)
      work.audit({
        action: 'partners.archive',
        target: { type: 'partner', id },
        before: { archived: false },
        after: { archived: true, importId: one.id },
      })
    work.changed('partners')
    return { kept: new Map(ids.filter(id => !gone.has(id)).map(id => [id, 'it is in use.'])) }
  },
}

/** The company, or the name, or first and last name. */
function nameOf(reader: Reader): string | null {
  const read = by(line(120, 'The name'))
  for (const field of ['company', 'name']) if (reader.cell(field)) return reader.read(field, read)
  const parts = [reader.cell('firstName'), reader.cell('lastName')].filter(Boolean)
  if (parts.length > 0) return reader.readAlways('firstName', () => read(parts.join(' ')))
  reader.wrong('name', 'It is missing.')
  return null
}

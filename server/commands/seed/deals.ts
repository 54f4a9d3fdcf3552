import { eq } from 'drizzle-orm'
import { programs } from '#db/schema/index.ts'
import { accounts, demoRates, partnerTerms, products, refundReasons, territories } from '#db/seed/deals.ts'
import { programParameters } from '#server/attribution/rules.ts'
import type { TouchType } from '#server/deals/rules.ts'
import { addTouch, createDeal, loseDeal, refundDeal, winDeal } from '#server/deals/service.ts'
import { dayOf, periodOf, shiftPeriod } from '#server/lib/period.ts'
import { updatePartner } from '#server/partners/service.ts'
import { createProgram, updateProgram } from '#server/programs/service.ts'
import { addRate } from '#server/rates/service.ts'
import { blankWording, type Wording } from '#server/rules/rules.ts'
import { createRule, newVersion, publishVersion, updateDraft } from '#server/rules/service.ts'
import type { CastPartner } from './cast.ts'
import type { Cast } from './lumen.ts'
import { act, day, hour, type Stage } from './stage.ts'

export interface DealPrograms {
  main: string
  affiliates: string
}

/**
 * Plans programs, partners' terms, rules, and deals, each won or lost when its time came.
 * @param since days ago that commissions began to come from deals; before, they were a spreadsheet
 */
export function planDeals(stage: Stage, cast: Cast, since: number): void {
  const { today } = stage
  const { staff, company } = cast
  const known: { programs: DealPrograms | null } = { programs: null }
  stage.plan(today - (since + 2) * day, async () => {
    await setTerms(stage, cast)
    known.programs = await openPrograms(stage, cast)
    await writeRules(stage, cast, known.programs)
  })
  const rateDays = [...demoRates.keys()].map(ago => monthEnd(today, company.timeZone, ago) + 20 * hour)
  for (const [index, at] of [today - 50 * hour, ...rateDays].entries())
    stage.plan(at, async () => {
      const { usd, gbp } = demoRates[Math.max(0, index - 1)] ?? demoRates[0]
      const on = { day: dayOf(stage.clock.now(), company.timeZone), note: 'Made up for the demo' }
      await act(stage, company.orgId, staff.elena, async unit => {
        await addRate(unit, { base: 'EUR', quote: 'USD', rate: usd, ...on })
        await addRate(unit, { base: 'EUR', quote: 'GBP', rate: gbp, ...on })
      })
    })
  for (let ago = since; ago > 2; ago -= 1.4)
    stage.plan(today - ago * day, async () => {
      if (!known.programs) throw new Error('the programs come before the deals')
      await planDeal(stage, cast, known.programs)
    })
  // A new wording waits for somebody else to publish it.
  stage.plan(today - 30 * hour, async () => {
    await act(stage, company.orgId, staff.marcus, async unit => {
      const rule = ruleIds.get('Standard')
      if (!rule) throw new Error('there is no standard rule')
      const draft = await newVersion(unit, { ruleId: rule })
      const wording = { ...standard(), pay: { kind: 'percent' as const, rateBp: 1_100 } }
      const effectiveFrom = `${shiftPeriod(periodOf(today, company.timeZone), 1)}-01`
      await updateDraft(unit, { ruleVersionId: draft.ruleVersionId, wording: { ...wording, effectiveFrom } })
    })
  })
}

/** The last day of the month that ended `ago` + 1 months before today's began; noon UTC. */
function monthEnd(today: number, timeZone: string, ago: number): number {
  const [year = 0, month = 1] = shiftPeriod(periodOf(today, timeZone), -ago).split('-').map(Number)
  return Date.UTC(year, month - 1, 0, 0)
}

async function setTerms(stage: Stage, { company, staff, partners }: Cast): Promise<void> {
  for (const [key, terms] of Object.entries(partnerTerms)) {
    const partner = partners.get(key)
    if (!partner) continue
    await act(stage, company.orgId, staff.tom, unit => updatePartner(unit, { partnerId: partner.id, ...terms }))
  }
}

async function openPrograms(stage: Stage, { company, staff }: Cast): Promise<DealPrograms> {
  const { orgId } = company
  const [first] = await stage.deps.db.read.select().from(programs).where(eq(programs.orgId, orgId))
  if (!first) throw new Error('the organization has no program')
  return act(stage, orgId, staff.elena, async unit => {
    await updateProgram(unit, {
      programId: first.id,
      name: 'Lumen partner program',
      model: 'role_based',
      parameters: programParameters.parse({ lookbackDays: 180 }),
      debtCapBp: 5_000,
    })
    const affiliates = await createProgram(unit, {
      name: 'Lumen affiliates',
      model: 'last_touch',
      parameters: programParameters.parse({ lookbackDays: 90 }),
    })
    return { main: first.id, affiliates: affiliates.id }
  })
}

const ruleIds = new Map<string, string>()

function standard(): Wording {
  return { ...blankWording('2020-01-01'), priority: 100, pay: { kind: 'percent', rateBp: 1_000 } }
}

/** Marcus writes them, Aisha publishes: nobody does both. */
async function writeRules(stage: Stage, { company, staff }: Cast, { affiliates }: DealPrograms): Promise<void> {
  const { orgId, timeZone } = company
  const spiffFrom = dayOf(stage.today - 75 * day, timeZone)
  const spiffTo = dayOf(stage.today + 15 * day, timeZone)
  const rules: { name: string; stream?: 'spiff'; programId?: string; wording: Partial<Wording> }[] = [
    { name: 'Standard', wording: {} },
    {
      name: 'Gold and platinum',
      wording: { priority: 20, conditions: { tiers: ['gold', 'platinum'] }, pay: { kind: 'percent', rateBp: 1_500 } },
    },
    {
      name: 'Large deals',
      wording: {
        priority: 10,
        conditions: { sizeFrom: 3_000_000 },
        currency: 'USD',
        pay: {
          kind: 'brackets',
          brackets: [
            { upTo: 2_000_000, rateBp: 1_500 },
            { upTo: null, rateBp: 600 },
          ],
        },
        cap: 320_000,
      },
    },
    {
      name: 'Integrators',
      wording: {
        priority: 30,
        conditions: { partnerTypes: ['integrator'] },
        pay: { kind: 'percent', rateBp: 1_200 },
        holdingDays: 45,
      },
    },
    {
      name: 'Affiliates, twelve months',
      programId: affiliates,
      wording: { priority: 50, pay: { kind: 'percent', rateBp: 200 }, months: 12, holdingDays: 14 },
    },
    {
      name: 'Analytics launch',
      stream: 'spiff',
      wording: {
        conditions: { products: ['Lumen Analytics'] },
        pay: { kind: 'percent', rateBp: 300 },
        effectiveFrom: spiffFrom,
        effectiveTo: spiffTo,
      },
    },
  ]
  for (const { name, stream = 'base', programId = null, wording } of rules) {
    const full = { ...standard(), ...wording }
    const draft = await act(stage, orgId, staff.marcus, unit =>
      createRule(unit, { name, stream, programId, wording: full }),
    )
    ruleIds.set(name, draft.ruleId)
    await act(stage, orgId, staff.aisha, unit => publishVersion(unit, { ruleVersionId: draft.ruleVersionId }))
  }
}

const journeys: readonly (readonly TouchType[])[] = [
  ['referral'],
  ['introduction', 'demo'],
  ['referral', 'demo', 'proposal'],
  ['content_share', 'demo', 'negotiation'],
  ['introduction', 'technical_enablement', 'proposal', 'negotiation'],
  ['co_sell', 'proposal'],
]

/** One deal, from its first touch to how it ended. */
async function planDeal(stage: Stage, cast: Cast, known: DealPrograms): Promise<void> {
  const { chance, today } = stage
  const { company, staff } = cast
  const opened = stage.clock.now()
  const active = [...cast.partners.values()].filter(partner => partner.ending !== 'archived')
  const favourite = cast.partners.get('northwind')
  // Whoever signs in as Dana finds something to read.
  const first = favourite && chance.fraction() < 0.2 ? favourite : chance.pick(active)
  const isAffiliate = first.type === 'affiliate'
  // A partner from elsewhere joins in now and then, and is paid in its own currency.
  const others = active.filter(
    partner =>
      partner.id !== first.id &&
      partner.type !== 'affiliate' &&
      (partner.currency === first.currency || chance.fraction() < 0.08),
  )
  const [accountName, accountDomain] = chance.pick(accounts)
  const product = chance.pick(products)
  const amount = Math.round(chance.between(isAffiliate ? 20 : 24, isAffiliate ? 90 : 380) ** 1.06) * 10_000
  const dealId = await act(stage, company.orgId, staff.tom, async unit => {
    const made = await createDeal(unit, {
      programId: isAffiliate ? known.affiliates : known.main,
      name: `${accountName}: ${product}`,
      accountName,
      accountDomain,
      contactEmail: `it@${accountDomain}`,
      amount,
      currency: first.currency,
      product,
      territory: territories[first.currency],
      type: chance.fraction() < 0.7 ? 'new' : chance.fraction() < 0.6 ? 'expansion' : 'renewal',
      openedAt: opened,
    })
    return made.id
  })
  const journey = isAffiliate ? (['content_share'] as const) : chance.pick(journeys)
  const length = chance.between(9, 34)
  for (const [index, type] of journey.entries()) {
    const partner: CastPartner =
      index === 0 || others.length === 0 || chance.fraction() < 0.5 ? first : chance.pick(others)
    const at = opened + Math.floor((index * length * day) / journey.length) + chance.between(1, 9) * hour
    stage.plan(at, async () => {
      await act(stage, company.orgId, staff.tom, unit =>
        addTouch(unit, { dealId, partnerId: partner.id, type, at: stage.clock.now() }),
      )
    })
  }
  const fate = chance.fraction()
  if (fate < 0.13) return
  stage.plan(opened + length * day, async () => {
    await act(stage, company.orgId, staff.tom, unit =>
      fate < 0.3 ? loseDeal(unit, { dealId, reason: 'They stayed with what they have' }) : winDeal(unit, { dealId }),
    )
  })
  if (fate < 0.95) return
  const refundAt = opened + (length + chance.between(12, 50)) * day
  if (refundAt < today)
    stage.plan(refundAt, async () => {
      await act(stage, company.orgId, staff.marcus, unit =>
        refundDeal(unit, { dealId, amount: Math.round(amount * 0.2), reason: chance.pick(refundReasons) }),
      )
    })
}

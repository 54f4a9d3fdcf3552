import type { AttributionModel } from '#db/schema/index.ts'
import { programParameters } from '../attribution/rules.ts'
import type { Deps } from '../deps.ts'
import { createProgram } from '../programs/service.ts'
import { aUser, type Org, type Partner } from '../test/factories.ts'
import { type Work, work } from '../work.ts'
import type { TouchType } from './rules.ts'
import { addTouch, createDeal, winDeal } from './service.ts'

export const day = 86_400_000

/** Runs `fn` as some person of the organization's. */
export async function asSomebody<T>(deps: Deps, org: Pick<Org, 'id'>, fn: (work: Work) => Promise<T>): Promise<T> {
  const { id, name } = await aUser(deps)
  return work(deps, { orgId: org.id, actor: { kind: 'user', id, name } }, fn)
}

/** A program beside the one that every organization starts with. */
export function aProgram(
  deps: Deps,
  org: Pick<Org, 'id'>,
  { name = 'Second program', model = 'equal_split' as AttributionModel, parameters = {} } = {},
) {
  return asSomebody(deps, org, unit =>
    createProgram(unit, { name, model, parameters: programParameters.parse(parameters) }),
  )
}

interface GivenTouch {
  partner: Partner
  type?: TouchType
  /** Days before now. */
  daysAgo: number
}

/** An open deal of $10,000 with touches, or a won one. `amount` in minor units. */
export function aDeal(
  deps: Deps,
  org: Pick<Org, 'id'>,
  {
    touches = [],
    won = false,
    ...values
  }: { touches?: GivenTouch[]; won?: boolean } & Partial<Parameters<typeof createDeal>[1]> = {},
) {
  return asSomebody(deps, org, async unit => {
    const deal = await createDeal(unit, {
      name: 'Forty seats',
      accountName: 'Northwind',
      amount: 1_000_000,
      currency: 'USD',
      ...values,
    })
    const touchIds: string[] = []
    for (const { partner, type = 'referral', daysAgo } of touches) {
      const at = unit.at - daysAgo * day
      touchIds.push((await addTouch(unit, { dealId: deal.id, partnerId: partner.id, type, at })).touchId)
    }
    return { ...(won ? await winDeal(unit, { dealId: deal.id }) : deal), touchIds }
  })
}

import { eq } from 'drizzle-orm'
import { commissions, partners } from '#db/schema/index.ts'
import { addTouch, winDeal } from '#server/deals/service.ts'
import { approveRegistration } from '#server/registrations/decide.ts'
import { createRegistration } from '#server/registrations/service.ts'
import { openSplit, proposeShares } from '#server/splits/service.ts'
import { aPartner } from '#server/test/factories.ts'
import { type Work, work } from '#server/work.ts'
import type { Base } from './world.ts'

const day = 86_400_000

/**
 * A deal that the payable partner registered, and won together with another that it knows from the negotiation of their shares;
 * beside it a registration that waits, of a company that a third has, and a draft.
 */
export async function negotiatedDeal({ deps, org, owner, payable, fresh }: Base) {
  const as = <T>(user: { id: string; name: string }, fn: (unit: Work) => Promise<T>) =>
    work(deps, { orgId: org.id, actor: { kind: 'user', id: user.id, name: user.name } }, fn)
  const mine = payable.partner.id
  const now = deps.clock.now()
  await deps.db.write(tx => tx.update(partners).set({ defaultRateBp: 1_000 }).where(eq(partners.id, mine)))
  const other = await aPartner(deps, { orgId: org.id, name: 'Co-selling Colleagues', defaultRateBp: 1_000 })
  const taken = await as(fresh.person.user, unit =>
    createRegistration(unit, fresh.partner.id, {
      accountName: 'Fabrikam',
      contactEmail: 'a@fabrikam.example',
      submit: true,
    }),
  )
  await as(owner.user, unit => approveRegistration(unit, { registrationId: taken.id, seenConflicts: [] }))
  const register = (accountName: string, contactEmail: string, submit: boolean) =>
    as(payable.person.user, unit =>
      createRegistration(unit, mine, {
        ...{ accountName, contactEmail, submit },
        expectedAmount: 1_000_000,
        notes: 'Another division.',
      }),
    )
  const registration = await register('Contoso', 'ana@contoso.example', true)
  const waiting = await register('Fabrikam France', 'b@fabrikam.example', true)
  const draft = await register('Fabrikam Spain', 'c@fabrikam.example', false)
  const { dealId } = await as(owner.user, unit =>
    approveRegistration(unit, { registrationId: registration.id, seenConflicts: [] }),
  )
  const splitId = await as(owner.user, async unit => {
    await addTouch(unit, { dealId, partnerId: other.id, type: 'demo', at: now - day })
    await winDeal(unit, { dealId })
    const { id } = await openSplit(
      unit,
      { dealId, deadlineOn: new Date(now + 10 * day).toISOString().slice(0, 10) },
      'UTC',
    )
    await proposeShares(unit, other.id, {
      splitId: id,
      shares: [
        { partnerId: mine, bp: 6_000 },
        { partnerId: other.id, bp: 4_000 },
      ],
    })
    return id
  })
  const [commission] = await deps.db.read.select().from(commissions).where(eq(commissions.partnerId, mine))
  if (!commission) throw new Error('nothing was earned')
  return {
    dealId,
    splitId,
    registrationId: registration.id,
    waitingId: waiting.id,
    draftId: draft.id,
    commissionId: commission.id,
  }
}

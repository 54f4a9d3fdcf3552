import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { allows } from '#server/auth/rules.ts'
import { countryName, partnerTypeLabels, settlementLabels } from '#server/partners/rules.ts'
import { partnerClassLabels, partnerTierLabels } from '#server/programs/rules.ts'
import { describeEntry } from '../audit/describe.server.ts'
import { ofThem } from './of-them.server.ts'

const few = 5

/** Everything the partner's page shows. What the viewer's role may not read is null, and its part is left out. */
export async function readPartner(args: LoaderFunctionArgs) {
  const partnerId = args.params.partnerId ?? ''
  const role = args.context.viewer?.role ?? 'partner'
  const { timeZone } = args.context
  return query(args, async api => {
    const partner = await api.partners.get({ partnerId })
    const [summary, stats, payouts, emails, history] = await Promise.all([
      api.payouts.partnerSummary({ partnerId }),
      api.payouts.stats({ partnerId }),
      api.payouts.list({ partnerId, limit: few }),
      allows(role, 'emails.read') ? api.emails.list({ partnerId, limit: few }) : null,
      allows(role, 'audit.read') ? api.audit.list({ targetType: 'partner', targetId: partnerId, limit: 8 }) : null,
    ])
    return {
      partner: {
        ...partner,
        typeName: partnerTypeLabels[partner.type],
        termNames: {
          tier: partnerTierLabels[partner.terms.tier],
          class: partnerClassLabels[partner.terms.class],
          settlement: settlementLabels[partner.terms.settlement].says,
        },
        countryName: countryName(partner.country),
        requirements: partner.connect.requirements.map(one => ({ ...one, text: ofThem(one.text) })),
        onHold: partner.blockers.some(({ code }) => code === 'on_hold'),
      },
      lastPaidAt: summary.lastPayoutDate,
      stats,
      payouts: payouts.rows,
      emails: emails?.rows ?? null,
      history: history && { rows: history.rows.map(row => describeEntry(row, timeZone)), more: history.next !== null },
      mayRevoke: allows(role, 'partners.manage'),
      mayPrepare: allows(role, 'payouts.prepare'),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export type PartnerPage = Awaited<ReturnType<typeof readPartner>>

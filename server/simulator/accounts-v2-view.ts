import type Stripe from 'stripe'
import type { CapabilityStatus, ConnectedAccount } from './connected-account.ts'

type Account = Stripe.V2.Core.Account

/** The account as v2 shows it: what is not in `include` is absent, not false. */
export function showV2Account(account: ConnectedAccount, include: readonly string[] = []): Account {
  const shows = (part: string) => include.includes(part)
  return {
    id: account.id,
    object: 'v2.core.account',
    applied_configurations: account.transfers === null ? [] : ['recipient'],
    closed: account.closed,
    ...(account.email === null ? {} : { contact_email: account.email }),
    created: new Date(account.created).toISOString(),
    dashboard: account.dashboard,
    ...(account.displayName === null ? {} : { display_name: account.displayName }),
    livemode: false,
    metadata: account.metadata,
    ...(shows('configuration.recipient') ? { configuration: showConfiguration(account) } : {}),
    ...(shows('defaults')
      ? {
          defaults: {
            currency: account.currency,
            responsibilities: {
              fees_collector: account.fees === 'account' ? 'stripe' : account.fees,
              losses_collector: account.losses,
              requirements_collector: 'stripe',
            },
          },
        }
      : {}),
    ...(shows('identity')
      ? { identity: { country: account.country, ...(account.entityType ? { entity_type: account.entityType } : {}) } }
      : {}),
    ...(shows('future_requirements') ? { future_requirements: { entries: [] } } : {}),
    ...(shows('requirements') ? { requirements: showRequirements(account) } : {}),
  }
}

function showConfiguration(account: ConnectedAccount): Stripe.V2.Core.Account.Configuration {
  if (account.transfers === null) return {}
  return {
    recipient: {
      applied: true,
      capabilities: {
        stripe_balance: {
          stripe_transfers: { status: account.transfers, status_details: detailsOf(account.transfers) },
          ...(account.payouts
            ? { payouts: { status: account.payouts, status_details: detailsOf(account.payouts) } }
            : {}),
        },
      },
    },
  }
}

function detailsOf(status: CapabilityStatus) {
  switch (status) {
    case 'active':
      return []
    case 'pending':
      return [{ code: 'requirements_pending_verification' as const, resolution: 'no_resolution' as const }]
    case 'restricted':
      return [{ code: 'requirements_past_due' as const, resolution: 'provide_info' as const }]
    case 'rejected':
      return [{ code: 'rejected_other' as const, resolution: 'contact_stripe' as const }]
    case 'unsupported':
      return [{ code: 'unsupported_country' as const, resolution: 'no_resolution' as const }]
  }
}

function showRequirements(account: ConnectedAccount): Stripe.V2.Core.Account.Requirements {
  const status = account.transfers === 'active' ? ('currently_due' as const) : ('past_due' as const)
  return {
    entries: account.due.map(description => ({
      awaiting_action_from: 'user',
      description,
      errors: [],
      impact: {
        restricts_capabilities: [
          { capability: 'stripe_balance.stripe_transfers', configuration: 'recipient', deadline: { status } },
        ],
      },
      minimum_deadline: { status },
      requested_reasons: [{ code: 'routine_onboarding' }],
    })),
    ...(account.due.length > 0 ? { summary: { minimum_deadline: { status } } } : {}),
  }
}

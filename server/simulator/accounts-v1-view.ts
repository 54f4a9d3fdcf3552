import type Stripe from 'stripe'
import { showBankAccount } from './bank-accounts.ts'
import type { CapabilityStatus, ConnectedAccount } from './connected-account.ts'
import { SECOND } from './world.ts'

type V1Status = 'active' | 'inactive' | 'pending'

function statusOf(status: CapabilityStatus): V1Status {
  return status === 'active' || status === 'pending' ? status : 'inactive'
}

/** The account as v1 shows it. */
export function showV1Account(account: ConnectedAccount): Stripe.Account {
  const { bank } = account
  return {
    id: account.id,
    object: 'account',
    business_profile: {
      mcc: null,
      minority_owned_business_designation: null,
      name: account.displayName,
      product_description: null,
      specified_commercial_transactions_act_url: null,
      support_address: null,
      support_email: null,
      support_phone: null,
      support_url: null,
      url: null,
    },
    business_type: account.entityType,
    capabilities: {
      ...(account.transfers ? { transfers: statusOf(account.transfers) } : {}),
      ...(account.legacyPayments ? { legacy_payments: 'active' as const } : {}),
    },
    charges_enabled: account.legacyPayments,
    controller: {
      fees: { payer: account.fees },
      is_controller: true,
      losses: { payments: account.losses },
      requirement_collection: 'stripe',
      stripe_dashboard: { type: account.dashboard },
      type: 'application',
    },
    country: account.country,
    created: Math.floor(account.created / SECOND),
    default_currency: account.currency,
    details_submitted: account.detailsSubmitted,
    email: account.email,
    external_accounts: {
      object: 'list',
      data: bank ? [showBankAccount(bank, account.id)] : [],
      has_more: false,
      url: `/v1/accounts/${account.id}/external_accounts`,
    },
    future_requirements: showRequirements({ ...account, due: [], disabledReason: null, transfers: 'active' }),
    metadata: account.metadata,
    payouts_enabled: paysOut(account),
    requirements: showRequirements(account),
    settings: {
      branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
      card_payments: {
        statement_descriptor_prefix: null,
        statement_descriptor_prefix_kana: null,
        statement_descriptor_prefix_kanji: null,
      },
      dashboard: { display_name: account.displayName, timezone: 'Etc/UTC' },
      payments: {
        statement_descriptor: null,
        statement_descriptor_kana: null,
        statement_descriptor_kanji: null,
        statement_descriptor_prefix_kana: null,
        statement_descriptor_prefix_kanji: null,
      },
      payouts: {
        debit_negative_balances: true,
        schedule: { delay_days: 2, interval: 'daily' },
        statement_descriptor: null,
      },
    },
    tos_acceptance: { date: account.detailsSubmitted ? Math.floor(account.created / SECOND) : null },
    type: account.type,
  }
}

/** Whether money that arrives in this account goes on to a bank by itself. */
export function paysOut(account: ConnectedAccount): boolean {
  return account.payouts === 'active' && account.bank !== null && account.bank.status !== 'errored' && !account.closed
}

/** The `transfers` capability as v1 shows it. */
export function showV1Capability(account: ConnectedAccount): Stripe.Capability {
  const requirements = showRequirements(account)
  return {
    id: 'transfers',
    object: 'capability',
    account: account.id,
    future_requirements: { ...EMPTY_REQUIREMENTS, alternatives: [], current_deadline: null, disabled_reason: null },
    requested: account.transfers !== null,
    requested_at: account.transfersRequested === null ? null : Math.floor(account.transfersRequested / SECOND),
    requirements: {
      alternatives: [],
      current_deadline: null,
      currently_due: requirements.currently_due ?? [],
      disabled_reason: capabilityReason(account),
      errors: [],
      eventually_due: requirements.eventually_due ?? [],
      past_due: requirements.past_due ?? [],
      pending_verification: requirements.pending_verification ?? [],
    },
    status: account.transfers === null ? 'unrequested' : statusOf(account.transfers),
  }
}

const EMPTY_REQUIREMENTS = { currently_due: [], errors: [], eventually_due: [], past_due: [], pending_verification: [] }

function showRequirements(account: ConnectedAccount): Stripe.Account.Requirements {
  const stopped = account.transfers !== 'active' && account.due.length > 0
  const pending = account.transfers === 'pending'
  return {
    alternatives: [],
    current_deadline: null,
    currently_due: account.due,
    disabled_reason: (account.disabledReason ??
      (pending
        ? 'requirements.pending_verification'
        : stopped
          ? 'requirements.past_due'
          : null)) as Stripe.Account.Requirements.DisabledReason | null,
    errors: [],
    eventually_due: account.due,
    past_due: stopped ? account.due : [],
    pending_verification: pending ? ['individual.verification.document'] : [],
  }
}

function capabilityReason(account: ConnectedAccount): Stripe.Capability.Requirements.DisabledReason | null {
  switch (account.transfers) {
    case null:
    case 'active':
      return null
    case 'pending':
      return 'pending.review'
    case 'rejected':
    case 'unsupported':
      return 'rejected.other'
    case 'restricted':
      return 'requirements.fields_needed'
  }
}

import type Stripe from 'stripe'
import { changeAccount, closeAccount } from './account-changes.ts'
import { showV2Account } from './accounts-v2-view.ts'
import {
  type ConnectedAccount,
  findAccount,
  getAccount,
  insertAccount,
  NEW_ACCOUNT_DUE,
  newAccount,
  thinReference,
} from './connected-account.ts'
import { readCurrency } from './currency.ts'
import { invalid, parameterMissing, resourceMissing } from './errors.ts'
import { emitThin } from './events.ts'
import { listV2Page, type V2Page } from './lists.ts'
import { createLink } from './onboarding.ts'
import { type MetadataChange, mergeMetadata, oneOf } from './parameters.ts'
import type { World } from './world.ts'

type Account = Stripe.V2.Core.Account

const RECIPIENT = {
  capabilities: {
    bank_accounts: 'free',
    cards: 'free',
    stripe_balance: { stripe_transfers: { requested: 'boolean' } },
  },
} as const

export const V2_ACCOUNT_CREATE = {
  account_token: 'string',
  configuration: { customer: 'free', merchant: 'free', recipient: RECIPIENT },
  contact_email: 'string',
  contact_phone: 'string',
  dashboard: 'string',
  defaults: {
    currency: 'string',
    locales: 'strings',
    profile: 'free',
    responsibilities: { fees_collector: 'string', losses_collector: 'string' },
  },
  display_name: 'string',
  identity: {
    attestations: 'free',
    business_details: 'free',
    country: 'string',
    entity_type: 'string',
    individual: 'free',
  },
  include: 'strings',
  metadata: 'metadata',
} as const

export const V2_ACCOUNT_UPDATE = {
  ...V2_ACCOUNT_CREATE,
  configuration: { customer: 'free', merchant: 'free', recipient: { ...RECIPIENT, applied: 'boolean' } },
  defaults: { ...V2_ACCOUNT_CREATE.defaults, payout_methods: 'free' },
} as const

interface V2AccountParameters {
  configuration?: {
    recipient?: { capabilities?: { stripe_balance?: { stripe_transfers?: { requested?: boolean } } } }
  }
  contact_email?: string
  dashboard?: string
  defaults?: { currency?: string; responsibilities?: { fees_collector?: string; losses_collector?: string } }
  display_name?: string
  identity?: { country?: string; entity_type?: string }
  include?: string[]
  metadata?: MetadataChange
}

export function createV2Account(world: World, params: V2AccountParameters): Account {
  const { identity, defaults } = params
  const wanted = requested(params)
  if (wanted && !identity?.country) throw parameterMissing('identity.country')
  const responsibilities = defaults?.responsibilities
  const account = newAccount(world, {
    dashboard: oneOf('dashboard', params.dashboard ?? 'none', ['express', 'full', 'none']),
    fees: responsibilities?.fees_collector === 'stripe' ? 'account' : 'application',
    losses: oneOf('defaults.responsibilities.losses_collector', responsibilities?.losses_collector ?? 'application', [
      'application',
      'stripe',
    ]),
    email: params.contact_email ?? null,
    displayName: params.display_name ?? null,
    metadata: mergeMetadata({}, params.metadata),
    ...(identity?.country ? { country: readCountry(identity.country) } : {}),
    ...(identity?.entity_type ? { entityType: readEntityType(identity.entity_type) } : {}),
    ...(defaults?.currency ? { currency: readCurrency(defaults.currency) } : {}),
    ...(wanted
      ? { transfers: 'restricted', payouts: 'restricted', transfersRequested: world.now(), due: NEW_ACCOUNT_DUE }
      : {}),
  })
  insertAccount(world, account)
  emitThin(world, 'v2.core.account.created', thinReference(account.id))
  return showV2Account(account, params.include)
}

export function retrieveV2Account(world: World, id: string, include?: string[]): Account {
  return showV2Account(findV2Account(world, id), include)
}

export function updateV2Account(world: World, id: string, params: V2AccountParameters): Account {
  const account = findV2Account(world, id)
  const wanted = requested(params)
  const { identity } = params
  const after = changeAccount(world, account, {
    ...(params.contact_email !== undefined ? { email: params.contact_email || null } : {}),
    ...(params.display_name !== undefined ? { displayName: params.display_name || null } : {}),
    ...(params.dashboard ? { dashboard: oneOf('dashboard', params.dashboard, ['express', 'full', 'none']) } : {}),
    ...(identity?.country ? { country: readCountry(identity.country) } : {}),
    ...(identity?.entity_type ? { entityType: readEntityType(identity.entity_type) } : {}),
    ...(params.defaults?.currency ? { currency: readCurrency(params.defaults.currency) } : {}),
    ...(wanted === true && account.transfers === null
      ? { transfers: 'restricted', payouts: 'restricted', transfersRequested: world.now(), due: NEW_ACCOUNT_DUE }
      : {}),
    ...(wanted === false ? { transfers: null, payouts: null, transfersRequested: null } : {}),
    metadata: mergeMetadata(account.metadata, params.metadata),
  })
  return showV2Account(after, params.include)
}

export const V2_ACCOUNT_LIST = {
  applied_configurations: 'strings',
  closed: 'boolean',
  limit: 'integer',
  page: 'string',
} as const

export function listV2Accounts(
  world: World,
  query: { applied_configurations?: string[]; closed?: boolean; limit?: number; page?: string },
): V2Page<Account> {
  const conditions = ["json_extract(body, '$.deauthorized') = 0"]
  const parts: string[] = []
  if (query.closed !== undefined) {
    conditions.push(`json_extract(body, '$.closed') = ${query.closed ? 1 : 0}`)
    parts.push(`closed=${query.closed}`)
  }
  if (query.applied_configurations) {
    const recipients = query.applied_configurations.includes('recipient')
    conditions.push(recipients ? "json_extract(body, '$.transfers') IS NOT NULL" : '0')
    parts.push(
      ...query.applied_configurations.map(
        (one, index) => `applied_configurations[${index}]=${encodeURIComponent(one)}`,
      ),
    )
  }
  const url = `/v2/core/accounts${parts.length ? `?${parts.join('&')}` : ''}`
  const page = listV2Page<ConnectedAccount>(world, 'account', url, query, {
    account: world.platform,
    where: [conditions.join(' AND '), []],
  })
  return { ...page, data: page.data.map(account => showV2Account(account)) }
}

export function closeV2Account(world: World, id: string): Account {
  const account = findV2Account(world, id)
  if (account.closed) throw invalid('This account is already closed.')
  return showV2Account(closeAccount(world, account))
}

const LINK_OPTIONS = {
  collection_options: { fields: 'string', future_requirements: 'string' },
  refresh_url: 'string',
  return_url: 'string',
} as const

export const V2_LINK_CREATE = {
  account: 'string',
  use_case: { account_onboarding: LINK_OPTIONS, account_update: LINK_OPTIONS, type: 'string' },
} as const

interface LinkOptions {
  collection_options?: { fields?: string; future_requirements?: string }
  refresh_url?: string
  return_url?: string
}

export function createV2Link(
  world: World,
  params: {
    account: string
    use_case: { type?: string; account_onboarding?: LinkOptions; account_update?: LinkOptions }
  },
): Stripe.V2.Core.AccountLink {
  const type = oneOf('use_case.type', params.use_case.type ?? '', ['account_onboarding', 'account_update'])
  const options = params.use_case[type]
  if (!options?.refresh_url) throw parameterMissing(`use_case.${type}.refresh_url`)
  const link = createLink(world, getAccount(world, params.account).id, options.refresh_url, options.return_url)
  return {
    object: 'v2.core.account_link',
    account: params.account,
    created: new Date(world.now()).toISOString(),
    expires_at: new Date(link.expires).toISOString(),
    livemode: false,
    url: link.url,
    use_case: {
      type,
      [type]: {
        refresh_url: options.refresh_url,
        ...(options.return_url ? { return_url: options.return_url } : {}),
        ...(options.collection_options ? { collection_options: options.collection_options } : {}),
      },
    },
  }
}

function findV2Account(world: World, id: string): ConnectedAccount {
  if (!findAccount(world, id)) throw resourceMissing('account', id)
  return getAccount(world, id)
}

function requested(params: V2AccountParameters): boolean | undefined {
  return params.configuration?.recipient?.capabilities?.stripe_balance?.stripe_transfers?.requested
}

function readCountry(country: string): string {
  if (!/^[a-z]{2}$/i.test(country)) throw invalid(`Invalid country: ${country}`, { param: 'identity.country' })
  return country.toUpperCase()
}

function readEntityType(text: string) {
  return oneOf('identity.entity_type', text, ['individual', 'company', 'government_entity', 'non_profit'])
}

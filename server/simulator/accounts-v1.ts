import type Stripe from 'stripe'
import { changeAccount, deauthorizeAccount } from './account-changes.ts'
import { showV1Account, showV1Capability } from './accounts-v1-view.ts'
import {
  type ConnectedAccount,
  getAccount,
  insertAccount,
  NEW_ACCOUNT_DUE,
  newAccount,
  thinReference,
} from './connected-account.ts'
import { readCurrency } from './currency.ts'
import { invalid, resourceMissing } from './errors.ts'
import { emitThin } from './events.ts'
import { isObject, type Raw } from './form.ts'
import { listPage, PAGE, type PageParameters } from './lists.ts'
import { createLink } from './onboarding.ts'
import { type MetadataChange, mergeMetadata, oneOf, type Range } from './parameters.ts'
import { seconds, type World } from './world.ts'

export const ACCOUNT_UPDATE = {
  account_token: 'string',
  business_profile: 'free',
  business_type: 'string',
  capabilities: 'free',
  company: 'free',
  default_currency: 'string',
  documents: 'free',
  email: 'string',
  expand: 'strings',
  external_account: 'free',
  groups: 'free',
  individual: 'free',
  metadata: 'metadata',
  settings: 'free',
  tos_acceptance: 'free',
} as const

export const ACCOUNT_CREATE = {
  ...ACCOUNT_UPDATE,
  controller: {
    fees: { payer: 'string' },
    losses: { payments: 'string' },
    requirement_collection: 'string',
    stripe_dashboard: { type: 'string' },
  },
  country: 'string',
  type: 'string',
} as const

interface AccountParameters {
  business_type?: string
  capabilities?: Raw
  default_currency?: string
  email?: string
  metadata?: MetadataChange
}

interface NewAccountParameters extends AccountParameters {
  controller?: { fees?: { payer?: string }; losses?: { payments?: string }; stripe_dashboard?: { type?: string } }
  country?: string
  type?: string
}

/** Without type, controller and capabilities it is an account of the old kind, which can receive transfers at once. */
export function createV1Account(world: World, params: NewAccountParameters): Stripe.Account {
  const { controller } = params
  if (params.type && controller)
    throw invalid('You may only specify one of these parameters: type, controller.', { param: 'type' })
  const type = oneOf('type', params.type ?? (controller ? 'none' : 'standard'), [
    'standard',
    'express',
    'custom',
    'none',
  ])
  const dashboard = { standard: 'full', express: 'express', custom: 'none', none: 'full' } as const
  const wanted = wantsTransfers(params.capabilities)
  const account = newAccount(world, {
    type,
    dashboard: oneOf('controller[stripe_dashboard][type]', controller?.stripe_dashboard?.type ?? dashboard[type], [
      'express',
      'full',
      'none',
    ]),
    fees: oneOf('controller[fees][payer]', controller?.fees?.payer ?? 'account', ['account', 'application']),
    losses: oneOf('controller[losses][payments]', controller?.losses?.payments ?? 'stripe', ['application', 'stripe']),
    country: params.country ?? 'US',
    email: params.email ?? null,
    metadata: mergeMetadata({}, params.metadata),
    legacyPayments: !controller && !wanted,
    due: NEW_ACCOUNT_DUE,
    ...(params.default_currency ? { currency: readCurrency(params.default_currency) } : {}),
    ...(params.business_type ? { entityType: readEntityType(params.business_type) } : {}),
    ...(wanted ? { transfers: 'restricted', payouts: 'restricted', transfersRequested: world.now() } : {}),
  })
  insertAccount(world, account)
  emitThin(world, 'v2.core.account.created', thinReference(account.id))
  return showV1Account(account)
}

export function retrieveV1Account(world: World, id: string): Stripe.Account {
  return id === world.platform ? showV1Account(platformAccount(world)) : showV1Account(getAccount(world, id))
}

export function updateV1Account(world: World, id: string, params: AccountParameters): Stripe.Account {
  const account = getAccount(world, id)
  const wanted = wantsTransfers(params.capabilities)
  const after = changeAccount(world, account, {
    ...(params.email !== undefined ? { email: params.email || null } : {}),
    ...(params.business_type ? { entityType: readEntityType(params.business_type) } : {}),
    ...(params.default_currency ? { currency: readCurrency(params.default_currency) } : {}),
    ...(wanted && account.transfers === null
      ? { transfers: 'restricted', payouts: 'restricted', transfersRequested: world.now() }
      : {}),
    metadata: mergeMetadata(account.metadata, params.metadata),
  })
  return showV1Account(after)
}

export const ACCOUNT_LIST = { ...PAGE, created: 'range' } as const

export function listV1Accounts(
  world: World,
  query: PageParameters & { created?: Range },
): Stripe.ApiList<Stripe.Account> {
  const list = listPage<ConnectedAccount>(world, 'account', '/v1/accounts', query, {
    account: world.platform,
    created: query.created,
    where: ["json_extract(body, '$.deauthorized') = 0", []],
  })
  return { ...list, data: list.data.map(showV1Account) }
}

export function deleteV1Account(world: World, id: string): Stripe.DeletedAccount {
  deauthorizeAccount(world, getAccount(world, id))
  return { id, object: 'account', deleted: true }
}

export function createLoginLink(world: World, id: string): Stripe.LoginLink {
  const account = getAccount(world, id)
  if (account.dashboard !== 'express') {
    throw invalid('Login links can only be created for accounts with access to the Express Dashboard.')
  }
  return { object: 'login_link', created: seconds(world), url: `${world.baseUrl}/express/${id}` }
}

export function listCapabilities(world: World, id: string): Stripe.ApiList<Stripe.Capability> {
  const account = getAccount(world, id)
  const data = account.transfers === null ? [] : [showV1Capability(account)]
  return { object: 'list', data, has_more: false, url: `/v1/accounts/${id}/capabilities` }
}

export function retrieveCapability(world: World, id: string, capability: string): Stripe.Capability {
  if (capability !== 'transfers') throw resourceMissing('capability', capability)
  return showV1Capability(getAccount(world, id))
}

export function updateCapability(world: World, id: string, capability: string, requested?: boolean): Stripe.Capability {
  if (capability !== 'transfers') throw resourceMissing('capability', capability)
  const account = getAccount(world, id)
  if (requested === undefined || requested === (account.transfers !== null)) return showV1Capability(account)
  const status = requested ? ('restricted' as const) : null
  const after = changeAccount(world, account, {
    transfers: status,
    payouts: status,
    transfersRequested: requested ? world.now() : null,
  })
  return showV1Capability(after)
}

export const LINK_CREATE = {
  account: 'string',
  type: 'string',
  collect: 'string',
  collection_options: { fields: 'string', future_requirements: 'string' },
  expand: 'strings',
  refresh_url: 'string',
  return_url: 'string',
} as const

export function createV1Link(
  world: World,
  params: { account: string; type: string; refresh_url?: string; return_url?: string },
): Stripe.AccountLink {
  oneOf('type', params.type, ['account_onboarding', 'account_update'])
  const link = createLink(world, getAccount(world, params.account).id, params.refresh_url, params.return_url)
  return { object: 'account_link', created: seconds(world), expires_at: Math.floor(link.expires / 1000), url: link.url }
}

function platformAccount(world: World): ConnectedAccount {
  return {
    ...newAccount(world, {
      id: world.platform,
      created: 0,
      type: 'standard',
      dashboard: 'full',
      fees: 'account',
      losses: 'stripe',
    }),
    displayName: 'Simulated platform',
    detailsSubmitted: true,
    legacyPayments: true,
  }
}

function wantsTransfers(capabilities: Raw | undefined): boolean {
  const transfers = isObject(capabilities) ? capabilities.transfers : undefined
  return isObject(transfers) && (transfers.requested === 'true' || transfers.requested === true)
}

function readEntityType(text: string) {
  return oneOf('business_type', text, ['individual', 'company', 'government_entity', 'non_profit'])
}

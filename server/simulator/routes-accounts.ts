import * as accounts from './accounts-v1.ts'
import { type Route, route } from './route.ts'

const EXPAND = { expand: 'strings' } as const

/** Accounts and their links, v1. */
export const ACCOUNT_ROUTES: Route[] = [
  route({
    method: 'GET',
    path: '/v1/account',
    mirrors: 'AccountRetrieveCurrentParams',
    parameters: EXPAND,
    answers: 'Account',
    onAccounts: true,
    run: ({ world, account }) => accounts.retrieveV1Account(world, account),
  }),
  route({
    method: 'POST',
    path: '/v1/accounts',
    mirrors: 'AccountCreateParams',
    parameters: accounts.ACCOUNT_CREATE,
    answers: 'Account',
    run: ({ world, params }) => accounts.createV1Account(world, params),
  }),
  route({
    method: 'GET',
    path: '/v1/accounts',
    mirrors: 'AccountListParams',
    parameters: accounts.ACCOUNT_LIST,
    answers: 'ApiList<Account>',
    run: ({ world, params }) => accounts.listV1Accounts(world, params),
  }),
  route({
    method: 'GET',
    path: '/v1/accounts/:account',
    mirrors: 'AccountRetrieveParams',
    parameters: EXPAND,
    answers: 'Account',
    run: ({ world, ids }) => accounts.retrieveV1Account(world, ids[0]!),
  }),
  route({
    method: 'POST',
    path: '/v1/accounts/:account',
    mirrors: 'AccountUpdateParams',
    parameters: accounts.ACCOUNT_UPDATE,
    answers: 'Account',
    run: ({ world, ids, params }) => accounts.updateV1Account(world, ids[0]!, params),
  }),
  route({
    method: 'DELETE',
    path: '/v1/accounts/:account',
    mirrors: 'AccountDeleteParams',
    answers: 'DeletedAccount',
    run: ({ world, ids }) => accounts.deleteV1Account(world, ids[0]!),
  }),
  route({
    method: 'POST',
    path: '/v1/accounts/:account/login_links',
    mirrors: 'AccountCreateLoginLinkParams',
    parameters: EXPAND,
    answers: 'LoginLink',
    run: ({ world, ids }) => accounts.createLoginLink(world, ids[0]!),
  }),
  route({
    method: 'GET',
    path: '/v1/accounts/:account/capabilities',
    mirrors: 'AccountListCapabilitiesParams',
    parameters: EXPAND,
    answers: 'ApiList<Capability>',
    run: ({ world, ids }) => accounts.listCapabilities(world, ids[0]!),
  }),
  route({
    method: 'GET',
    path: '/v1/accounts/:account/capabilities/:capability',
    mirrors: 'AccountRetrieveCapabilityParams',
    parameters: EXPAND,
    answers: 'Capability',
    run: ({ world, ids }) => accounts.retrieveCapability(world, ids[0]!, ids[1]!),
  }),
  route({
    method: 'POST',
    path: '/v1/accounts/:account/capabilities/:capability',
    mirrors: 'AccountUpdateCapabilityParams',
    parameters: { ...EXPAND, requested: 'boolean' },
    answers: 'Capability',
    run: ({ world, ids, params }) => accounts.updateCapability(world, ids[0]!, ids[1]!, params.requested),
  }),
  route({
    method: 'POST',
    path: '/v1/account_links',
    mirrors: 'AccountLinkCreateParams',
    parameters: accounts.LINK_CREATE,
    required: ['account', 'type'],
    answers: 'AccountLink',
    run: ({ world, params }) => accounts.createV1Link(world, params),
  }),
]

import * as accounts from './accounts-v2.ts'
import * as endpoints from './endpoints.ts'
import * as events from './events.ts'
import { pingDestination } from './ping.ts'
import { type Route, route } from './route.ts'

const INCLUDE = { include: 'strings' } as const

export const V2_ROUTES: Route[] = [
  route({
    method: 'POST',
    path: '/v2/core/accounts',
    mirrors: 'V2.Core.AccountCreateParams',
    parameters: accounts.V2_ACCOUNT_CREATE,
    answers: 'V2.Core.Account',
    run: ({ world, params }) => accounts.createV2Account(world, params),
  }),
  route({
    method: 'GET',
    path: '/v2/core/accounts',
    mirrors: 'V2.Core.AccountListParams',
    parameters: accounts.V2_ACCOUNT_LIST,
    answers: 'V2List<V2.Core.Account>',
    run: ({ world, params }) => accounts.listV2Accounts(world, params),
  }),
  route({
    method: 'GET',
    path: '/v2/core/accounts/:account',
    mirrors: 'V2.Core.AccountRetrieveParams',
    parameters: INCLUDE,
    answers: 'V2.Core.Account',
    run: ({ world, ids, params }) => accounts.retrieveV2Account(world, ids[0]!, params.include),
  }),
  route({
    method: 'POST',
    path: '/v2/core/accounts/:account',
    mirrors: 'V2.Core.AccountUpdateParams',
    parameters: accounts.V2_ACCOUNT_UPDATE,
    answers: 'V2.Core.Account',
    run: ({ world, ids, params }) => accounts.updateV2Account(world, ids[0]!, params),
  }),
  route({
    method: 'POST',
    path: '/v2/core/accounts/:account/close',
    mirrors: 'V2.Core.AccountCloseParams',
    parameters: { applied_configurations: 'strings' },
    answers: 'V2.Core.Account',
    run: ({ world, ids }) => accounts.closeV2Account(world, ids[0]!),
  }),
  route({
    method: 'POST',
    path: '/v2/core/account_links',
    mirrors: 'V2.Core.AccountLinkCreateParams',
    parameters: accounts.V2_LINK_CREATE,
    required: ['account', 'use_case'],
    answers: 'V2.Core.AccountLink',
    run: ({ world, params }) => accounts.createV2Link(world, params),
  }),
  route({
    method: 'GET',
    path: '/v2/core/events',
    mirrors: 'V2.Core.EventListParams',
    parameters: events.THIN_EVENT_LIST,
    answers: 'V2List<V2.Core.Event>',
    run: ({ world, params }) => events.listThinEvents(world, params),
  }),
  route({
    method: 'GET',
    path: '/v2/core/events/:event',
    mirrors: 'V2.Core.EventRetrieveParams',
    answers: 'V2.Core.Event',
    run: ({ world, ids }) => events.retrieveThinEvent(world, ids[0]!),
  }),
  route({
    method: 'POST',
    path: '/v2/core/event_destinations',
    mirrors: 'V2.Core.EventDestinationCreateParams',
    parameters: endpoints.DESTINATION_CREATE,
    required: ['enabled_events', 'event_payload', 'name', 'type'],
    answers: 'V2.Core.EventDestination',
    run: ({ world, params }) => endpoints.createDestination(world, params),
  }),
  route({
    method: 'GET',
    path: '/v2/core/event_destinations',
    mirrors: 'V2.Core.EventDestinationListParams',
    parameters: { ...INCLUDE, limit: 'integer', page: 'string' },
    answers: 'V2List<V2.Core.EventDestination>',
    run: ({ world, params }) => endpoints.listDestinations(world, params),
  }),
  route({
    method: 'GET',
    path: '/v2/core/event_destinations/:destination',
    mirrors: 'V2.Core.EventDestinationRetrieveParams',
    parameters: INCLUDE,
    answers: 'V2.Core.EventDestination',
    run: ({ world, ids, params }) => endpoints.retrieveDestination(world, ids[0]!, params.include),
  }),
  route({
    method: 'POST',
    path: '/v2/core/event_destinations/:destination/ping',
    mirrors: 'V2.Core.EventDestinationPingParams',
    answers: 'V2.Core.Event',
    run: ({ world, ids }) => pingDestination(world, ids[0]!),
  }),
]

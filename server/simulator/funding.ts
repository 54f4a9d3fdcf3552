import type Stripe from 'stripe'
import { post, retrieveBalance } from './balance.ts'
import { createCharge } from './charges.ts'
import { checkAmount, readCurrency } from './currency.ts'
import { invalid } from './errors.ts'
import { emit } from './events.ts'
import { listPage, PAGE, type PageParameters } from './lists.ts'
import { getObject, insertObject, setFacet, updateObject } from './objects.ts'
import { type MetadataChange, mergeMetadata, type Range } from './parameters.ts'
import { plan } from './schedule.ts'
import { DAY, seconds, type World } from './world.ts'

type Topup = Stripe.Topup

/** A top-up by bank transfer takes so long. */
const TOPUP_TAKES = DAY

export const TOPUP_CREATE = {
  amount: 'integer',
  currency: 'string',
  description: 'string',
  expand: 'strings',
  metadata: 'metadata',
  payment_method: 'string',
  payment_method_options: 'free',
  source: 'string',
  statement_descriptor: 'string',
  transfer_group: 'string',
} as const

interface TopupParameters {
  amount: number
  currency: string
  description?: string
  metadata?: MetadataChange
  statement_descriptor?: string
  transfer_group?: string
}

/** Starts a top-up of the platform's balance; the money is there a day of simulated time later. */
export function createTopup(world: World, params: TopupParameters): Topup {
  const topup = bookTopup(world, params)
  emit(world, 'topup.created', topup)
  plan(world, world.now() + TOPUP_TAKES, 'topup.succeed', topup.id)
  return topup
}

function bookTopup(world: World, params: TopupParameters): Topup {
  const currency = readCurrency(params.currency)
  checkAmount(params.amount, currency)
  const topup: Topup = {
    id: world.id('tu'),
    object: 'topup',
    amount: params.amount,
    balance_transaction: null,
    created: seconds(world),
    currency,
    description: params.description ?? null,
    expected_availability_date: Math.floor((world.now() + TOPUP_TAKES) / 1000),
    failure_code: null,
    failure_message: null,
    initiated_by: 'user',
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    source: null,
    statement_descriptor: params.statement_descriptor ?? null,
    status: 'pending',
    transfer_group: params.transfer_group ?? null,
  }
  insertObject(world, 'topup', world.platform, topup, ['pending'])
  return topup
}

/** The money of a pending top-up arrives. */
export function settleTopup(world: World, id: string): void {
  const pending = retrieveTopup(world, id)
  if (pending.status !== 'pending') return
  emit(world, 'topup.succeeded', bookArrival(world, pending))
  emitBalance(world)
}

function bookArrival(world: World, pending: Topup): Topup {
  const { id, currency, amount, description } = pending
  const credit = post(world, { account: world.platform, currency, amount, type: 'topup', source: id, description })
  const arrived: Topup = { ...pending, status: 'succeeded', balance_transaction: credit.id }
  updateObject(world, arrived)
  setFacet(world, id, 1, 'succeeded')
  return arrived
}

/** Adds available money at once, as a test's or demo's bank would; `quietly` without events. */
export function fund(world: World, params: TopupParameters, quietly = false): Topup {
  const topup = bookTopup(world, params)
  if (!quietly) emit(world, 'topup.created', topup)
  const arrived = bookArrival(world, topup)
  if (quietly) return arrived
  emit(world, 'topup.succeeded', arrived)
  emitBalance(world)
  return arrived
}

export function retrieveTopup(world: World, id: string): Topup {
  return getObject<Topup>(world, 'topup', id, world.platform)
}

export const TOPUP_LIST = { ...PAGE, amount: 'range', created: 'range', status: 'string' } as const

export function listTopups(
  world: World,
  query: PageParameters & { amount?: Range; created?: Range; status?: string },
): Stripe.ApiList<Topup> {
  const conditions = ['1']
  const values: number[] = []
  const operators = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const
  for (const [name, bound] of Object.entries(query.amount ?? {}) as [keyof Range, number][]) {
    conditions.push(`json_extract(body, '$.amount') ${operators[name]} ?`)
    values.push(bound)
  }
  return listPage<Topup>(world, 'topup', '/v1/topups', query, {
    account: world.platform,
    created: query.created,
    facet_1: query.status,
    where: [conditions.join(' AND '), values],
  })
}

/**
 * Only what funds a test balance is understood. `payment_method_types` left the pinned API version, but Stripe's own
 * command line still sends it.
 */
export const PAYMENT_CREATE = {
  amount: 'integer',
  confirm: 'boolean',
  currency: 'string',
  description: 'string',
  expand: 'strings',
  metadata: 'metadata',
  payment_method: 'string',
  payment_method_types: 'strings',
  shipping: 'free',
  transfer_group: 'string',
} as const

interface PaymentParameters {
  amount: number
  confirm?: boolean
  currency: string
  description?: string
  metadata?: MetadataChange
  payment_method?: string
  transfer_group?: string
}

/** A test payment whose money is available at once. Any other payment method is refused: this is no card processor. */
export function createPayment(world: World, params: PaymentParameters): Stripe.PaymentIntent {
  const currency = readCurrency(params.currency)
  checkAmount(params.amount, currency)
  if (params.payment_method !== 'pm_card_bypassPending' || !params.confirm) {
    throw invalid('The simulator only takes confirmed payments with pm_card_bypassPending.', {
      param: 'payment_method',
    })
  }
  const id = world.id('pi')
  const charge = createCharge(world, {
    account: world.platform,
    amount: params.amount,
    currency,
    description: params.description ?? null,
    paymentIntent: id,
    transferGroup: params.transfer_group ?? null,
  })
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: params.amount,
    amount_capturable: 0,
    amount_received: params.amount,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${world.id('sim')}`,
    confirmation_method: 'automatic',
    created: seconds(world),
    currency,
    customer: null,
    customer_account: null,
    description: params.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: charge.id,
    livemode: false,
    managed_payments: null,
    metadata: mergeMetadata({}, params.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: params.payment_method,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'succeeded',
    transfer_group: params.transfer_group ?? null,
  }
  insertObject(world, 'payment_intent', world.platform, intent)
  emit(world, 'payment_intent.succeeded', intent)
  emit(world, 'charge.succeeded', charge)
  emitBalance(world)
  return intent
}

function emitBalance(world: World): void {
  emit(world, 'balance.available', retrieveBalance(world, world.platform, 'usd'))
}

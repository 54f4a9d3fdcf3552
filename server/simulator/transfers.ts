import type Stripe from 'stripe'
import { availableOf, post } from './balance.ts'
import { createCharge } from './charges.ts'
import { type ConnectedAccount, findAccount, isPayable } from './connected-account.ts'
import { checkAmount, convert, readCurrency } from './currency.ts'
import { parameterMissing, refused, resourceMissing } from './errors.ts'
import { emit } from './events.ts'
import { listPage, PAGE, type PageParameters } from './lists.ts'
import { findObject, getObject, insertObject, selectObjects, updateObject } from './objects.ts'
import { type MetadataChange, mergeMetadata, type Range } from './parameters.ts'
import { planAutomaticPayout } from './payouts.ts'
import { seconds, type World } from './world.ts'

/** A transfer as it is stored; its latest reversals are added when it is shown. */
export type StoredTransfer = Omit<Stripe.Transfer, 'reversals' | 'destination' | 'destination_payment'> & {
  destination: string
  destination_payment: string
}

export const TRANSFER_CREATE = {
  amount: 'integer',
  currency: 'string',
  destination: 'string',
  description: 'string',
  expand: 'strings',
  metadata: 'metadata',
  source_transaction: 'string',
  source_type: 'string',
  transfer_group: 'string',
} as const

interface TransferParameters {
  amount?: number
  currency: string
  destination: string
  description?: string
  metadata?: MetadataChange
  source_transaction?: string
  source_type?: string
  transfer_group?: string
}

/** Moves money from the platform's balance to a connected account's, or refuses and moves nothing. */
export function createTransfer(world: World, params: TransferParameters): Stripe.Transfer {
  const { amount } = params
  if (amount === undefined) throw parameterMissing('amount')
  const currency = readCurrency(params.currency)
  checkAmount(amount, currency)
  const destination = findAccount(world, params.destination)
  if (!destination || destination.deauthorized) throw resourceMissing('destination', params.destination, 'destination')
  if (!isPayable(destination)) {
    throw refused(
      'Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments',
      { code: 'insufficient_capabilities_for_transfer' },
    )
  }
  if (params.source_transaction) checkSource(world, params.source_transaction, amount, currency)
  if (availableOf(world, world.platform, currency) < amount) {
    throw refused('You have insufficient available funds in your Stripe account in this currency.', {
      code: 'balance_insufficient',
    })
  }
  const transfer = moveTransfer(world, destination, { ...params, amount, currency })
  planAutomaticPayout(world, destination, receivedCurrency(destination, currency))
  const view = showTransfer(world, transfer)
  emit(world, 'transfer.created', view)
  return view
}

/** Books a transfer without checks, events or payouts; `id` and the clock are the caller's. */
export function moveTransfer(
  world: World,
  destination: ConnectedAccount,
  params: TransferParameters & { amount: number; id?: string },
): StoredTransfer {
  const id = params.id ?? world.id('tr')
  const received = convert(params.amount, params.currency, destination.currency) ?? { amount: params.amount, rate: 1 }
  const currency = receivedCurrency(destination, params.currency)
  const debit = post(world, {
    account: world.platform,
    currency: params.currency,
    amount: -params.amount,
    type: 'transfer',
    source: id,
    description: params.description ?? null,
  })
  const payment = createCharge(world, {
    account: destination.id,
    amount: received.amount,
    currency,
    rate: currency === params.currency ? null : received.rate,
    description: params.description ?? null,
    transfer: id,
    transferGroup: params.transfer_group ?? null,
  })
  const transfer: StoredTransfer = {
    id,
    object: 'transfer',
    amount: params.amount,
    amount_reversed: 0,
    balance_transaction: debit.id,
    created: seconds(world),
    currency: params.currency,
    description: params.description || null,
    destination: destination.id,
    destination_payment: payment.id,
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    reversed: false,
    source_transaction: params.source_transaction ?? null,
    source_type: params.source_type ?? 'card',
    transfer_group: params.transfer_group || null,
  }
  insertObject(world, 'transfer', world.platform, transfer, [transfer.transfer_group, destination.id])
  return transfer
}

/** A destination without a rate for the currency keeps it as it came. */
function receivedCurrency(destination: ConnectedAccount, currency: string): string {
  return convert(1, currency, destination.currency) ? destination.currency : currency
}

export function retrieveTransfer(world: World, id: string): Stripe.Transfer {
  return showTransfer(world, getTransfer(world, id))
}

export const TRANSFER_UPDATE = { description: 'string', expand: 'strings', metadata: 'metadata' } as const

export function updateTransfer(
  world: World,
  id: string,
  params: { description?: string; metadata?: MetadataChange },
): Stripe.Transfer {
  const before = getTransfer(world, id)
  const after: StoredTransfer = {
    ...before,
    description: params.description === undefined ? before.description : params.description || null,
    metadata: mergeMetadata(before.metadata, params.metadata),
  }
  updateObject(world, after)
  const view = showTransfer(world, after)
  emit(world, 'transfer.updated', view, { previous: { description: before.description, metadata: before.metadata } })
  return view
}

export const TRANSFER_LIST = { ...PAGE, created: 'range', destination: 'string', transfer_group: 'string' } as const

export function listTransfers(
  world: World,
  query: PageParameters & { created?: Range; destination?: string; transfer_group?: string },
): Stripe.ApiList<Stripe.Transfer> {
  const list = listPage<StoredTransfer>(world, 'transfer', '/v1/transfers', query, {
    account: world.platform,
    created: query.created,
    facet_1: query.transfer_group,
    facet_2: query.destination,
  })
  return { ...list, data: list.data.map(transfer => showTransfer(world, transfer)) }
}

export function getTransfer(world: World, id: string): StoredTransfer {
  return getObject<StoredTransfer>(world, 'transfer', id, world.platform)
}

/** With its ten latest reversals, as the API embeds them. */
export function showTransfer(world: World, transfer: StoredTransfer): Stripe.Transfer {
  const reversals =
    transfer.amount_reversed === 0
      ? []
      : selectObjects<Stripe.TransferReversal>(world, 'transfer_reversal', 'facet_1 = ?', [transfer.id])
  return {
    ...transfer,
    reversals: {
      object: 'list',
      data: reversals.slice(0, 10),
      has_more: reversals.length > 10,
      url: `/v1/transfers/${transfer.id}/reversals`,
    },
  }
}

function checkSource(world: World, id: string, amount: number, currency: string): void {
  const charge = findObject<Stripe.Charge>(world, 'charge', id, world.platform)
  const param = 'source_transaction'
  if (!charge) throw resourceMissing('charge', id, param)
  if (charge.currency !== currency)
    throw refused('The currency of source_transaction and of the transfer must be the same.', { param })
  const used = selectObjects<StoredTransfer>(world, 'transfer', "json_extract(body, '$.source_transaction') = ?", [id])
  const total = used.reduce((sum, transfer) => sum + transfer.amount - transfer.amount_reversed, amount)
  if (total > charge.amount) throw refused('Transfers cannot exceed the amount of their source charge.', { param })
}

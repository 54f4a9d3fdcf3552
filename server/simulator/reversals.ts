import type Stripe from 'stripe'
import { availableOf, post } from './balance.ts'
import { checkAmount } from './currency.ts'
import { refused, resourceMissing } from './errors.ts'
import { emit } from './events.ts'
import { listPage, PAGE, type PageParameters } from './lists.ts'
import { findObject, getObject, insertObject, updateObject } from './objects.ts'
import { type MetadataChange, mergeMetadata } from './parameters.ts'
import { getTransfer, type StoredTransfer, showTransfer } from './transfers.ts'
import { seconds, type World } from './world.ts'

type Reversal = Stripe.TransferReversal

export const REVERSAL_CREATE = {
  amount: 'integer',
  description: 'string',
  expand: 'strings',
  metadata: 'metadata',
  refund_application_fee: 'boolean',
} as const

/** Takes a transfer back, wholly or in part; the connected account's balance must cover it. */
export function createReversal(world: World, transferId: string, params: ReversalParameters): Reversal {
  const transfer = getTransfer(world, transferId)
  const reversal = bookReversal(world, transfer, params)
  const after = getTransfer(world, transferId)
  emit(world, 'transfer.reversed', showTransfer(world, after), {
    previous: { amount_reversed: transfer.amount_reversed, ...(after.reversed ? { reversed: false } : {}) },
  })
  return reversal
}

interface ReversalParameters {
  amount?: number
  description?: string
  metadata?: MetadataChange
}

/** Moves the money back, or refuses and moves nothing; without events. */
export function bookReversal(world: World, transfer: StoredTransfer, params: ReversalParameters): Reversal {
  const transferId = transfer.id
  const left = transfer.amount - transfer.amount_reversed
  if (left === 0) throw refused(`Transfer ${transferId} is already fully reversed.`)
  const amount = params.amount ?? left
  checkAmount(amount, transfer.currency)
  if (amount > left) {
    throw refused(`The reversal amount (${amount}) is greater than what is left of the transfer (${left}).`, {
      param: 'amount',
    })
  }
  const payment = getObject<Stripe.Charge>(world, 'charge', transfer.destination_payment, transfer.destination)
  const taken = refundShare(payment, transfer, amount)
  if (availableOf(world, transfer.destination, payment.currency) < taken) {
    throw refused("The connected account's balance does not cover this reversal.", { code: 'balance_insufficient' })
  }
  const id = world.id('trr')
  const refundId = world.id('pyr')
  const credit = post(world, {
    account: world.platform,
    currency: transfer.currency,
    amount,
    type: 'transfer_refund',
    source: id,
    description: params.description ?? null,
  })
  post(world, {
    account: transfer.destination,
    currency: payment.currency,
    amount: -taken,
    type: 'payment_refund',
    source: refundId,
  })
  const refunded = payment.amount_refunded + taken
  updateObject(world, { ...payment, amount_refunded: refunded, refunded: refunded === payment.amount })
  const reversal: Reversal = {
    id,
    object: 'transfer_reversal',
    amount,
    balance_transaction: credit.id,
    created: seconds(world),
    currency: transfer.currency,
    destination_payment_refund: refundId,
    metadata: mergeMetadata({}, params.metadata),
    source_refund: null,
    transfer: transferId,
  }
  insertObject(world, 'transfer_reversal', world.platform, reversal, [transferId])
  const after: StoredTransfer = {
    ...transfer,
    amount_reversed: transfer.amount_reversed + amount,
    reversed: amount === left,
  }
  updateObject(world, after)
  return reversal
}

export function retrieveReversal(world: World, transferId: string, id: string): Reversal {
  getTransfer(world, transferId)
  const reversal = findObject<Reversal>(world, 'transfer_reversal', id, world.platform)
  if (reversal?.transfer !== transferId) throw resourceMissing('transfer reversal', id)
  return reversal
}

export function updateReversal(world: World, transferId: string, id: string, metadata?: MetadataChange): Reversal {
  const before = retrieveReversal(world, transferId, id)
  const after = { ...before, metadata: mergeMetadata(before.metadata ?? {}, metadata) }
  updateObject(world, after)
  return after
}

export const REVERSAL_LIST = PAGE

export function listReversals(world: World, transferId: string, page: PageParameters): Stripe.ApiList<Reversal> {
  getTransfer(world, transferId)
  return listPage<Reversal>(world, 'transfer_reversal', `/v1/transfers/${transferId}/reversals`, page, {
    account: world.platform,
    facet_1: transferId,
  })
}

/** What leaves the connected account, in its currency: parts always add up to the whole payment. */
function refundShare(payment: Stripe.Charge, transfer: StoredTransfer, amount: number): number {
  const reversed = BigInt(transfer.amount_reversed + amount)
  return Number((BigInt(payment.amount) * reversed) / BigInt(transfer.amount)) - payment.amount_refunded
}

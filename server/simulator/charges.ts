import type Stripe from 'stripe'
import { post } from './balance.ts'
import { insertObject } from './objects.ts'
import { seconds, type World } from './world.ts'

/** What stands behind a transfer on the receiving account (`py_…`), or behind a test payment on the platform (`ch_…`). */
export function createCharge(
  world: World,
  charge: {
    account: string
    amount: number
    currency: string
    description?: string | null
    rate?: number | null
    paymentIntent?: string
    transfer?: string
    transferGroup?: string | null
  },
): Stripe.Charge {
  const id = world.id(charge.transfer ? 'py' : 'ch')
  const transaction = post(world, {
    account: charge.account,
    currency: charge.currency,
    amount: charge.amount,
    type: charge.transfer ? 'payment' : 'charge',
    source: id,
    description: charge.description ?? null,
    rate: charge.rate ?? null,
  })
  const view: Stripe.Charge = {
    id,
    object: 'charge',
    amount: charge.amount,
    amount_captured: charge.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: transaction.id,
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: null,
    captured: true,
    created: seconds(world),
    currency: charge.currency,
    customer: null,
    description: charge.description ?? null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: null,
    paid: true,
    payment_intent: charge.paymentIntent ?? null,
    payment_method: charge.transfer ? null : 'pm_card_bypassPending',
    payment_method_details: null,
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: charge.transfer ?? null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'succeeded',
    transfer_data: null,
    transfer_group: charge.transferGroup ?? null,
  }
  insertObject(world, 'charge', charge.account, view)
  return view
}

import { showV1Account, showV1Capability } from './accounts-v1-view.ts'
import { showBankAccount } from './bank-accounts.ts'
import { type ConnectedAccount, thinReference } from './connected-account.ts'
import { emit, emitThin } from './events.ts'
import { updateObject } from './objects.ts'
import type { World } from './world.ts'

/** The application as `account.application.deauthorized` shows it. */
const APPLICATION = { id: 'ca_1SimulatedPlatform', object: 'application', name: 'Simulated platform' } as const

/** Changes an account and emits the v1 and v2 events that follow from what differs. */
export function changeAccount(
  world: World,
  before: ConnectedAccount,
  change: Partial<ConnectedAccount>,
): ConnectedAccount {
  const after = { ...before, ...change }
  updateObject(world, after)
  const previous = differing(showV1Account(before), showV1Account(after))
  if (previous) emit(world, 'account.updated', showV1Account(after), { account: after.id, previous })

  if (showV1Capability(before).status !== showV1Capability(after).status) {
    emit(world, 'capability.updated', showV1Capability(after), { account: after.id })
  }
  const names = { transfers: 'stripe_balance.stripe_transfers', payouts: 'stripe_balance.payouts' } as const
  for (const capability of ['transfers', 'payouts'] as const) {
    if (before[capability] === after[capability]) continue
    emitThin(world, 'v2.core.account[configuration.recipient].capability_status_updated', thinReference(after.id), {
      updated_capability: names[capability],
    })
  }
  if (before.due.join() !== after.due.join() || before.disabledReason !== after.disabledReason) {
    emitThin(world, 'v2.core.account[requirements].updated', thinReference(after.id))
  }
  if (
    before.email !== after.email ||
    before.displayName !== after.displayName ||
    JSON.stringify(before.metadata) !== JSON.stringify(after.metadata)
  ) {
    emitThin(world, 'v2.core.account.updated', thinReference(after.id))
  }
  if (JSON.stringify(before.bank) !== JSON.stringify(after.bank) && after.bank) {
    const type = before.bank ? 'account.external_account.updated' : 'account.external_account.created'
    emit(world, type, showBankAccount(after.bank, after.id), { account: after.id })
  }
  return after
}

/** The account leaves the platform: from now on every call on it is 403, and transfers to it are refused. */
export function deauthorizeAccount(world: World, account: ConnectedAccount): void {
  updateObject(world, { ...account, deauthorized: true })
  emit(world, 'account.application.deauthorized', APPLICATION, { account: account.id })
}

/** v2's close: the account stays readable, but nothing can be paid to it. */
export function closeAccount(world: World, account: ConnectedAccount): ConnectedAccount {
  const closed = { ...account, closed: true }
  updateObject(world, closed)
  emitThin(world, 'v2.core.account.closed', thinReference(account.id))
  return closed
}

/** The old values of the top-level names that differ, or null. */
function differing(before: object, after: object): Record<string, unknown> | null {
  const previous: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(before)) {
    if (JSON.stringify(value) !== JSON.stringify((after as Record<string, unknown>)[name])) previous[name] = value
  }
  return Object.keys(previous).length > 0 ? previous : null
}

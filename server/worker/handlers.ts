import { deliverEmail } from '../email/deliver.ts'
import { runImport } from '../imports/job.ts'
import { PermanentJobError } from '../outbox/outbox.ts'
import { syncPartner } from '../partners/sync.ts'
import { runTransfer } from '../payouts/transfer.ts'
import { handleEvent } from '../stripe/events.ts'
import type { Handlers } from './worker.ts'

/** What each kind of job does. A topic without a line here doesn't compile. */
export const handlers = {
  'payout.transfer': (deps, { attemptId }) => runTransfer(deps, attemptId),
  'stripe.event': async (deps, { eventId }) => {
    await handleEvent(deps, eventId)
    return 'done'
  },
  'partner.sync': async (deps, { partnerId }) => {
    await syncPartner(deps, partnerId)
    return 'done'
  },
  'import.run': (deps, payload, job) => {
    if (job.orgId === null) throw new PermanentJobError('An import belongs to an organization.')
    return runImport(deps, { ...payload, orgId: job.orgId })
  },
  'email.send': (deps, payload, job) => deliverEmail(deps, payload, job.orgId),
} satisfies Handlers

import { auditRouter } from './audit/router.ts'
import { authRouter } from './auth/router.ts'
import { emailsRouter } from './email/router.ts'
import { liveRouter } from './live/router.ts'
import { orgsRouter } from './orgs/router.ts'
import { jobsRouter } from './outbox/router.ts'
import { partnersRouter } from './partners/router.ts'
import { payoutsRouter } from './payouts/router.ts'
import { reconcileRouter } from './stripe/router.ts'
import { createCallerFactory, router } from './trpc.ts'

/** All that can be asked of Remit. access.test.ts walks it: a procedure without a line in its table fails the build. */
export const appRouter = router({
  audit: auditRouter,
  auth: authRouter,
  emails: emailsRouter,
  jobs: jobsRouter,
  live: liveRouter,
  orgs: orgsRouter,
  partners: partnersRouter,
  payouts: payoutsRouter,
  reconcile: reconcileRouter,
})

export type AppRouter = typeof appRouter
export const createCaller = createCallerFactory(appRouter)
export type Caller = ReturnType<typeof createCaller>

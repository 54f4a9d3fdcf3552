import { attributionRouter } from './attribution/router.ts'
import { auditRouter } from './audit/router.ts'
import { authRouter } from './auth/router.ts'
import { commissionsRouter } from './commissions/router.ts'
import { dealsRouter } from './deals/router.ts'
import { disputesRouter } from './disputes/router.ts'
import { emailsRouter } from './email/router.ts'
import { importsRouter } from './imports/router.ts'
import { liveRouter } from './live/router.ts'
import { orgsRouter } from './orgs/router.ts'
import { jobsRouter } from './outbox/router.ts'
import { partnersRouter } from './partners/router.ts'
import { payoutsRouter } from './payouts/router.ts'
import { periodsRouter } from './periods/router.ts'
import { programsRouter } from './programs/router.ts'
import { ratesRouter } from './rates/router.ts'
import { registrationsRouter } from './registrations/router.ts'
import { rulesRouter } from './rules/router.ts'
import { runsRouter } from './runs/router.ts'
import { splitsRouter } from './splits/router.ts'
import { reconcileRouter } from './stripe/router.ts'
import { createCallerFactory, router } from './trpc.ts'

/** All that can be asked of Remit. access.test.ts walks it: a procedure without a line in its table fails the build. */
export const appRouter = router({
  attribution: attributionRouter,
  audit: auditRouter,
  auth: authRouter,
  commissions: commissionsRouter,
  deals: dealsRouter,
  disputes: disputesRouter,
  emails: emailsRouter,
  imports: importsRouter,
  jobs: jobsRouter,
  live: liveRouter,
  orgs: orgsRouter,
  partners: partnersRouter,
  payouts: payoutsRouter,
  periods: periodsRouter,
  programs: programsRouter,
  rates: ratesRouter,
  reconcile: reconcileRouter,
  registrations: registrationsRouter,
  runs: runsRouter,
  rules: rulesRouter,
  splits: splitsRouter,
})

export type AppRouter = typeof appRouter
export const createCaller = createCallerFactory(appRouter)
export type Caller = ReturnType<typeof createCaller>

import { router, signedIn } from '../trpc.ts'
import { liveChanges } from './stream.ts'

export const liveRouter = router({
  /** Server-sent events for open pages: which kinds of things changed, at most twice a second. No data: pages read it themselves. */
  changes: signedIn().subscription(({ ctx, signal }) =>
    liveChanges(ctx.deps, ctx, signal ?? new AbortController().signal),
  ),
})

import { can, perform, router } from '../trpc.ts'
import { previewDraft } from './preview.ts'
import {
  createRuleInput,
  newVersionInput,
  previewInput,
  ruleInput,
  unmatchedInput,
  updateDraftInput,
  versionInput,
} from './rules.ts'
import { createRule, discardDraft, newVersion, publishVersion, updateDraft } from './service.ts'
import { listUnmatched } from './unmatched.ts'
import { getRule, listRules } from './view.ts'

export const rulesRouter = router({
  create: can('rules.draft')
    .input(createRuleInput)
    .mutation(({ ctx, input }) => perform(ctx, 'rules.create', input, work => createRule(work, input))),
  newVersion: can('rules.draft')
    .input(newVersionInput)
    .mutation(({ ctx, input }) => perform(ctx, 'rules.newVersion', input, work => newVersion(work, input))),
  updateDraft: can('rules.draft')
    .input(updateDraftInput)
    .mutation(({ ctx, input }) => perform(ctx, 'rules.updateDraft', input, work => updateDraft(work, input))),
  discardDraft: can('rules.draft')
    .input(versionInput)
    .mutation(({ ctx, input }) => perform(ctx, 'rules.discardDraft', input, work => discardDraft(work, input))),
  publish: can('rules.publish')
    .input(versionInput)
    .mutation(({ ctx, input }) => perform(ctx, 'rules.publish', input, work => publishVersion(work, input))),

  list: can('rules.read').query(({ ctx }) => listRules(ctx.deps.db.read, ctx.viewer, ctx.deps.clock.now())),
  get: can('rules.read')
    .input(ruleInput)
    .query(({ ctx, input }) => getRule(ctx.deps.db.read, ctx.viewer, input.ruleId, ctx.deps.clock.now())),
  /** What a draft would have paid on the deals won in the last 90 days; nothing is written. */
  preview: can('rules.read')
    .input(previewInput)
    .query(({ ctx, input }) =>
      ctx.deps.db.snapshot(db => previewDraft(db, ctx.viewer, input.ruleVersionId, ctx.deps.clock.now())),
    ),
  /** Won deals credited to partners that no rule and no default rate pays. */
  unmatched: can('rules.read')
    .input(unmatchedInput)
    .query(({ ctx, input }) => listUnmatched(ctx.deps.db.read, ctx.viewer, input)),
})

import { inviteMember, remintInvitation, revokeInvitation } from '#server/auth/invitations.ts'
import { allows, type Permission, permissions, roleLabels, takesFreshProof } from '#server/auth/rules.ts'
import { can, perform, router } from '#server/trpc.ts'
import {
  changeRoleInput,
  inviteInput,
  memberInput,
  pauseInput,
  resumeInput,
  revokeInvitationInput,
  settingsInput,
} from './rules.ts'
import {
  changeRole,
  disableMember,
  enableMember,
  endMemberSessions,
  pauseOf,
  pauseTransfers,
  readSettings,
  resetSecondFactor,
  resumeTransfers,
  updateSettings,
} from './service.ts'
import { readTeam } from './team.ts'

export const orgsRouter = router({
  team: can('team.read').query(({ ctx }) => readTeam(ctx.deps, ctx.viewer)),

  /** Answers with a link to hand over; the mail carries another. Null once the invitation is no longer open. */
  invite: can('team.manage')
    .input(inviteInput)
    .mutation(async ({ ctx, input }) => {
      const { email, role, name } = input
      const invited = await perform(ctx, 'orgs.invite', input, work =>
        inviteMember(work, { email, role, name, partnerId: null }),
      )
      // Made after the commit, so that no secret is kept beside the idempotency key.
      const link = await remintInvitation(ctx.deps, invited.invitationId)
      return { ...invited, email, role, url: link?.url ?? null }
    }),

  revokeInvitation: can('team.manage')
    .input(revokeInvitationInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'orgs.revokeInvitation', input, async work => {
        await revokeInvitation(work, input.invitationId)
        return { invitationId: input.invitationId }
      }),
    ),

  /** The same for a partner's people: whoever may invite them may take it back. */
  revokePartnerInvitation: can('partners.manage')
    .input(revokeInvitationInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'orgs.revokePartnerInvitation', input, async work => {
        await revokeInvitation(work, input.invitationId, { onlyPartners: true })
        return { invitationId: input.invitationId }
      }),
    ),

  changeRole: can('team.manage')
    .input(changeRoleInput)
    .mutation(({ ctx, input }) => perform(ctx, 'orgs.changeRole', input, work => changeRole(work, input))),

  disableMember: can('team.manage')
    .input(memberInput)
    .mutation(({ ctx, input }) => perform(ctx, 'orgs.disableMember', input, work => disableMember(work, input))),

  enableMember: can('team.manage')
    .input(memberInput)
    .mutation(({ ctx, input }) => perform(ctx, 'orgs.enableMember', input, work => enableMember(work, input))),

  endMemberSessions: can('team.manage')
    .input(memberInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'orgs.endMemberSessions', input, work => endMemberSessions(work, input)),
    ),

  resetSecondFactor: can('team.manage')
    .input(memberInput)
    .mutation(({ ctx, input }) =>
      perform(ctx, 'orgs.resetSecondFactor', input, work => resetSecondFactor(work, input)),
    ),

  settings: can('settings.read').query(async ({ ctx }) => {
    const { deps, viewer } = ctx
    const { org, minimums, dailyLimits } = await readSettings(deps.db.read, viewer.orgId)
    const paused = await pauseOf(deps.db.read, viewer.orgId)
    return {
      name: org.name,
      timeZone: org.timeZone,
      creatorMayApprove: org.creatorMayApprove,
      approvalsRequired: org.approvalsRequired,
      twoFactorRequired: org.twoFactorRequired,
      destinationHoldHours: org.destinationHoldHours,
      minimums,
      /** The most that one person may approve, or send, within 24 hours; by act and currency. */
      dailyLimits,
      exportRowsPerDay: org.exportRowsPerDay,
      version: org.version,
      /** Null while transfers run. */
      paused: paused.at === null ? null : { ...paused, at: paused.at },
      mayManage: allows(viewer.role, 'settings.manage'),
      mayPause: allows(viewer.role, 'transfers.pause'),
    }
  }),

  updateSettings: can('settings.manage')
    .input(settingsInput)
    .mutation(({ ctx, input }) => perform(ctx, 'orgs.updateSettings', input, work => updateSettings(work, input))),

  pauseTransfers: can('transfers.pause')
    .input(pauseInput)
    .mutation(({ ctx, input }) => perform(ctx, 'orgs.pauseTransfers', input, work => pauseTransfers(work, input))),

  resumeTransfers: can('transfers.resume')
    .input(resumeInput)
    .mutation(({ ctx, input }) => perform(ctx, 'orgs.resumeTransfers', input, work => resumeTransfers(work, input))),

  /** The permission table in words, the same that the procedures ask. */
  permissions: can('settings.read').query(() => ({
    roles: Object.entries(roleLabels).map(([role, { name, says }]) => ({ role, name, says })),
    permissions: Object.entries(permissions).map(([permission, { says, roles }]) => ({
      permission,
      says,
      roles,
      fresh: takesFreshProof(permission as Permission),
    })),
  })),
})

import { type ActionFunctionArgs, data } from '@remix-run/node'
import { mutate, type Refusal, redirectWithToast } from '#app/api.server.ts'
import type { FormErrors } from '#app/components/form.tsx'
import type { staffRoles } from '#server/auth/rules.ts'
import { changeOf, summaryOf, textOf, typedIn } from '../read-query.server.ts'

type StaffRole = (typeof staffRoles)[number]

/** What the page is told after a post that stays on it. */
export type TeamAnswer =
  | { done: 'invited'; email: string; url: string | null; expiresAt: number }
  | {
      done: null
      intent: string
      membershipId: string
      refusal: Refusal
      summary: FormErrors
      values: Record<string, string>
    }

/** Changes the team as the form's `intent` says. An invitation stays on the page, to show its link this once. */
export async function changeTeam(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const intent = textOf(form, 'intent')
  const membershipId = textOf(form, 'membershipId')
  const { idempotencyKey } = changeOf(form)
  const member = { membershipId, ...changeOf(form) }
  const name = textOf(form, 'name')
  const done = (message: string) => redirectWithToast(args.context, '/admin/team', { kind: 'success', message })
  const refused = (refusal: Refusal) => {
    const summary = summaryOf(refusal)
    const answer: TeamAnswer = { done: null, intent, membershipId, refusal, summary, values: typedIn(form) }
    return data(answer, { status: refusal.status })
  }
  // The procedures say 'Choose a role.' for anything else.
  const role = textOf(form, 'role') as StaffRole

  switch (intent) {
    case 'invite': {
      const outcome = await mutate(args, api =>
        api.orgs.invite({ email: textOf(form, 'email'), name: name || undefined, role, idempotencyKey }),
      )
      if (!outcome.ok) return refused(outcome)
      const { email, url, expiresAt } = outcome.value
      const answer: TeamAnswer = { done: 'invited', email, url, expiresAt }
      return data(answer)
    }
    case 'revokeInvitation': {
      const outcome = await mutate(args, api =>
        api.orgs.revokeInvitation({ invitationId: textOf(form, 'invitationId'), idempotencyKey }),
      )
      return outcome.ok ? done('The invitation is withdrawn; its links open nothing any more.') : refused(outcome)
    }
    case 'changeRole': {
      const outcome = await mutate(args, api => api.orgs.changeRole({ ...member, role }))
      return outcome.ok ? done(`The role is changed.${endedWords(outcome.value.sessionsEnded)}`) : refused(outcome)
    }
    case 'disable': {
      const outcome = await mutate(args, api => api.orgs.disableMember(member))
      return outcome.ok
        ? done(`They can’t sign in here any more.${endedWords(outcome.value.sessionsEnded)}`)
        : refused(outcome)
    }
    case 'enable': {
      const outcome = await mutate(args, api => api.orgs.enableMember(member))
      return outcome.ok ? done('They can sign in again.') : refused(outcome)
    }
    case 'resetSecondFactor': {
      const outcome = await mutate(args, api => api.orgs.resetSecondFactor(member))
      return outcome.ok
        ? done('Their second factors are removed. They sign in with their password, and set up anew.')
        : refused(outcome)
    }
    case 'endSessions': {
      const outcome = await mutate(args, api => api.orgs.endMemberSessions(member))
      if (!outcome.ok) return refused(outcome)
      const { sessionsEnded } = outcome.value
      return done(sessionsEnded === 0 ? 'They were signed in nowhere.' : endedWords(sessionsEnded).trim())
    }
    default:
      return refused({ ok: false, status: 400, message: 'This page doesn’t know that action.', fields: {} })
  }
}

function endedWords(count: number): string {
  if (count === 0) return ''
  return count === 1 ? ' One session of theirs has ended.' : ` ${count} sessions of theirs have ended.`
}

import { type ActionFunctionArgs, data } from '@remix-run/node'
import { mutate, type Refusal, redirectWithToast } from '#app/api.server.ts'
import type { FormErrors } from '#app/components/form.tsx'
import { changeOf, summaryOf, textOf, typedIn } from '../read-query.server.ts'

export type PartnerIntent = 'invite' | 'revokeInvitation' | 'remind' | 'sync' | 'archive' | 'restore'

/** What the page is told after a post that stays on it. */
export type PartnerAnswer =
  | { done: 'invited'; email: string; url: string | null; expiresAt: number }
  | { done: null; intent: string; refusal: Refusal; summary: FormErrors; values: Record<string, string> }

/** Changes the partner as the form's `intent` says. An invitation stays on the page, to show its link this once. */
export async function changePartner(args: ActionFunctionArgs) {
  const partnerId = args.params.partnerId ?? ''
  const form = await args.request.formData()
  const intent = textOf(form, 'intent')
  const change = { partnerId, ...changeOf(form) }
  const done = (message: string) =>
    redirectWithToast(args.context, `/admin/partners/${partnerId}`, { kind: 'success', message })
  const refused = (refusal: Refusal) => {
    const answer: PartnerAnswer = { done: null, intent, refusal, summary: summaryOf(refusal), values: typedIn(form) }
    return data(answer, { status: refusal.status })
  }

  switch (intent as PartnerIntent) {
    case 'invite': {
      const { version: _, ...invited } = change
      const outcome = await mutate(args, api =>
        api.partners.invite({
          ...invited,
          email: textOf(form, 'email') || undefined,
          name: textOf(form, 'name') || undefined,
        }),
      )
      if (!outcome.ok) return refused(outcome)
      const { email, url, expiresAt } = outcome.value
      const answer: PartnerAnswer = { done: 'invited', email, url, expiresAt }
      return data(answer)
    }
    case 'revokeInvitation': {
      const { idempotencyKey } = change
      const outcome = await mutate(args, api =>
        api.orgs.revokePartnerInvitation({ invitationId: textOf(form, 'invitationId'), idempotencyKey }),
      )
      return outcome.ok ? done('The invitation is withdrawn; its links open nothing any more.') : refused(outcome)
    }
    case 'remind': {
      const outcome = await mutate(args, api => api.partners.remind(change))
      return outcome.ok ? done('The reminder is on its way.') : refused(outcome)
    }
    case 'sync': {
      const outcome = await mutate(args, api => api.partners.sync({ partnerId }))
      return outcome.ok ? done(`Read from Stripe just now. ${outcome.value.says}.`) : refused(outcome)
    }
    case 'archive': {
      const outcome = await mutate(args, api => api.partners.archive(change))
      return outcome.ok ? done(`${outcome.value.name} is archived.`) : refused(outcome)
    }
    case 'restore': {
      const outcome = await mutate(args, api => api.partners.restore(change))
      return outcome.ok ? done(`${outcome.value.name} is back.`) : refused(outcome)
    }
    default:
      return refused({ ok: false, status: 400, message: 'This page doesn’t know that action.', fields: {} })
  }
}

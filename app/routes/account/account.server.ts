import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { mutate, type Outcome, query, redirectWithToast } from '#app/api.server.ts'
import { roleLabels } from '#server/auth/rules.ts'

/** Who I am, where I belong, and where I am signed in: the same page in the admin and in the portal. */
export async function readAccount(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const { viewer, memberships } = await api.auth.me()
    const sessions = await api.auth.sessions()
    const factors = await api.auth.factors()
    return {
      name: viewer.name,
      email: viewer.email,
      organizations: memberships.map(({ id, orgName, role, partnerName, current }) => ({
        id,
        name: orgName,
        as: partnerName ? `Partner: ${partnerName}` : roleLabels[role].name,
        current,
      })),
      sessions,
      factors,
    }
  })
}

export type AccountData = Awaited<ReturnType<typeof readAccount>>

export type AccountForm = 'profile' | 'password' | 'factors' | 'sessions'

/** What the page is told of a refusal: which form, and why. */
export interface AccountRefusal {
  form: AccountForm
  message: string
  fields: Record<string, string>
  codes?: undefined
}

/** What the page is told after a post that stays on it. */
export type AccountAnswer = AccountRefusal | { form: 'factors'; codes: string[] | null }

/** One of the page's forms, by its `intent`. What succeeded leads back to the page; what was refused stays beside its form. */
export async function changeAccount(args: ActionFunctionArgs, page: '/admin/account' | '/portal/account') {
  const form = await args.request.formData()
  const text = (name: string) => String(form.get(name) ?? '')
  const done = (message: string) => redirectWithToast(args.context, page, { kind: 'success', message })
  switch (text('intent')) {
    case 'profile': {
      const outcome = await mutate(args, api => api.auth.updateProfile({ name: text('name') }))
      return outcome.ok ? done('Your name is changed.') : refuseIn('profile', outcome)
    }
    case 'password': {
      const outcome = await mutate(args, api =>
        api.auth.changePassword({
          current: text('current'),
          password: text('password'),
          endOtherSessions: form.has('endOtherSessions'),
        }),
      )
      if (!outcome.ok) return refuseIn('password', outcome)
      const { sessionsEnded } = outcome.value
      return done(`Your password is changed.${sessionsEnded > 0 ? ` ${endedWords(sessionsEnded)}` : ''}`)
    }
    case 'removeTotp': {
      const endOtherSessions = form.has('endOtherSessions')
      const outcome = await mutate(args, api => api.auth.removeTotp({ endOtherSessions }))
      return outcome.ok ? done('Your authenticator app is removed.') : refuseIn('factors', outcome)
    }
    case 'removePasskey': {
      const input = { id: text('passkeyId'), endOtherSessions: form.has('endOtherSessions') }
      const outcome = await mutate(args, api => api.auth.removePasskey(input))
      return outcome.ok ? done('The passkey is removed.') : refuseIn('factors', outcome)
    }
    case 'renewCodes': {
      const outcome = await mutate(args, api => api.auth.renewRecoveryCodes())
      if (!outcome.ok) return refuseIn('factors', outcome)
      return data({ form: 'factors', codes: outcome.value.codes } satisfies AccountAnswer as AccountAnswer)
    }
    case 'endSession': {
      const outcome = await mutate(args, api => api.auth.endSession({ id: text('sessionId') }))
      if (!outcome.ok) return refuseIn('sessions', outcome)
      return outcome.value.current ? redirect('/login', 303) : done('That session is ended.')
    }
    case 'endOtherSessions': {
      const outcome = await mutate(args, api => api.auth.endOtherSessions())
      return outcome.ok ? done(endedWords(outcome.value.ended)) : refuseIn('sessions', outcome)
    }
    default:
      return data(
        {
          form: 'profile',
          message: 'That form is not one of this page.',
          fields: {},
        } satisfies AccountAnswer as AccountAnswer,
        {
          status: 400,
        },
      )
  }
}

function endedWords(count: number): string {
  if (count === 0) return 'You were signed in nowhere else.'
  return count === 1 ? 'One other session is ended.' : `${count} other sessions are ended.`
}

function refuseIn(form: AccountForm, { message, fields, status }: Extract<Outcome<unknown>, { ok: false }>) {
  const refusal: AccountAnswer = { form, message, fields }
  return data(refusal, { status })
}

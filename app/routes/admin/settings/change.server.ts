import { type ActionFunctionArgs, data } from '@remix-run/node'
import { mutate, type Refusal, redirectWithToast } from '#app/api.server.ts'
import type { FormErrors } from '#app/components/form.tsx'
import { changeOf, summaryOf, textOf, typedIn } from '../read-query.server.ts'
import { readMoneyRows } from './money-rows.server.ts'

export type SettingsForm =
  | 'organization'
  | 'approvals'
  | 'hold'
  | 'secondFactor'
  | 'minimums'
  | 'limits'
  | 'downloads'
  | 'pause'
  | 'resume'

/** A refused form: which one, why, and what was typed. */
export interface SettingsAnswer {
  intent: string
  refusal: Refusal
  summary: FormErrors
  values: Record<string, string>
  /** Amounts by currency as they were typed, row by row, by the name of their fields. */
  rows: Record<string, { currency: string; amount: string }[]>
}

/** One of the page's forms, by its `intent`; each changes its own settings only. */
export async function changeSettings(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const intent = textOf(form, 'intent')
  const change = changeOf(form)
  const done = (message: string) => redirectWithToast(args.context, '/admin/settings', { kind: 'success', message })
  const refused = (refusal: Refusal) => {
    const rows = Object.fromEntries(['minimum', 'approve', 'pay'].map(name => [name, readMoneyRows(form, name).rows]))
    const answer: SettingsAnswer = { intent, refusal, summary: summaryOf(refusal), values: typedIn(form), rows }
    return data(answer, { status: refusal.status })
  }

  switch (intent as SettingsForm) {
    case 'organization': {
      const outcome = await mutate(args, api =>
        api.orgs.updateSettings({ ...change, name: textOf(form, 'name'), timeZone: textOf(form, 'timeZone') }),
      )
      return outcome.ok ? done('The organization is saved.') : refused(outcome)
    }
    case 'approvals': {
      const outcome = await mutate(args, api =>
        api.orgs.updateSettings({
          ...change,
          approvalsRequired: textOf(form, 'approvalsRequired') === '2' ? 2 : 1,
          creatorMayApprove: form.has('creatorMayApprove'),
        }),
      )
      return outcome.ok ? done('How payouts are approved is saved, and recorded.') : refused(outcome)
    }
    case 'secondFactor': {
      const outcome = await mutate(args, api =>
        api.orgs.updateSettings({ ...change, twoFactorRequired: form.has('twoFactorRequired') }),
      )
      return outcome.ok ? done('What it takes to move money is saved, and recorded.') : refused(outcome)
    }
    case 'hold': {
      const hours = textOf(form, 'destinationHoldHours')
      const outcome = await mutate(args, api =>
        // An empty field is no number; the procedure says so.
        api.orgs.updateSettings({ ...change, destinationHoldHours: hours === '' ? Number.NaN : Number(hours) }),
      )
      return outcome.ok ? done('The hold is saved.') : refused(outcome)
    }
    case 'minimums': {
      const { read: minimums, fields } = readMoneyRows(form, 'minimum')
      const [first] = Object.values(fields)
      if (first) return refused({ ok: false, status: 400, message: first, fields })
      const outcome = await mutate(args, api => api.orgs.updateSettings({ ...change, minimums }))
      return outcome.ok ? done('The minimums are saved.') : refused(outcome)
    }
    case 'limits': {
      const [approve, pay] = [readMoneyRows(form, 'approve'), readMoneyRows(form, 'pay')]
      const fields = { ...approve.fields, ...pay.fields }
      const [first] = Object.values(fields)
      if (first) return refused({ ok: false, status: 400, message: first, fields })
      const dailyLimits = [
        ...approve.read.map(limit => ({ act: 'approve' as const, ...limit })),
        ...pay.read.map(limit => ({ act: 'pay' as const, ...limit })),
      ]
      const outcome = await mutate(args, api => api.orgs.updateSettings({ ...change, dailyLimits }))
      return outcome.ok ? done('The daily limits are saved, and recorded.') : refused(outcome)
    }
    case 'downloads': {
      const rows = textOf(form, 'exportRowsPerDay').replaceAll(',', '')
      const outcome = await mutate(args, api =>
        api.orgs.updateSettings({ ...change, exportRowsPerDay: rows === '' ? Number.NaN : Number(rows) }),
      )
      return outcome.ok ? done('The limit on downloads is saved.') : refused(outcome)
    }
    case 'pause': {
      const { idempotencyKey } = change
      const outcome = await mutate(args, api =>
        api.orgs.pauseTransfers({ reason: textOf(form, 'reason'), idempotencyKey }),
      )
      return outcome.ok ? done('All transfers are paused.') : refused(outcome)
    }
    case 'resume': {
      const { idempotencyKey } = change
      const outcome = await mutate(args, api =>
        api.orgs.resumeTransfers({ reason: textOf(form, 'reason') || undefined, idempotencyKey }),
      )
      return outcome.ok ? done('Transfers run again.') : refused(outcome)
    }
    default:
      return refused({ ok: false, status: 400, message: 'This page doesn’t know that action.', fields: {} })
  }
}

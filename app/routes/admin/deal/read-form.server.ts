import type { ActionFunctionArgs } from '@remix-run/node'
import type { DealType } from '#server/deals/rules.ts'
import { isCurrency } from '#server/lib/money.ts'
import { startOfDay } from '#server/lib/period.ts'
import { textOf } from '../read-query.server.ts'
import { readAmount } from './change.server.ts'
import { findPartner } from './find-partner.server.ts'

interface Known {
  timeZone: string
  /** What the fields held when the form was rendered: a day that wasn't touched keeps its moment. */
  opened?: { day: string; at: number }
  qualified?: { day: string; at: number } | null
}

/** A deal's form as the procedures take it, or what is wrong with it, by field. */
export async function readDealForm(args: ActionFunctionArgs, form: FormData, { timeZone, opened, qualified }: Known) {
  const fields: Record<string, string> = {}
  const text = (name: string) => textOf(form, name)
  const currency = text('currency').toUpperCase()
  const amount = isCurrency(currency) ? readAmount(text('amount'), currency) : 'Choose a currency first.'
  if (typeof amount === 'string') fields.amount = amount
  const registrant = text('registeredBy') ? await findPartner(args, text('registeredBy')) : null
  if (registrant && 'problem' in registrant) fields.registeredBy = registrant.problem
  const days: Record<'openedOn' | 'qualifiedOn', number | null> = { openedOn: null, qualifiedOn: null }
  for (const name of ['openedOn', 'qualifiedOn'] as const) {
    const day = text(name)
    const before = name === 'openedOn' ? opened : qualified
    if (!day) continue
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(`${day}T00:00:00Z`)))
      fields[name] = 'Write the date like 2026-02-28.'
    // A qualification counts its whole day, since it is a cut-off; an opening starts its day.
    else if (before?.day === day) days[name] = before.at
    else days[name] = name === 'openedOn' ? startOfDay(day, timeZone) : endOf(day, timeZone)
  }
  if (Object.keys(fields).length > 0) return { ok: false as const, fields }
  const values = {
    name: text('name'),
    accountName: text('accountName'),
    accountDomain: text('accountDomain') || null,
    contactEmail: text('contactEmail') || null,
    amount: amount as number,
    currency,
    product: text('product') || null,
    territory: text('territory') || null,
    // The procedure refuses what is none of them.
    type: (text('type') || 'new') as DealType,
    qualifiedAt: days.qualifiedOn,
    registeredBy: registrant && 'id' in registrant ? registrant.id : null,
    externalRef: text('externalRef') || null,
    notes: text('notes').replace(/\r\n?/g, '\n') || null,
    programId: text('programId') || undefined,
  }
  return { ok: true as const, values: { ...values, ...(days.openedOn === null ? {} : { openedAt: days.openedOn }) } }
}

function endOf(day: string, timeZone: string): number {
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
  return startOfDay(next, timeZone) - 1
}

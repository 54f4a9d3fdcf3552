import type { ActionFunctionArgs } from '@remix-run/node'
import { mutate, type Outcome, type Refusal } from '#app/api.server.ts'
import { changeOf, textOf } from '#app/routes/admin/read-query.server.ts'
import { DomainError } from '#server/lib/errors.ts'
import { parseAmount } from '#server/lib/money.ts'
import type { ChangedRegistration } from '#server/registrations/service.ts'

/** Saves what was typed as a draft, and sends it in where that button was pressed. */
export async function saveRegistration(
  args: ActionFunctionArgs,
  form: FormData,
  registrationId: string | null,
): Promise<Outcome<ChangedRegistration>> {
  const currency = textOf(form, 'currency')
  const expectedAmount = readAmount(textOf(form, 'expectedAmount'), currency)
  if (typeof expectedAmount === 'string') return refusal(expectedAmount, 'expectedAmount')
  const values = {
    accountName: textOf(form, 'accountName'),
    contactEmail: textOf(form, 'contactEmail') || null,
    expectedAmount,
    programId: textOf(form, 'programId') || undefined,
    notes: textOf(form, 'notes').replace(/\r\n?/g, '\n') || null,
    submit: textOf(form, 'intent') === 'submit',
  }
  const { version, idempotencyKey } = changeOf(form)
  return mutate(args, api =>
    registrationId === null
      ? api.registrations.create({ ...values, currency: currency || undefined, idempotencyKey })
      : api.registrations.update({ ...values, registrationId, version, idempotencyKey }),
  )
}

/** Minor units, null where nothing was typed, or the sentence that says what is wrong. */
function readAmount(text: string, currency: string): number | null | string {
  if (!text) return null
  try {
    return parseAmount(text, currency)
  } catch (error) {
    if (error instanceof DomainError) return error.message
    throw error
  }
}

function refusal(message: string, field: string): Refusal {
  return { ok: false, status: 400, message, fields: { [field]: message } }
}

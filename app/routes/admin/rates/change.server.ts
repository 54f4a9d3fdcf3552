import {
  type ActionFunctionArgs,
  MaxPartSizeExceededError,
  unstable_createMemoryUploadHandler as memoryUploads,
} from '@remix-run/node'
import { mutate, type Refusal, redirectWithToast } from '#app/api.server.ts'
import type { FormErrors } from '#app/components/form.tsx'
import { readMultipart } from '#app/multipart.server.ts'
import type { RatesImported } from '#server/rates/service.ts'
import { changeOf, summaryOf, textOf, typedIn } from '../read-query.server.ts'

/** A little more than the procedure takes, so that its own sentence about size is what people read. */
const maxUploadBytes = 6 * 1024 * 1024

export type RatesAnswer =
  | { done: RatesImported; fileName: string; status: number }
  | {
      done: null
      intent: string
      refusal: Refusal
      summary: FormErrors
      values: Record<string, string>
      status: number
    }

/** One rate by hand, or the European Central Bank's file: first only counted, or imported at once. */
export async function changeRates(args: ActionFunctionArgs): Promise<Response | RatesAnswer> {
  const form = await readForm(args)
  const intent = form ? textOf(form, 'intent') : 'import'
  const refused = (refusal: Refusal): RatesAnswer => ({
    ...{ done: null, intent, refusal, status: refusal.status },
    summary: summaryOf(refusal),
    values: form ? typedIn(form) : {},
  })
  const problem = (field: string, message: string) =>
    refused({ ok: false, status: 400, message, fields: { [field]: message } })
  if (!form) return problem('file', 'The file is larger than 5 MB.')
  const { idempotencyKey } = changeOf(form)
  if (intent === 'add') {
    const outcome = await mutate(args, api =>
      api.rates.add({
        base: textOf(form, 'base'),
        quote: textOf(form, 'quote'),
        rate: textOf(form, 'rate'),
        day: textOf(form, 'day'),
        note: textOf(form, 'note') || undefined,
        idempotencyKey,
      }),
    )
    if (!outcome.ok) return refused(outcome)
    return redirectWithToast(args.context, '/admin/rates', { kind: 'success', message: 'The rate is stored.' })
  }
  const file = form.get('file')
  if (!(file instanceof Blob) || file.size === 0) return problem('file', 'Choose the file first.')
  const text = await file.text()
  // Looking changes nothing, so it needs no key; the same file is then imported under the form's own.
  const dry = intent !== 'import'
  const outcome = await mutate(args, api => api.rates.importEcb({ text, dry, ...(dry ? {} : { idempotencyKey }) }))
  if (!outcome.ok) return refused(outcome)
  const fileName = 'name' in file && typeof file.name === 'string' ? file.name.slice(0, 200) : ''
  return { done: outcome.value, fileName, status: 200 }
}

/** The posted form; null where its file is too large. */
async function readForm({ request }: ActionFunctionArgs): Promise<FormData | null> {
  if (!(request.headers.get('content-type') ?? '').startsWith('multipart/form-data')) return request.formData()
  try {
    return await readMultipart(request, memoryUploads({ maxPartSize: maxUploadBytes }))
  } catch (error) {
    if (error instanceof MaxPartSizeExceededError) return null
    throw error
  }
}

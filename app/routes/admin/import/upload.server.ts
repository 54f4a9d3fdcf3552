import {
  type ActionFunctionArgs,
  MaxPartSizeExceededError,
  unstable_createMemoryUploadHandler as memoryUploads,
} from '@remix-run/node'
import { readMultipart } from '#app/multipart.server.ts'

/** A little more than the procedure takes, so that its own sentence about size is what people read. */
const maxUploadBytes = 6 * 1024 * 1024

export type Upload =
  | { ok: true; fileName: string; text: string; idempotencyKey: string | undefined }
  | { ok: false; field: string; message: string }

/** The spreadsheet of the import form: an uploaded file, or else pasted text. Nothing is written to disk. */
export async function readUpload({ request }: ActionFunctionArgs): Promise<Upload> {
  let form: FormData
  try {
    const multipart = (request.headers.get('content-type') ?? '').startsWith('multipart/form-data')
    form = multipart
      ? await readMultipart(request, memoryUploads({ maxPartSize: maxUploadBytes }))
      : await request.formData()
  } catch (error) {
    if (!(error instanceof MaxPartSizeExceededError)) throw error
    return { ok: false, field: 'file', message: 'The file is larger than 5 MB. Split it.' }
  }
  const idempotencyKey = String(form.get('idempotencyKey') ?? '') || undefined
  const file = form.get('file')
  if (file instanceof Blob && file.size > 0) {
    const name = 'name' in file && typeof file.name === 'string' ? file.name : ''
    // Decoded as it is: what is no UTF-8 turns into U+FFFD, which the procedure refuses with advice.
    return { ok: true, fileName: name.trim().slice(0, 200) || 'payouts.csv', text: await file.text(), idempotencyKey }
  }
  const pasted = form.get('text')
  if (typeof pasted === 'string' && pasted.trim() !== '')
    return { ok: true, fileName: 'Pasted rows.csv', text: pasted, idempotencyKey }
  return { ok: false, field: 'file', message: 'Choose a CSV file, or paste its rows below.' }
}

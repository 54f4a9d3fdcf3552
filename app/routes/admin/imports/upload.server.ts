import type { ActionFunctionArgs, UploadHandler } from '@remix-run/node'
import { mutate, type Outcome, type Refusal } from '#app/api.server.ts'
import { readMultipart } from '#app/multipart.server.ts'
import type { Caller } from '#server/router.ts'

type Uploaded = Awaited<ReturnType<Caller['imports']['upload']>>

/**
 * Hands an uploaded file on as it arrives: nothing is written to disk, and nothing of it is held. The form's other fields stand before
 * the file, so they are known by then. A file that is refused is still read to its end: a browser that is cut off while it sends shows
 * no answer.
 */
export async function receiveFile(args: ActionFunctionArgs): Promise<Outcome<Uploaded>> {
  const fields = new Map<string, string>()
  let outcome: Outcome<Uploaded> | null = null
  const handle: UploadHandler = async ({ name, filename, data }) => {
    if (filename === undefined) {
      fields.set(name, await textOf(data))
      return null
    }
    if (name !== 'file' || outcome) return drain(data)
    const source = data[Symbol.asyncIterator]()
    const first = await source.next()
    if (filename.trim() === '' && first.done) return null
    outcome = first.done ? empty : await store(args, fields, filename, startingWith(first.value, source))
    return drain({ [Symbol.asyncIterator]: () => source })
  }
  await readMultipart(args.request, handle)
  return outcome ?? refusal('Choose a CSV file.')
}

function store(
  args: ActionFunctionArgs,
  fields: Map<string, string>,
  filename: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<Outcome<Uploaded>> {
  const kind = fields.get('kind') ?? ''
  const tool = fields.get('tool')
  return mutate(args, api =>
    api.imports.upload({
      // A kind that is none is the procedure's to refuse.
      kind: kind as Parameters<Caller['imports']['upload']>[0]['kind'],
      ...(tool ? { preset: `${tool}-${kind}` } : {}),
      fileName: filename.trim().slice(0, 200) || 'import.csv',
      bytes,
      idempotencyKey: fields.get('idempotencyKey') || undefined,
    }),
  )
}

/** Only `next` is passed on: leaving the loop early must not end the part, which is drained after it. */
async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let piece = await rest.next(); !piece.done; piece = await rest.next()) yield piece.value
}

async function drain(data: AsyncIterable<Uint8Array>): Promise<null> {
  for await (const _ of data) {
    // Read and forgotten.
  }
  return null
}

async function textOf(data: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of data) if (text.length < 1_000) text += decoder.decode(piece, { stream: true })
  return text
}

function refusal(message: string): Refusal {
  return { ok: false, status: 400, message, fields: { file: message } }
}

const empty = refusal('The file is empty. Its first line should name the columns.')

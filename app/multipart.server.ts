import { MaxPartSizeExceededError, unstable_parseMultipartFormData as parse, type UploadHandler } from '@remix-run/node'

/**
 * The posted form with its files. What is no such form (no boundary, no part, cut off between parts) is the sender's fault, so it is
 * a 400; what the handler throws stays what it is.
 * @throws Response 400; MaxPartSizeExceededError
 */
export async function readMultipart(request: Request, handler: UploadHandler): Promise<FormData> {
  let own: unknown
  try {
    return await parse(request, async part => {
      try {
        return await handler(part)
      } catch (error) {
        own = error
        throw error
      }
    })
  } catch (error) {
    if (error === own || error instanceof MaxPartSizeExceededError) throw error
    throw new Response('That form could not be read. Choose the file again.', { status: 400 })
  }
}

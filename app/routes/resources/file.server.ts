import type { LoaderFunctionArgs } from '@remix-run/node'
import type { Download } from '#server/exports/download.ts'

/**
 * The answer of a route without a page. What query() throws is made for error pages; without one Remix would turn it into a bare
 * 500, so it becomes a plain sentence with its status. Redirects to sign-in pass.
 */
export async function answerFile(read: () => Promise<Response>): Promise<Response> {
  try {
    return await read()
  } catch (error) {
    const problem = problemOf(error)
    if (!problem) throw error
    return new Response(problem.message, {
      status: problem.status,
      headers: { ...problem.headers, 'Content-Type': 'text/plain; charset=utf-8' },
    })
  }
}

function problemOf(error: unknown): { message: string; status: number; headers: Record<string, string> } | null {
  if (error instanceof Response || typeof error !== 'object' || error === null) return null
  const { data, init } = error as { data?: { message?: unknown }; init?: ResponseInit | null }
  if (typeof data?.message !== 'string') return null
  const headers = Object.fromEntries(new Headers(init?.headers))
  return { message: data.message, status: init?.status ?? 500, headers }
}

/** A file of people's or money's data, which `startDownload` has recorded and taken from the reader's quota. */
export function downloadResponse(file: Download, args: LoaderFunctionArgs): Response {
  return fileResponse(streamOf(file.chunks, args), file.fileName, file.contentType)
}

/** A file to save. The name is ours, but may hold a person's words, so it is written for every browser. */
export function fileResponse(
  body: string | ReadableStream<Uint8Array>,
  fileName: string,
  contentType: string,
): Response {
  const ascii = fileName.replace(/[^\w. -]/g, '_')
  return new Response(body, {
    headers: {
      'Content-Type': contentType,
      'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(fileName)}`,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    },
  })
}

/**
 * Bytes in the rhythm of their reader. Remix writes a response as fast as it can read it, so a slow download would pile up in
 * memory: `drained` of the load context waits until the last piece has left.
 */
export function streamOf(
  chunks: AsyncIterable<string>,
  { request, context }: LoaderFunctionArgs,
): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        await context.drained()
        if (request.signal.aborted) {
          // The reader has left: nobody can take the shorter file for the whole one.
          await iterator.return?.()
          controller.close()
          return
        }
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

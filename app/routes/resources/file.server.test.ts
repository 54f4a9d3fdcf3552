import type { LoaderFunctionArgs } from '@remix-run/node'
import { data, redirect } from '@remix-run/node'
import { expect, test } from 'vitest'
import { answerFile, fileResponse, streamOf } from './file.server.ts'

function args(
  context: object = { drained: async () => {} },
  signal = new AbortController().signal,
): LoaderFunctionArgs {
  return { request: new Request('http://127.0.0.1/', { signal }), params: {}, context } as unknown as LoaderFunctionArgs
}

async function* letters(seen: string[]) {
  try {
    for (const letter of ['a', 'b', 'c']) {
      seen.push(letter)
      yield letter
    }
  } finally {
    seen.push('freed')
  }
}

test('a refusal becomes a sentence with its status, a redirect stays one', async () => {
  const refused = await answerFile(async () => {
    throw data({ message: 'Your role does not include this.', requestId: 'req_1' }, { status: 403 })
  })
  expect([refused.status, await refused.text()]).toEqual([403, 'Your role does not include this.'])
  const lead = answerFile(async () => {
    throw redirect('/login')
  })
  await expect(lead).rejects.toBeInstanceOf(Response)
})

test('a file name of somebody’s own can’t end the header', () => {
  const response = fileResponse('x', 'März"\r\nX-Evil: 1.csv', 'text/csv')
  const header = response.headers.get('Content-Disposition') ?? ''
  expect(header).toContain('filename="M_rz___X-Evil_ 1.csv"')
  expect(header).toContain("filename*=UTF-8''M%C3%A4rz%22%0D%0AX-Evil%3A%201.csv")
})

test('a file is saved, never shown: an attachment, of its own kind, kept by nobody', () => {
  const { headers } = fileResponse('<script>alert(1)</script>', 'payouts.csv', 'text/csv; charset=utf-8')
  expect(headers.get('Content-Disposition')).toMatch(/^attachment; /)
  expect(headers.get('Content-Type')).toBe('text/csv; charset=utf-8')
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(headers.get('Cache-Control')).toBe('no-store')
})

test('pieces are asked for one by one, and only once the last has drained', async () => {
  const seen: string[] = []
  let open = () => {}
  let gate = new Promise<void>(resolve => {
    open = resolve
  })
  const reader = streamOf(letters(seen), args({ drained: () => gate })).getReader()
  const first = reader.read()
  await Promise.resolve()
  expect(seen).toEqual([])
  open()
  expect(new TextDecoder().decode((await first).value)).toBe('a')
  gate = Promise.resolve()
  expect(seen).toEqual(['a'])
  await reader.read()
  await reader.read()
  expect((await reader.read()).done).toBe(true)
  expect(seen).toEqual(['a', 'b', 'c', 'freed'])
})

test('a reader that leaves frees what the source holds', async () => {
  const canceled: string[] = []
  const reader = streamOf(letters(canceled), args()).getReader()
  await reader.read()
  await reader.cancel()
  expect(canceled).toEqual(['a', 'freed'])

  const aborted: string[] = []
  const controller = new AbortController()
  const other = streamOf(letters(aborted), args(undefined, controller.signal)).getReader()
  await other.read()
  controller.abort()
  expect((await other.read()).done).toBe(true)
  expect(aborted).toEqual(['a', 'freed'])
})

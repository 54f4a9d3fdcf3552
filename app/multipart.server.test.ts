import { unstable_createMemoryUploadHandler as memoryUploads } from '@remix-run/node'
import { expect, test } from 'vitest'
import { readMultipart } from './multipart.server.ts'

const posted = (type: string, body: string) =>
  new Request('http://127.0.0.1/', { method: 'POST', headers: { 'content-type': type }, body })
const part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'

test.each([
  ['without a boundary', 'multipart/form-data', part],
  ['with an empty boundary', 'multipart/form-data; boundary=', part],
  ['of another boundary', 'multipart/form-data; boundary=x', 'nothing of the kind'],
  ['with a part that says nothing of itself', 'multipart/form-data; boundary=x', '--x\r\n\r\n\r\n--x--\r\n'],
])('an upload %s is the sender’s fault, or holds nothing; never a server error', async (_name, type, body) => {
  const outcome = await readMultipart(posted(type, body), memoryUploads()).catch(error => error)
  if (outcome instanceof FormData) expect([...outcome.keys()]).toEqual([])
  else expect(outcome).toMatchObject({ status: 400 })
})

test('a whole form is read, and what its handler throws is not blamed on the sender', async () => {
  const whole = () => posted('multipart/form-data; boundary=x', `${part}--x--\r\n`)
  expect((await readMultipart(whole(), memoryUploads())).get('a')).toBe('1')
  const bug = new Error('a bug')
  await expect(readMultipart(whole(), () => Promise.reject(bug))).rejects.toBe(bug)
})

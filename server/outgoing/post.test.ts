import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { isPublicAddress } from './address.ts'
import { postOutgoing } from './post.ts'

async function aServer(answer: RequestListener, host = '127.0.0.1', port = 0) {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.headers.host} ${request.url}`)
    request.resume()
    request.on('end', () => answer(request, response))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

const ok: RequestListener = (_request, response) => response.end('thanks')

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.100.100.200',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '168.63.129.16',
  '192.88.99.1',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:8.8.8.8',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '4000::1',
  'localhost',
  '',
  '127.1',
  '0x7f.1',
  '2130706433',
  '8.8.8.8.8',
  '1.2.3.4/8',
])('%s is not public', address => {
  expect(isPublicAddress(address)).toBe(false)
})

test.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e'])(
  '%s is public',
  address => {
    expect(isPublicAddress(address)).toBe(true)
  },
)

test.each([
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://127.1/',
  'https://0/',
  'https://[::1]/',
  'https://[::ffff:169.254.169.254]/',
  'https://[64:ff9b::a9fe:a9fe]/',
  'https://169.254.169.254/latest/meta-data/',
  'https://１２７.0.0.1/',
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'https://user:secret@example.com/',
  'https://example.com:8443/',
  'https://',
  'javascript:alert(1)',
  'no address',
])('%s is refused before anything is sent', async url => {
  const asked: string[] = []
  const resolve = async (host: string) => {
    asked.push(host)
    return ['93.184.216.34']
  }
  await expect(postOutgoing(url, '{}', {}, { resolve })).rejects.toMatchObject({ name: 'OutgoingRefused' })
  expect(asked).toEqual([])
})

test.each([
  ['one private address', async () => ['10.0.0.1']],
  ['a private one among public ones', async () => ['93.184.216.34', '2606:4700:4700::1111', '192.168.0.1']],
  ['no address', async () => []],
  ['what is no address', async () => ['localhost']],
  ['a resolver that fails', async () => Promise.reject(new Error('SERVFAIL'))],
])('a name with %s is refused', async (_what, resolve) => {
  await expect(postOutgoing('https://hooks.example.com/', '{}', {}, { resolve })).rejects.toMatchObject({
    name: 'OutgoingRefused',
  })
})

test('this machine is refused by its own name, by the machine’s own resolver', async () => {
  await expect(postOutgoing('https://localhost/', '{}')).rejects.toMatchObject({ name: 'OutgoingRefused' })
})

test('the connection goes to the address that was checked, whatever the name leads to a moment later', async () => {
  const checked = await aServer(ok)
  const rebound = await aServer(ok, '127.0.0.2', checked.port)
  let asked = 0
  const resolve = async () => (asked++ === 0 ? ['127.0.0.1'] : ['127.0.0.2'])
  const answer = await postOutgoing(
    `http://hooks.example.com:${checked.port}/x`,
    '{"a":1}',
    {},
    { resolve, loopback: true },
  )
  expect(answer).toEqual({ status: 200, text: 'thanks' })
  expect(checked.seen).toEqual([`hooks.example.com:${checked.port} /x`])
  expect({ rebound: rebound.seen, asked }).toEqual({ rebound: [], asked: 1 })
})

test('a redirect is not followed, wherever it leads', async () => {
  const inside = await aServer(ok)
  for (const status of [301, 302, 303, 307, 308]) {
    const outside = await aServer((_request, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${inside.port}/` }).end(),
    )
    await expect(postOutgoing(`http://127.0.0.1:${outside.port}/`, '{}', {}, { loopback: true })).rejects.toThrow(
      'redirect',
    )
  }
  expect(inside.seen).toEqual([])
})

test('an answer without end is cut off, and one that never comes is not waited for', async () => {
  const endless = await aServer((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
      response.once('drain', more)
    }
    more()
  })
  await expect(postOutgoing(`http://127.0.0.1:${endless.port}/`, '{}', {}, { loopback: true })).rejects.toThrow(
    'longer than 65536',
  )
  const silent = await aServer(() => {})
  await expect(
    postOutgoing(`http://127.0.0.1:${silent.port}/`, '{}', {}, { loopback: true, timeoutMs: 200 }),
  ).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('loopback is for tests that ask for it, and lets in nothing else', async () => {
  const { port } = await aServer(ok)
  await expect(postOutgoing(`http://127.0.0.1:${port}/`, '{}')).rejects.toThrow('https://')
  await expect(postOutgoing('http://10.0.0.1/', '{}', {}, { loopback: true })).rejects.toThrow('public internet')
})

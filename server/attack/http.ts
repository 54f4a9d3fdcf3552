import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createHttpApp, type HttpOptions } from '../http/app.ts'
import type { TestDeps } from '../test/deps.ts'

export const publicOrigin = 'http://127.0.0.1:3000'

/** Remix without pages: what gets as far as Remix is answered 404 or 405. The pages themselves are attacked in e2e/attack.spec.ts. */
const noPages = {
  entry: { module: { default: () => new Response('page') } },
  routes: {},
  assets: { entry: { module: '', imports: [] }, routes: {}, url: '', version: '' },
  publicPath: '/',
  assetsBuildDirectory: '',
  basename: '/',
  mode: 'production',
  future: { v3_singleFetch: true },
  isSpaMode: false,
} as unknown as HttpOptions['build']

/** The real HTTP mount on a free port. */
export async function anHttpServer(deps: TestDeps): Promise<{ port: number; close(): void }> {
  const server = createServer(createHttpApp(deps, { build: noPages, ready: async () => ({ ok: true }) }))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

export interface Sent {
  method?: string
  path: string
  headers?: Record<string, string>
  body?: string | Buffer
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** One request, with our own page's headers unless told otherwise: fetch would not let a test forge them. */
export function send(port: number, { method = 'GET', path, headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const all = { host: '127.0.0.1:3000', origin: publicOrigin, 'sec-fetch-site': 'same-origin', ...length, ...headers }
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers: all }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => {
        const { statusCode = 0, headers: got } = response
        resolve({ status: statusCode, headers: got, body: Buffer.concat(chunks).toString() })
      })
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Bytes as they are, on a connection of their own; what came back until the server closed it. */
export function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()))
    socket.on('error', error => {
      // The server may hang up on what it can't read.
      if ((error as { code?: string }).code !== 'ECONNRESET' && (error as { code?: string }).code !== 'EPIPE')
        reject(error)
    })
  })
}

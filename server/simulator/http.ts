import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSimulator, type Delivery, type Reply, type Simulator, type SimulatorOptions } from './core.ts'

const LARGEST_BODY = 4 * 1024 * 1024
/** An endpoint has so long to answer; then the attempt counts as failed. */
const DELIVERY_TIMEOUT = 10_000
/** The clock may be moved at any time, so nobody sleeps longer than this. */
const LONGEST_NAP = 1_000

export interface HttpSimulatorOptions extends Partial<SimulatorOptions> {
  /** 0 takes any free port. */
  port?: number
  /** Endpoints to register before anything can happen. */
  endpoints?: { kind: 'platform' | 'connect' | 'events'; url: string; secret: string }[]
}

export interface HttpSimulator {
  url: string
  port: number
  simulator: Simulator
  /** Sends what is due now and waits until all of it is settled. Tests call it instead of waiting. */
  deliver(): Promise<void>
  /** Calls a control endpoint such as `POST /_sim/clock`; throws unless the answer is 200. */
  control<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): T
  close(): Promise<void>
}

/** Serves a simulator over HTTP on 127.0.0.1 and delivers its webhooks. */
export async function startSimulator(options: HttpSimulatorOptions = {}): Promise<HttpSimulator> {
  const server = createServer((request, response) => {
    serve(request, response).catch(error => {
      console.error('simulator:', error)
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { type: 'api_error', message: `Simulator failure: ${error}` } }))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const simulator = open()
  let closing = false
  let nap: NodeJS.Timeout | undefined
  let wanted = false
  let running: Promise<void> | null = null
  const late = new Set<NodeJS.Timeout>()

  function open(): Simulator {
    try {
      const opened = createSimulator({ path: ':memory:', now: Date.now, ...options, baseUrl: options.baseUrl ?? url })
      for (const endpoint of options.endpoints ?? []) opened.register(endpoint)
      return opened
    } catch (error) {
      server.close()
      throw error
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (body === null) {
      response.writeHead(413, { connection: 'close' }).end()
      return
    }
    if (closing) {
      request.socket.destroy()
      return
    }
    const { method = 'GET', url: path = '/', headers } = request
    const reply = simulator.handle({ method, path, headers, body })
    send(reply, request, response)
    wake()
  }

  function send(reply: Reply, request: IncomingMessage, response: ServerResponse): void {
    const write = () => {
      response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) })
      response.end(reply.body)
    }
    switch (reply.transport?.kind) {
      case undefined:
        write()
        return
      case 'reset':
        request.socket.resetAndDestroy()
        return
      case 'hang':
        return
      case 'truncate': {
        const whole = Buffer.from(reply.body)
        response.writeHead(reply.status, { ...reply.headers, 'content-length': whole.length })
        // Destroying after the flush: the caller has to see half a body, not a reset before the first byte.
        response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => request.socket.destroy())
        return
      }
      case 'latency': {
        const timer = setTimeout(() => {
          late.delete(timer)
          write()
        }, reply.transport.ms)
        late.add(timer)
      }
    }
  }

  /** Looks for due deliveries now, or right after the round that is under way. */
  function wake(): void {
    wanted = true
    if (!running && !closing) {
      running = work().finally(() => {
        running = null
        if (wanted && !closing) wake()
      })
    }
  }

  async function work(): Promise<void> {
    clearTimeout(nap)
    while (wanted && !closing) {
      wanted = false
      simulator.tick()
      const due = simulator.pendingDeliveries()
      // One endpoint gets its events one after the other; a slow endpoint does not hold up the others.
      const queues = new Map<string, Delivery[]>()
      for (const delivery of due) queues.set(delivery.endpoint, [...(queues.get(delivery.endpoint) ?? []), delivery])
      await Promise.all([...queues.values()].map(drain))
      if (due.length > 0) wanted = true
    }
    if (closing) return
    const next = simulator.nextDue()
    nap = setTimeout(wake, Math.min(LONGEST_NAP, Math.max(10, (next ?? Infinity) - simulator.now())))
    nap.unref()
  }

  async function drain(queue: Delivery[]): Promise<void> {
    for (const delivery of queue) {
      const status = await attempt(delivery)
      if (closing) return
      simulator.settleDelivery(delivery.id, status)
    }
  }

  async function attempt(delivery: Delivery): Promise<number | null> {
    try {
      const answer = await fetch(delivery.url, {
        method: 'POST',
        headers: delivery.headers,
        body: delivery.body,
        redirect: 'manual',
        signal: AbortSignal.timeout(DELIVERY_TIMEOUT),
      })
      await answer.body?.cancel()
      return answer.status
    } catch {
      return null
    }
  }

  wake()
  return {
    url,
    port,
    simulator,
    async deliver() {
      wake()
      while (running) await running
    },
    control<T>(method: string, path: string, body?: unknown): T {
      const reply = simulator.handle({
        method,
        path,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? '' : JSON.stringify(body),
      })
      wake()
      if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`)
      return JSON.parse(reply.body) as T
    },
    async close() {
      closing = true
      clearTimeout(nap)
      for (const timer of late) clearTimeout(timer)
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await running
      simulator.close()
    },
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > LARGEST_BODY) return null
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

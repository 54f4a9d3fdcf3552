import { randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import path from 'node:path'
import { createRequestHandler } from '@remix-run/express'
import type { AppLoadContext, ServerBuild } from '@remix-run/node'
import { TRPCError } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import compression from 'compression'
import express, { type NextFunction, type Request, type Response } from 'express'
import { troubleOf } from '#db/trouble.ts'
import { readSignInId } from '../auth/lucia.ts'
import { passkeysPossible } from '../auth/passkeys.ts'
import { readViewer } from '../auth/sessions.ts'
import { type Deps, sha256 } from '../deps.ts'
import { diskSentences } from '../lib/errors.ts'
import { clearToast, readToast } from '../lib/toast.ts'
import { logWith } from '../log.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { appRouter, createCaller } from '../router.ts'
import { receiveWebhook } from '../stripe/webhook.ts'
import { type Context, explain, sentenceOf } from '../trpc.ts'
import { refuseCrossSite, streamedUploadPaths, uploadPaths, webhookPaths } from './guard.ts'
import { securityHeaders } from './headers.ts'
import type { Readiness } from './ready.ts'
import { routePatterns } from './route-pattern.ts'

export interface HttpOptions {
  /** The compiled Remix app, or the function that loads it anew for each request in development. */
  build: ServerBuild | (() => Promise<ServerBuild>)
  /** Where the browser's files are; absent in development, where Vite serves them. */
  clientDirectory?: string
  /** In development: Vite's own middleware. */
  development?: express.RequestHandler
  /** False from the moment that the process drains. */
  ready: () => Promise<Readiness>
}

const webhookLimit = 256 * 1024
const apiLimit = 1024 * 1024

/** All of HTTP: headers, the cross-site guard, webhooks, tRPC, files and Remix. It holds no state of its own. */
export function createHttpApp(deps: Deps, options: HttpOptions): express.Express {
  const { config } = deps
  const publicUrl = new URL(config.PUBLIC_URL)
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', config.TRUST_PROXY ? 1 : false)
  const metrics = config.METRICS_TOKEN ? createMetrics(deps) : null
  app.use(watched(deps, options.build, metrics))
  const stripeHosts =
    config.PAYMENTS === 'simulator' ? [new URL(config.STRIPE_API_BASE).origin] : ['https://connect.stripe.com']
  app.use(...securityHeaders({ https: publicUrl.protocol === 'https:', formTargets: stripeHosts }))
  app.use((request, response, next) => {
    if (['TRACE', 'TRACK', 'CONNECT'].includes(request.method)) return void response.status(405).end()
    next()
  })
  app.get('/livez', (_request, response) => void response.type('text/plain; charset=utf-8').send('ok'))
  app.get('/readyz', async (_request, response) => {
    const answer = await options.ready().catch(error => ({ ok: false as const, why: String(error) }))
    if (!answer.ok) deps.log.warn({ why: answer.why }, 'not ready')
    response
      .status(answer.ok ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(answer.ok ? 'ok' : 'not ready')
  })
  if (metrics) app.get('/metrics', metricsPage(metrics, config.METRICS_TOKEN ?? ''))
  mountWebhooks(app, deps)
  app.use(refuseCrossSite(publicUrl.origin))
  app.use(
    compression({
      filter: (request, response) =>
        response.getHeader('Content-Type') !== 'text/event-stream' && compression.filter(request, response),
    }),
  )
  if (options.clientDirectory) mountFiles(app, options.clientDirectory)
  if (options.development) app.use(options.development)
  app.use((_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store')
    next()
  })
  // Cookies and the cross-site guard know one address; a person who came by another name is led to it.
  app.use((request, response, next) => {
    if (request.method !== 'GET' || request.get('host') === publicUrl.host) return next()
    // Not resolved as a URL: `//elsewhere/` would lead there.
    response.redirect(307, `${publicUrl.origin}/${request.originalUrl.replace(/^[/\\]+/, '')}`)
  })
  app.use(
    '/api/trpc',
    createExpressMiddleware({
      router: appRouter,
      createContext: ({ req, res }) => contextOf(deps, req, res),
      maxBodySize: apiLimit,
      allowBatching: true,
      maxBatchSize: 10,
      responseMeta: ({ errors }) => ({ headers: retryAfter(errors) }),
    }),
  )
  app.use(refuseLargeBodies)
  app.all('*', remix(deps, options.build))
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const status = statusOf(error)
    if (status >= 500) deps.log.error({ err: error, requestId: response.locals.requestId }, 'a request failed')
    if (response.headersSent) return void response.end()
    const trouble = troubleOf(error)
    response
      .status(trouble ? 503 : status)
      .type('text/plain; charset=utf-8')
      .send(
        trouble
          ? diskSentences[trouble]
          : status >= 500
            ? `Something went wrong on our side. The request id is ${response.locals.requestId}.`
            : 'That request could not be read.',
      )
  })
  return app
}

/** Tells clients when to come back, where a refusal passes; of a batch the longest wait. */
function retryAfter(errors: readonly TRPCError[]): Record<string, string> {
  const waits = errors.flatMap(error => explain(error).retryAfterMs ?? [])
  return waits.length > 0 ? { 'Retry-After': String(Math.ceil(Math.max(...waits) / 1000)) } : {}
}

/** What is routed here and not by a page. A procedure's name is not part of it: there are many, and a batch has several. */
const ownRoutes = ['/livez', '/readyz', '/metrics', '/api/trpc/*', '/assets/*', ...webhookPaths]
const quietRoutes = new Set(['/livez', '/readyz', '/metrics', '/assets/*'])

/**
 * Names the request, and writes one line of it when it has been answered: who, where, how it ended, how long it took. Pages are known by
 * their patterns, so that neither the log nor the metrics hold what somebody typed into the address.
 */
function watched(
  deps: Deps,
  build: HttpOptions['build'],
  metrics: ReturnType<typeof createMetrics> | null,
): express.RequestHandler {
  let patterns = routePatterns(typeof build === 'function' ? {} : build.routes, ownRoutes)
  // In development the pages are compiled as they are asked for; until then they have no pattern.
  let loading = typeof build === 'function' ? build : null
  return (request, response, next) => {
    response.locals.requestId = `req_${randomUUID().replaceAll('-', '')}`
    response.setHeader('X-Request-Id', response.locals.requestId)
    const started = performance.now()
    const { path: asked, method } = request
    response.once('close', () => {
      // Pages that don't compile are the request's trouble, which says so; here only their patterns are missing.
      loading?.().then(
        ({ routes }) => {
          patterns = routePatterns(routes, ownRoutes)
        },
        () => {},
      )
      loading = null
      const route = patterns(asked)
      // Whoever went away before the answer was whole has not had one.
      const status = response.writableFinished ? response.statusCode : 499
      const ms = Math.round(performance.now() - started)
      const { requestId, viewer } = response.locals
      metrics?.request({ method, route, status }, ms / 1000)
      deps.log[quietRoutes.has(route) ? 'debug' : 'info'](
        { requestId, actor: viewer?.userId, org: viewer?.orgId, role: viewer?.role, method, route, status, ms },
        'request',
      )
    })
    next()
  }
}

/** For whoever has the token, and for nobody else: what it counts says how a company does. */
function metricsPage(metrics: ReturnType<typeof createMetrics>, token: string): express.RequestHandler {
  const expected = Buffer.from(sha256(`Bearer ${token}`))
  return (request, response, next) => {
    response.set('Cache-Control', 'no-store')
    if (!timingSafeEqual(Buffer.from(sha256(request.get('authorization') ?? '')), expected)) {
      response
        .status(401)
        .set('WWW-Authenticate', 'Bearer')
        .type('text/plain; charset=utf-8')
        .send('Send METRICS_TOKEN as the bearer token.')
      return
    }
    metrics
      .scrape()
      .then(text => response.type(metrics.contentType).send(text))
      .catch(next)
  }
}

const pageLimit = 1024 * 1024
/** An import's file of 5 MB, and the form around it. */
const uploadLimit = 6 * 1024 * 1024

/** An import's file of 50 MB, read as it comes, and the form around it. */
const streamedUploadLimit = 51 * 1024 * 1024

/** Remix reads whole bodies into memory; nothing that a page posts is large, and what doesn't say its size isn't a page's. */
function refuseLargeBodies(request: Request, response: Response, next: NextFunction): void {
  const limit = streamedUploadPaths.includes(request.path)
    ? streamedUploadLimit
    : uploadPaths.includes(request.path)
      ? uploadLimit
      : pageLimit
  const chunked = request.get('transfer-encoding') !== undefined
  if (!chunked && Number(request.get('content-length') ?? 0) <= limit) {
    next()
    return
  }
  response
    .status(chunked ? 411 : 413)
    .type('text/plain; charset=utf-8')
    .send(
      chunked
        ? 'Send the length of the content.'
        : `That is too large: at most ${limit / 1024 / 1024} MB fit here. Nothing was changed.`,
    )
}

function statusOf(error: unknown): number {
  const status = error && typeof error === 'object' && 'status' in error ? Number(error.status) : 500
  return status >= 400 && status < 500 ? status : error instanceof URIError ? 400 : 500
}

function mountWebhooks(app: express.Express, deps: Deps): void {
  const raw = express.raw({ type: () => true, limit: webhookLimit })
  for (const route of webhookPaths) {
    const endpoint = route.endsWith('platform') ? 'platform' : route.endsWith('connect') ? 'connect' : 'events'
    app.post(route, raw, (request, response, next) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      receiveWebhook(deps, endpoint, body, request.get('stripe-signature'))
        .then(answer => response.status(answer.status).type('text/plain; charset=utf-8').send(answer.body))
        .catch(next)
    })
  }
}

function mountFiles(app: express.Express, directory: string): void {
  app.use('/assets', express.static(path.join(directory, 'assets'), { immutable: true, maxAge: '1y', index: false }))
  app.use(express.static(directory, { maxAge: '1h', index: false, redirect: false }))
}

/** What a procedure gets to know of a request: the session's viewer, never what the request claims. */
async function contextOf(deps: Deps, request: Request, response: Response): Promise<Context> {
  const session = await readViewer(deps, request.get('cookie') ?? null)
  const { requestId } = response.locals
  response.locals.viewer = session?.viewer
  return {
    // Whatever a service logs on the way says which request it was for.
    deps: { ...deps, log: logWith(deps.log, { requestId }) },
    viewer: session?.viewer ?? null,
    proof: session?.proof ?? null,
    sessionId: session?.sessionId ?? null,
    signInId: readSignInId(deps, request.get('cookie')),
    address: request.ip ?? '',
    device: (request.get('user-agent') ?? '').slice(0, 300),
    requestId,
    setCookie: cookie => response.append('Set-Cookie', cookie),
  }
}

/** Whether the answer reaches a person's eyes: not the router asking for its map, not a link fetched ahead of a click, not a part of a page. */
function rendersPage(request: { method: string; url: string; headers: IncomingHttpHeaders }): boolean {
  const [pathname, search] = request.url.split('?')
  const parts = new URLSearchParams(search).get('_routes')?.split(',')
  return (
    request.method === 'GET' &&
    pathname !== '/__manifest' &&
    !String(request.headers['sec-purpose'] ?? '').includes('prefetch') &&
    (parts === undefined || parts.includes('root'))
  )
}

/** Resolves when the client has taken what was written so far, or is gone: a slow one must not fill the memory. */
function drained(response: Response): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    const go = () => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}

function remix(deps: Deps, build: HttpOptions['build']): express.RequestHandler {
  const secure = new URL(deps.config.PUBLIC_URL).protocol === 'https:'
  const handler = createRequestHandler({
    build: build as ServerBuild,
    mode: deps.config.NODE_ENV,
    async getLoadContext(request, response): Promise<AppLoadContext> {
      const context = await contextOf(deps, request as unknown as Request, response as unknown as Response)
      const toast = readToast(request.headers.cookie)
      // Shown by the page that is rendered now, and only there.
      if (toast && rendersPage(request)) response.append('Set-Cookie', clearToast(secure))
      return {
        api: createCaller(context),
        viewer: context.viewer,
        requestId: context.requestId,
        cspNonce: response.locals.cspNonce,
        simulated: deps.config.PAYMENTS === 'simulator',
        timeZone: context.viewer?.timeZone ?? 'UTC',
        toast,
        secure,
        newKey: () => randomUUID(),
        passkeysPossible: passkeysPossible(deps.config),
        byScript: request.path.endsWith('.data'),
        drained: () => drained(response as unknown as Response),
        refusalOf: error => {
          if (!(error instanceof TRPCError)) return null
          const { fields = {}, retryAfterMs, confirm = null } = explain(error)
          const message = sentenceOf(error, context.requestId)
          return { code: error.code, status: getHTTPStatusCodeFromError(error), message, fields, retryAfterMs, confirm }
        },
        logError: error => deps.log.error({ err: error, requestId: context.requestId }, 'a page failed'),
      }
    },
  })
  return (request, response, next) => void handler(request, response, next)
}

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { startSimulator } from './http.ts'

/** Starts the simulator as its own process, configured by the environment, until SIGTERM or SIGINT. */
const env = process.env

const problems = [
  ...(/^[sr]k_live_/.test(env.STRIPE_SECRET_KEY ?? '')
    ? ['STRIPE_SECRET_KEY is a live key; the simulator never runs beside one.']
    : []),
  ...(env.NODE_ENV === 'production' && env.PAYMENTS !== 'simulator'
    ? ['NODE_ENV=production: set PAYMENTS=simulator to say that no real money is meant to move.']
    : []),
  ...(/^\d+$/.test(env.SIMULATOR_PORT ?? '0') ? [] : [`SIMULATOR_PORT is not a port: ${env.SIMULATOR_PORT}`]),
]
const base = env.SIMULATOR_WEBHOOK_BASE?.replace(/\/+$/, '')
const wanted = [
  { kind: 'platform', path: 'platform', name: 'STRIPE_WEBHOOK_SECRET_PLATFORM' },
  { kind: 'connect', path: 'connect', name: 'STRIPE_WEBHOOK_SECRET_CONNECT' },
  { kind: 'events', path: 'events', name: 'STRIPE_WEBHOOK_SECRET_EVENTS' },
] as const
if (base) {
  if (!URL.canParse(base)) problems.push(`SIMULATOR_WEBHOOK_BASE is not a URL: ${base}`)
  for (const { name } of wanted) {
    if (!env[name]) problems.push(`${name} is missing; webhooks cannot be signed without it.`)
  }
}
if (problems.length > 0) {
  for (const problem of problems) console.error(`simulator: ${problem}`)
  process.exit(1)
}

const path = env.SIMULATOR_STATE ?? ':memory:'
if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })

const running = await startSimulator({
  port: Number(env.SIMULATOR_PORT ?? 0),
  path,
  endpoints: base
    ? wanted.map(({ kind, path: route, name }) => ({
        kind,
        url: `${base}/webhooks/stripe/${route}`,
        secret: env[name]!,
      }))
    : [],
}).catch(error => {
  console.error(`simulator: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    running.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
}

console.log(`SIMULATED Stripe listens on ${running.url} (state: ${path})`)

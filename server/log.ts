import { type DestinationStream, pino } from 'pino'
import type { Config } from './config.ts'
import type { Log } from './deps.ts'

/**
 * JSON lines to stdout, whose text can't end one line and begin another. Of errors and of Stripe's objects only what is on a list gets
 * in: they carry requests, headers, and people's data. Everything else is named field by field where it is logged; bodies never are.
 */
export function createLog(config: Pick<Config, 'LOG_LEVEL'>, destination?: DestinationStream): Log {
  const options = {
    level: config.LOG_LEVEL,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Pino's own would add each property that an error has.
    serializers: { err: (value: unknown) => value },
    formatters: { log: (fields: object) => safeFields(fields) },
    redact: { paths: secretNames.flatMap(name => [name, `*.${name}`]), censor: '[redacted]' },
  }
  return destination ? pino(options, destination) : pino(options)
}

const secretNames = ['password', 'token', 'secret', 'cookie', 'authorization']
const longest = 2_000

/** The same log, with fields that every line of a request has. */
export function logWith(log: Log, fields: object): Log {
  const at = (level: keyof Log) => (own: object, message: string) => log[level]({ ...own, ...fields }, message)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function safeFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, safe(value)]))
}

function safe(value: unknown): unknown {
  if (value instanceof Error) return describeError(value)
  if (typeof value === 'string') return clean(value)
  if (isStripeObject(value)) return describeStripe(value)
  return value
}

/** What of an error helps to mend it: what it is, where it came from, and Stripe's own name for the request. */
function describeError(error: Error, depth = 0): Record<string, unknown> {
  const { code, statusCode, requestId, type, cause } = error as Error & Record<string, unknown>
  const short = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? value : undefined)
  return {
    name: error.name,
    message: clean(error.message),
    code: short(code),
    type: short(type),
    statusCode: short(statusCode),
    stripeRequestId: short(requestId),
    // Its first lines repeat the message, with all that was cut from it.
    stack: error.stack
      ?.split('\n')
      .filter(line => /^\s+at /.test(line))
      .slice(0, 15)
      .join('\n'),
    cause: cause instanceof Error && depth < 3 ? describeError(cause, depth + 1) : undefined,
  }
}

/** Without mail addresses, and without the values that a failed statement was to write. */
function clean(text: string): string {
  return text
    .replace(/\nparams:[\s\S]*$/, '')
    .slice(0, longest)
    .replace(/[^\s@<>"'(),;:]+@[^\s@<>"'(),;:]+\.[^\s@<>"'(),;:]+/g, '[address]')
}

function isStripeObject(value: unknown): value is { object: string; id?: unknown } {
  return typeof value === 'object' && value !== null && 'object' in value && typeof value.object === 'string'
}

function describeStripe(value: { object: string; id?: unknown; type?: unknown; status?: unknown }): object {
  const { object, id, type, status } = value
  const short = (one: unknown) => (typeof one === 'string' ? one.slice(0, 100) : undefined)
  return { object: short(object), id: short(id), type: short(type), status: short(status) }
}

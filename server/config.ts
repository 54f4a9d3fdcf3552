import { z } from 'zod'
import { en } from 'zod/locales'

const flag = z.enum(['0', '1', 'true', 'false']).transform(value => value === '1' || value === 'true')
const port = z.coerce.number().int().min(1).max(65535)

/**
 * Every setting, its meaning and its default. `.env.example` is held against this table by a test.
 * Values are strings from the environment; empty ones count as absent.
 */
export const settings = {
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(3000),
  PUBLIC_URL: z.url({
    protocol: /^https?$/,
    error: 'must be the address people use, like https://partners.example.com',
  }),
  DATABASE_URL: z
    .string()
    .regex(/^(file:|libsql:|wss?:|https?:)/, 'must start with file:, libsql:, ws(s): or http(s):')
    .default('file:./.data/remit.db'),
  DATABASE_AUTH_TOKEN: z.string().optional(),
  BACKUP_DIR: z.string().default('./.data/backups'),
  BACKUP_EVERY_HOURS: z.coerce.number().int().min(1).max(720).optional(),
  BACKUP_KEEP: z.coerce.number().int().min(1).max(10_000).optional(),
  PAYMENTS: z.enum(['stripe', 'simulator'], { error: 'must be stripe, or simulator where no money may move' }),
  STRIPE_SECRET_KEY: z.string().min(8, 'must be the secret key of your Stripe platform account'),
  STRIPE_API_BASE: z.url({ protocol: /^https?$/ }).default('https://api.stripe.com'),
  SECRETS_KEY: z
    .string()
    .refine(
      list => list.split(',').every(key => Buffer.from(key.trim(), 'base64').length === 32),
      'must be 32 random bytes in base64, or several such keys with commas between, the current one first',
    )
    .optional(),
  STRIPE_WEBHOOK_SECRET_PLATFORM: z.string().min(8, 'must be the signing secret of the endpoint for platform events'),
  STRIPE_WEBHOOK_SECRET_CONNECT: z
    .string()
    .min(8, "must be the signing secret of the endpoint for connected accounts' events"),
  STRIPE_WEBHOOK_SECRET_EVENTS: z.string().min(8, 'must be the signing secret of the v2 event destination'),
  SIMULATOR_PORT: port.default(12111),
  SIMULATOR_STATE: z.string().default('./.data/simulator.db'),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must look like smtp://user:password@host:587' }).optional(),
  MAIL_FROM: z.string().min(3).default('Remit <payouts@localhost>'),
  MAIL_DIR: z.string().default('./.data/mail'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  TRUST_PROXY: flag.default(false),
  AUDIT_ANCHOR_KEY: z.string().min(16, 'must be at least 16 characters that nobody guesses').optional(),
  AUDIT_ANCHORS_FILE: z.string().optional(),
  METRICS_TOKEN: z.string().min(16, 'must be at least 16 characters that nobody guesses').optional(),
} as const

const schema = z.object(settings)
export type Config = Readonly<z.infer<typeof schema>>

export class ConfigError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map(p => `  - ${p}`).join('\n')}`,
    )
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Reads the environment once. Throws ConfigError naming every problem at the same time, values never. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.keys(settings).map(name => [name, env[name]?.trim() || undefined]))
  // In zod's own words, whatever words the process has for people at forms.
  const parsed = schema.safeParse(given, { error: en().localeError })
  const problems = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map(issue => `${issue.path.join('.')} ${describe(issue)}`)
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(parsed.data)
}

function describe(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.message.includes('undefined') ? 'is missing' : issue.message
}

function contradictions(config: Config): string[] {
  const problems: string[] = []
  const base = new URL(config.STRIPE_API_BASE)
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(base.hostname)
  const live = config.STRIPE_SECRET_KEY.startsWith('sk_live') || config.STRIPE_SECRET_KEY.startsWith('rk_live')
  if (config.PAYMENTS === 'simulator' && !local)
    problems.push(
      'PAYMENTS is simulator, but STRIPE_API_BASE is not on this machine: point it at the simulator, like http://127.0.0.1:12111',
    )
  if (config.PAYMENTS === 'simulator' && live)
    problems.push('PAYMENTS is simulator, but STRIPE_SECRET_KEY is a live key: never hand a live key to a simulator')
  if (config.PAYMENTS === 'stripe' && config.NODE_ENV === 'production' && base.protocol !== 'https:')
    problems.push('STRIPE_API_BASE must be https in production, or set PAYMENTS=simulator if no money may move')
  if (config.PAYMENTS === 'stripe' && !/^(sk|rk)_(live|test)_/.test(config.STRIPE_SECRET_KEY))
    problems.push('STRIPE_SECRET_KEY must start with sk_live_, sk_test_, rk_live_ or rk_test_')
  const secrets = [
    config.STRIPE_WEBHOOK_SECRET_PLATFORM,
    config.STRIPE_WEBHOOK_SECRET_CONNECT,
    config.STRIPE_WEBHOOK_SECRET_EVENTS,
  ]
  if (new Set(secrets).size < 3)
    problems.push('the three STRIPE_WEBHOOK_SECRET_… must differ: each endpoint has its own')
  const publicUrl = new URL(config.PUBLIC_URL)
  if (config.NODE_ENV === 'production' && config.PAYMENTS === 'stripe' && publicUrl.protocol !== 'https:')
    problems.push('PUBLIC_URL must be https in production: sessions travel in its cookies')
  if (publicUrl.pathname !== '/' || publicUrl.search || publicUrl.hash) problems.push('PUBLIC_URL must have no path')
  if (config.NODE_ENV === 'production' && config.PAYMENTS === 'stripe' && !config.SMTP_URL)
    problems.push('SMTP_URL is missing: partners would never hear of their payouts')
  if (config.NODE_ENV === 'production' && config.PAYMENTS === 'stripe' && !config.SECRETS_KEY)
    problems.push(
      'SECRETS_KEY is missing: it seals what second factors are checked with. Make one: openssl rand -base64 32',
    )
  return problems
}

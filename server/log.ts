import { pino } from 'pino'
import type { Config } from './config.ts'
import type { Log } from './deps.ts'

/** JSON lines to stdout. Secrets are redacted by name; bodies are never logged. */
export function createLog(config: Config): Log {
  return pino({
    level: config.LOG_LEVEL,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'password',
        '*.password',
        'token',
        '*.token',
        'secret',
        '*.secret',
        'cookie',
        '*.cookie',
        'authorization',
        '*.authorization',
      ],
      censor: '[redacted]',
    },
  })
}

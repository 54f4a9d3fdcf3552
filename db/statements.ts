import { LibsqlError } from '@libsql/client'

/** Space and comments before the first word. */
const LEADING = /^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)+/
/** Comments, texts and quoted names: where a keyword is none. */
const QUOTED = /--[^\n]*|\/\*[\s\S]*?\*\/|'[^']*'|"[^"]*"|`[^`]*`/g
/** PRAGMAs that only tell, with an argument too. */
const TELLING =
  /^(table_(list|info|xinfo)|index_(list|info|xinfo)|foreign_key_(list|check)|integrity_check|quick_check)$/i
/** PRAGMAs that act even without an argument. */
const ACTING = /^(wal_checkpoint|optimize|incremental_vacuum|shrink_memory)$/i

/**
 * Refuses statements that would change the connection instead of the data. They belong to the door: a COMMIT inside
 * `db.write` would end its transaction, a PRAGMA would outlive the caller. A guard against accidents, not an attacker.
 * @throws LibsqlError NOT_HERE, or MANY_STATEMENTS because the driver would silently run the first one only.
 */
export function refuseSessionStatement(sql: string): void {
  const bare = sql.replace(LEADING, '')
  const word = /^[a-z]+/i.exec(bare)?.[0].toUpperCase()
  switch (word) {
    case 'ROLLBACK':
      if (/^rollback\s+(transaction\s+)?to\b/i.test(bare)) break
      throw refusal(word)
    case 'BEGIN':
    case 'COMMIT':
    case 'END':
    case 'ATTACH':
    case 'DETACH':
    case 'VACUUM':
      throw refusal(word)
    case 'PRAGMA': {
      const [, name = '', rest = ''] = /^pragma\s+(?:\w+\s*\.\s*)?(\w+)\s*(.*)$/is.exec(bare) ?? []
      const asks = rest.replace(/;\s*$/, '') === ''
      const harmless = TELLING.test(name) ? !rest.startsWith('=') : asks && !ACTING.test(name)
      if (!harmless && name !== 'defer_foreign_keys') throw refusal(`PRAGMA ${name}`)
    }
  }
  if (bare.includes(';') && hasSecondStatement(bare)) {
    throw new LibsqlError(
      'Only one statement at a time: the driver would run the first and skip the rest',
      'MANY_STATEMENTS',
    )
  }
}

/** True for a statement that certainly only reads, judged by its text. */
export function isRead(sql: string): boolean {
  const bare = sql.replace(LEADING, '')
  if (/^(select|values|explain|pragma)\b/i.test(bare)) return true
  return /^with\b/i.test(bare) && !/\b(insert|update|delete|replace\s+into)\b/i.test(bare.replace(QUOTED, ' '))
}

/** True for statements after which kept statements may describe columns that are no longer so. */
export function changesSchema(sql: string): boolean {
  return /^\s*(create|alter|drop)\b/i.test(sql)
}

function hasSecondStatement(sql: string): boolean {
  if (/^create\s+(temp\s+|temporary\s+)?trigger\b/i.test(sql)) return false
  return /;\s*\S/.test(sql.replace(QUOTED, ' '))
}

function refusal(what: string): LibsqlError {
  return new LibsqlError(
    `${what} cannot be run through a query: transactions and settings belong to db/client.ts`,
    'NOT_HERE',
  )
}

import { z } from 'zod'

// Control characters break exports and logs; bidi overrides make a name read as another's. Neither has a use in a name or a note.
const forbidden = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

/** One line a person typed: trimmed, without control characters, at most `max` characters. */
export function line(max: number, what: string) {
  return z
    .string()
    .trim()
    .min(1, `${what} is missing.`)
    .max(max, `${what} can have at most ${max} characters.`)
    .refine(text => !forbidden.test(text), `${what} has characters that can't be used here.`)
}

/** Several lines a person typed. */
export function paragraph(max: number, what: string) {
  return z
    .string()
    .trim()
    .max(max, `${what} can have at most ${max} characters.`)
    .refine(text => !forbidden.test(text.replace(/[\r\n\t]/g, '')), `${what} has characters that can't be used here.`)
}

/** An address as we keep it: lower case, one `@`, nothing that could end a mail header. */
export const emailAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'That email address is too long.')
  .pipe(z.email('That is not an email address.'))

/**
 * Where a value holds text that is none: a NUL, at which databases and files end, or half of a surrogate pair, which no encoding can
 * write. Null where there is none. Values of any depth; a file's `text` at the top is left to its reader, which names the line.
 */
export function unwritableText(value: unknown): string | null {
  const open: { value: unknown; path: string }[] = [{ value, path: '' }]
  // A list of its own instead of recursion: depth costs an attacker nothing.
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next
    if (typeof value === 'string') {
      if (path !== 'text' && isUnwritable(value)) return path
    } else if (Array.isArray(value)) {
      for (const [at, item] of value.entries()) open.push({ value: item, path: path ? `${path}.${at}` : String(at) })
    } else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      for (const [key, item] of Object.entries(value)) {
        if (isUnwritable(key)) return path
        open.push({ value: item, path: path ? `${path}.${key}` : key })
      }
    }
  }
  return null
}

function isUnwritable(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed()
}

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

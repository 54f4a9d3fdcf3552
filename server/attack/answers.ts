/** What only a bug shows: stack traces, file names, the database's own words. */
const insides =
  /node_modules|\bat (?:async )?[\w.<>$]+ \(|file:\/\/\/(?!etc)|\.(?:ts|mjs|cjs):\d+|SQLITE_|LibsqlError|DrizzleQueryError|Failed query|constraint failed|no such (?:table|column)|TypeError|ReferenceError|RangeError|SyntaxError|ZodError|Cannot read propert|is not a function|is not iterable/

/** The first trace of our insides in an answer, or null. */
export function insidesIn(text: string): string | null {
  return insides.exec(text)?.[0] ?? null
}

/** Words of zod's for programmers, which nobody at a form understands. */
const forProgrammers =
  /^(Invalid (input|option|key|element|string|union|format|ISO)|Too (small|big)|Unrecognized|Required$)/

/** Why a refusal's message is no sentence for a person, or null if it is one. */
export function notASentence(message: string): string | null {
  if (!/\S \S/.test(message)) return 'it is a word, or none'
  if (!/[.!?…”)]$/u.test(message.trimEnd())) return 'it does not end like a sentence'
  if (forProgrammers.test(message)) return 'it is written for programmers'
  if (/\[object |\bundefined\b/.test(message)) return 'it shows what JavaScript made of a value'
  return insidesIn(message) ? 'it shows our insides' : null
}

import { availableParallelism } from 'node:os'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import { DomainError } from '#server/lib/errors.ts'
import { commonPasswords } from './common-passwords.ts'

/** Argon2id (2) with OWASP's first choice: 19 MiB, two passes, one lane. Source: OWASP Password Storage Cheat Sheet. */
const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Of a random password that nobody kept, at the same parameters: what is verified where there is no account. */
const nobody = '$argon2id$v=19$m=19456,t=2,p=1$HAxpDOF0AHpETVyB26EvAQ$8wybvo+H7AtSMZpIjAIlzFyCjQ8nQLd0+JCJI/UeS6s'

// Each hash holds 19 MiB and a thread of libuv's four: a flood of sign-ins waits in line instead of taking them all.
const atOnce = Math.min(3, availableParallelism())
const longestLine = 100
let running = 0
const line: (() => void)[] = []

async function inTurn<T>(task: () => Promise<T>): Promise<T> {
  if (line.length >= longestLine)
    throw new DomainError('UNAVAILABLE', 'Too many people are signing in right now. Try again in a few seconds.', {
      retryAfterMs: 3_000,
    })
  if (running >= atOnce) await new Promise<void>(resolve => line.push(resolve))
  else running++
  try {
    return await task()
  } finally {
    // A turn is handed on, not given back, so that nobody steps in between.
    const next = line.shift()
    if (next) next()
    else running--
  }
}

/** @throws DomainError UNAVAILABLE while too many others wait */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, parameters))
}

/**
 * Checks a password against a stored hash. Without one (no such account) it takes the same single hash and fails.
 * @throws DomainError UNAVAILABLE while too many others wait
 */
export function verifyPassword(stored: string | null | undefined, password: string): Promise<boolean> {
  return inTurn(async () => (await verify(stored ?? nobody, password)) && stored != null)
}

/** True for a hash made with other parameters than today's: hash the password anew while it is at hand. */
export function isOutdated(stored: string): boolean {
  const made = parseOptions(stored)
  return (
    made.algorithm !== parameters.algorithm ||
    made.memoryCost !== parameters.memoryCost ||
    made.timeCost !== parameters.timeCost ||
    made.parallelism !== parameters.parallelism
  )
}

/** What somebody who knows the person would try first. */
export interface AboutPerson {
  email: string
  name?: string
  orgName?: string
}

/**
 * Refuses a password that is guessed early, and asks for no special characters.
 * @throws DomainError INVALID with the sentence on the field `password`
 */
export function checkNewPassword(password: string, person: AboutPerson): void {
  const weakness = weaknessOf(password, person)
  if (weakness) throw new DomainError('INVALID', weakness, { fields: { password: weakness } })
}

export function weaknessOf(password: string, person: AboutPerson): string | null {
  const folded = fold(password)
  if (isRepetition(folded) || surprises(password.toLowerCase()) < 4)
    return 'That repeats or counts: it is one of the first guesses. A few words in a row make a good password.'
  if (isCommon(password))
    return 'That is one of the passwords everybody uses, and so one of the first guesses. A few words in a row make a good one.'
  if (isAbout(folded, person)) return 'That is made of your own name, address or company: choose something else.'
  return null
}

const lookAlikes: Record<string, string> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

function fold(text: string): string {
  return text
    .toLowerCase()
    .replace(/[013457@$!]/g, sign => lookAlikes[sign] ?? sign)
    .replace(/[\s._-]/g, '')
}

function isCommon(password: string): boolean {
  const compact = password.toLowerCase().replace(/[\s._-]/g, '')
  // At most six signs may be cut off: more of them are worth something.
  const core = compact.replace(/^[^\p{L}]{1,3}(?=\p{L})/u, '').replace(/(?<=\p{L})[^\p{L}]{1,6}$/u, '')
  return [compact, core].some(text => commonPasswords.has(text) || commonPasswords.has(fold(text)))
}

function isAbout(folded: string, { email, name = '', orgName = '' }: AboutPerson): boolean {
  const [mailbox = '', host = ''] = email.split('@')
  const words = [
    email,
    mailbox,
    host,
    host.split('.')[0] ?? '',
    name,
    ...name.split(' '),
    orgName,
    ...orgName.split(' '),
  ]
  let rest = folded
  const longestFirst = words.map(fold).filter(word => word.length >= 3)
  longestFirst.sort((a, b) => b.length - a.length)
  for (const word of longestFirst) rest = rest.replaceAll(word, '')
  return rest !== folded && rest.length < 6
}

function isRepetition(text: string): boolean {
  for (let unit = 1; unit <= 4; unit++)
    if (
      text.length >= unit * 2 &&
      text ===
        text
          .slice(0, unit)
          .repeat(Math.ceil(text.length / unit))
          .slice(0, text.length)
    )
      return true
  return false
}

const rows = [
  '1234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
  'azertyuiop',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  '1q2w3e4r5t6y7u8i9o0p',
]

/** How many characters don't just continue the one before: repeated, counted up or down, or next on the keyboard. */
function surprises(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const pair = text.slice(i - 1, i + 1)
    const step = i === 0 ? 99 : Math.abs(text.charCodeAt(i) - text.charCodeAt(i - 1))
    const reversed = [...pair].reverse().join('')
    const continues = i > 0 && (step <= 1 || rows.some(row => row.includes(pair) || row.includes(reversed)))
    if (!continues) count++
  }
  return count
}

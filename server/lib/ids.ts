const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A prefixed id: 45 bits of time, so that rows written together lie together on disk, and 80 random bits.
 * @param now UTC milliseconds
 * @param random at least 16 random bytes
 */
export function makeId(prefix: string, now: number, random: Uint8Array): string {
  let time = ''
  for (let rest = now, i = 0; i < 9; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time
  let tail = ''
  for (let i = 0; i < 16; i++) tail += alphabet[(random[i] ?? 0) % 32]
  return `${prefix}_${time}${tail}`
}

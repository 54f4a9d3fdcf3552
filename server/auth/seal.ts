import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import type { Config } from '#server/config.ts'
import type { Deps } from '#server/deps.ts'

/** Where no key is given, which production refuses unless payments are simulated: known to everybody, and so no protection. */
const developmentKey = createHash('sha256').update('Remit without SECRETS_KEY').digest()

function keysOf({ SECRETS_KEY }: Config): Buffer[] {
  return SECRETS_KEY ? SECRETS_KEY.split(',').map(key => Buffer.from(key.trim(), 'base64')) : [developmentKey]
}

/** Names a key without giving it away. */
function nameOf(key: Buffer): string {
  return createHash('sha256').update('name of a key').update(key).digest('hex').slice(0, 8)
}

/**
 * Seals a text with the current key (AES-256-GCM). It opens only for the same `purpose`, which names what it is and whose: a
 * sealed text moved into another person's row opens nothing.
 */
export function seal({ config, ids }: Pick<Deps, 'config' | 'ids'>, purpose: string, text: string): string {
  const [key = developmentKey] = keysOf(config)
  const nonce = Buffer.from(ids.secret(), 'base64url').subarray(0, 12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return [
    nameOf(key),
    nonce.toString('base64url'),
    Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url'),
  ].join('.')
}

/** Opens what was sealed with any of the keys. Null for what was sealed with none of them, for something else, or is damaged. */
export function unseal(config: Config, purpose: string, sealed: string): string | null {
  const [name = '', nonce = '', body = ''] = sealed.split('.')
  const key = keysOf(config).find(one => nameOf(one) === name)
  const bytes = Buffer.from(body, 'base64url')
  if (!key || bytes.length < 16) return null
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-16))
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}

/** Whether it was sealed with an older key: seal it anew while it is at hand, so that the old key can be dropped. */
export function isSealedWithOldKey(config: Config, sealed: string): boolean {
  const [current = developmentKey] = keysOf(config)
  return !sealed.startsWith(`${nameOf(current)}.`)
}

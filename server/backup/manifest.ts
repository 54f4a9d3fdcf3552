import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import canonicalize from 'canonicalize'
import { z } from 'zod'

const count = z.number().int().nonnegative()
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const contents = z
  .object({
    format: z.literal(1),
    /** The moment that the copy shows, as UTC milliseconds, and for people to read. */
    createdAt: count,
    createdAtUtc: z.string(),
    /** The last migration in the copy. */
    schemaVersion: count,
    file: z.string().regex(/^[\w.-]+\.db$/),
    /** In bytes. */
    size: count,
    sha256: digest,
    /** Rows by table. */
    counts: z.record(z.string(), count),
    /** Where each audit chain ended: whatever is cut off or written anew in the copy no longer fits. `audit:verify --anchors` reads them too. */
    anchors: z.array(z.object({ orgId: z.string(), seq: count, hash: digest, hmac: digest }).strict()),
  })
  .strict()

const schema = contents.extend({ hmac: digest })

export type ManifestContents = z.infer<typeof contents>
export type Manifest = z.infer<typeof schema>

export const manifestPath = (file: string) => `${file}.json`

/** With the key kept elsewhere, nobody who can write to the backups can make one up. */
export function signManifest(manifest: ManifestContents, key: string): Manifest {
  return { ...manifest, hmac: hmacOf(manifest, key) }
}

function hmacOf(manifest: ManifestContents, key: string): string {
  return createHmac('sha256', key)
    .update(`remit backup manifest ${canonicalize(manifest)}`)
    .digest('hex')
}

/**
 * The manifest of a backup, after a look whether the file is the one that it describes.
 * @param key what signs anchors, too; null asks for no signature
 * @throws Error that says what is missing, or does not fit
 */
export async function readBackup(file: string, key: string | null): Promise<Manifest> {
  const path = manifestPath(file)
  if (!existsSync(file)) throw new Error(`There is no backup at ${file}.`)
  if (!existsSync(path))
    throw new Error(
      `There is no manifest at ${path}. A backup is both files: without the second nobody knows what it is.`,
    )
  const { hmac, ...manifest } = parseManifest(path)
  if (key !== null && !timingSafeEqual(Buffer.from(hmac), Buffer.from(hmacOf(manifest, key))))
    throw new Error(
      'The manifest was changed, or signed under another key. Set the AUDIT_ANCHOR_KEY (or, without one, the STRIPE_SECRET_KEY) that the backup was made with; or, if you are sure of its origin, add --unsigned.',
    )
  const { size } = statSync(file)
  if (size !== manifest.size || (await hashFile(file)) !== manifest.sha256)
    throw new Error(
      `${file} is not the file that its manifest describes: it was damaged or changed. Take another backup.`,
    )
  return { ...manifest, hmac }
}

/** @throws Error where it is no manifest */
export function parseManifest(path: string): Manifest {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    throw new Error(`${path} is not a manifest that this version of Remit can read.`)
  }
}

export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex')
}

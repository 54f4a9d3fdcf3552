import { createHmac, timingSafeEqual } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Drizzle } from '#db/client.ts'
import type { Config } from '../config.ts'
import { databaseFile } from '../control/path.ts'
import type { Deps } from '../deps.ts'
import { groupBy } from '../lib/group.ts'
import type { PeriodicTask } from '../worker/periodic.ts'
import { type Anchor, anchorOf, chainIds, type Verification, verifyChain } from './verify.ts'

/**
 * A hash chain can't testify to its own end: whoever owns the database cuts it off, or computes it anew. So the end of each chain is
 * written down outside of it again and again, signed under a key that the database does not hold. What was appended after the last
 * anchor stands unprotected until the next one.
 */
export interface SignedAnchor extends Anchor {
  orgId: string
  /** HMAC-SHA-256 over chain, number and hash, in hexadecimal. */
  hmac: string
}

const signedAnchor = z.object({
  orgId: z.string().min(1),
  seq: z.number().int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The key that anchors are signed with: AUDIT_ANCHOR_KEY, or one derived from a secret that every installation has. */
export function anchorKey(config: Pick<Config, 'AUDIT_ANCHOR_KEY' | 'STRIPE_SECRET_KEY'>): string {
  return config.AUDIT_ANCHOR_KEY ?? hmac(config.STRIPE_SECRET_KEY, 'remit audit anchor key')
}

/** The end of every chain now, signed. Empty chains have none. */
export async function currentAnchors(read: Drizzle, key: string): Promise<SignedAnchor[]> {
  const anchors: SignedAnchor[] = []
  for (const orgId of await chainIds(read)) {
    const anchor = await anchorOf(read, orgId)
    if (anchor) anchors.push(signAnchor(key, orgId, anchor))
  }
  return anchors
}

export interface AnchoredVerification {
  ok: boolean
  /** One for each chain that exists or was anchored, so that a chain that vanished as a whole is missed. */
  chains: (Verification & { orgId: string; anchors: number })[]
  /** Anchors that this key did not sign: forged, or made under another key. They prove nothing, and are not used. */
  refused: SignedAnchor[]
}

/** Walks every chain, and holds it against what was written down about it elsewhere. In slices: others get their turn. */
export async function verifyAgainstAnchors(
  read: Drizzle,
  anchors: readonly SignedAnchor[],
  key: string,
): Promise<AnchoredVerification> {
  const refused = anchors.filter(anchor => !isSigned(anchor, key))
  const trusted = groupBy(
    anchors.filter(anchor => isSigned(anchor, key)),
    anchor => anchor.orgId,
  )
  const chains: AnchoredVerification['chains'] = []
  for (const orgId of new Set([...(await chainIds(read)), ...trusted.keys()])) {
    const own = trusted.get(orgId) ?? []
    chains.push({ orgId, anchors: own.length, ...(await verifyChain(read, orgId, own)) })
  }
  return { ok: refused.length === 0 && chains.every(chain => chain.ok), chains, refused }
}

/**
 * Finds the anchors in what people keep: lines of the log, an anchors file (both one JSON object a line), or a backup's manifest with
 * a field `anchors`. What is something else is passed over.
 */
export function readAnchors(text: string): SignedAnchor[] {
  const whole = parse(text)
  const candidates = isManifest(whole) ? whole.anchors : text.split('\n').map(parse)
  return candidates.flatMap(candidate => {
    const { data } = signedAnchor.safeParse(candidate)
    return data ? [data] : []
  })
}

/** When this process last saw to it that every chain's end is written down elsewhere (UTC milliseconds), and which ends these are. */
const anchored = new WeakMap<Deps['db'], { at: number; ends: ReadonlyMap<string, number> }>()

export function lastAnchors({ db }: Pick<Deps, 'db'>) {
  return anchored.get(db) ?? null
}

/** Writes each chain's end to the log and to the anchors file where it has moved on: what leaves this machine can't be rewritten on it. */
export function anchorTask(everyMs = 60_000): PeriodicTask {
  const last = new Map<string, number>()
  return {
    name: 'audit anchor',
    everyMs,
    async run({ config, db, clock, log }: Deps) {
      const began = clock.now()
      const anchors = await currentAnchors(db.read, anchorKey(config))
      const moved = anchors.filter(anchor => last.get(anchor.orgId) !== anchor.seq)
      if (moved.length === 0) return void anchored.set(db, { at: began, ends: last })
      // The log first and all of it: a full disk must not keep the anchors from leaving this machine.
      for (const anchor of moved) log.info(anchor, 'audit anchor')
      const file = anchorsFile(config)
      const time = new Date(clock.now()).toISOString()
      // Opened to append and never to write: the folder's owner can allow nothing else.
      const lines = moved.map(anchor => `${JSON.stringify({ time, ...anchor })}\n`)
      if (file) await appendFile(file, lines.join(''), { mode: 0o600 })
      for (const { orgId, seq } of moved) last.set(orgId, seq)
      anchored.set(db, { at: began, ends: last })
    },
  }
}

/** Where anchors are appended: what the setting says, or beside the database's file; null where there is no file. */
export function anchorsFile(config: Pick<Config, 'AUDIT_ANCHORS_FILE' | 'DATABASE_URL'>): string | null {
  if (config.AUDIT_ANCHORS_FILE) return config.AUDIT_ANCHORS_FILE
  const inFile = config.DATABASE_URL.startsWith('file:') && !config.DATABASE_URL.includes(':memory:')
  return inFile ? `${databaseFile(config.DATABASE_URL)}.anchors.jsonl` : null
}

export function signAnchor(key: string, orgId: string, anchor: Anchor): SignedAnchor {
  return { orgId, ...anchor, hmac: sign(key, orgId, anchor) }
}

function sign(key: string, orgId: string, { seq, hash }: Anchor): string {
  return hmac(key, JSON.stringify(['remit audit anchor', orgId, seq, hash]))
}

function isSigned(anchor: SignedAnchor, key: string): boolean {
  const expected = Buffer.from(sign(key, anchor.orgId, anchor))
  const given = Buffer.from(anchor.hmac)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isManifest(value: unknown): value is { anchors: unknown[] } {
  return typeof value === 'object' && value !== null && 'anchors' in value && Array.isArray(value.anchors)
}

import { readFile, realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Drizzle } from '#db/client.ts'
import { anchorKey, readAnchors, type SignedAnchor, verifyAgainstAnchors } from '../audit/anchors.ts'
import { type Anchor, chainIds, verifyChain } from '../audit/verify.ts'
import { settings } from '../config.ts'
import type { CommandRun } from '../control/protocol.ts'
import { runAsProgram, runCommand, wholePaths } from './control.ts'

/**
 * `npm run audit:verify [-- --anchors <file> … --org org_… --anchor [org_…:]seq:hash …]`: walks every audit chain, or one. A file of
 * anchors is what the log's lines 'audit anchor' are in, the anchors file, or a backup's manifest. Exit code 1 when a chain is not as
 * it was written, 2 for arguments that make no sense.
 * @param key what anchors were signed with; null where it is not at hand, and then a file of anchors is refused
 */
export async function* auditVerify(read: Drizzle, args: string[], key: string | null): CommandRun {
  const wanted = await readArguments(args)
  if (typeof wanted === 'string') {
    yield wanted
    return 2
  }
  if (wanted.signed) {
    if (key) return yield* verifySigned(read, wanted.signed, key)
    yield 'Anchors are signed: set AUDIT_ANCHOR_KEY (or STRIPE_SECRET_KEY, where that one is not set) as the server has it.'
    return 2
  }
  const known = await chainIds(read)
  const chains = wanted.org ? known.filter(id => id === wanted.org) : known
  const unknown = [wanted.org, ...wanted.anchors.map(({ org }) => org)].find(org => org && !known.includes(org))
  if (unknown) {
    yield `There is no organization ${unknown}.`
    return 2
  }
  // Every installation has the chain `system` too; an anchor that names none is the organization's.
  const organizations = chains.filter(id => id !== 'system')
  if (organizations.length > 1 && wanted.anchors.some(({ org }) => !org)) {
    yield 'There are several organizations: say whose anchor it is, as --anchor org_…:seq:hash.'
    return 2
  }
  let bad = 0
  for (const orgId of chains) {
    const own = wanted.anchors.filter(({ org }) => (org ?? organizations[0]) === orgId).map(({ anchor }) => anchor)
    const verified = await verifyChain(read, orgId, own)
    if (!verified.ok) bad++
    yield sentence({ orgId, anchors: own.length, ...verified })
  }
  return yield* conclude(bad)
}

async function* verifySigned(read: Drizzle, anchors: SignedAnchor[], key: string): CommandRun {
  const { chains, refused } = await verifyAgainstAnchors(read, anchors, key)
  for (const chain of chains) yield sentence(chain)
  if (refused.length > 0)
    yield `${refused.length} of ${anchors.length} anchors were NOT signed with this key: forged, or made under another one. The first is ${refused[0]?.orgId}, entry ${refused[0]?.seq}.`
  return yield* conclude(chains.filter(chain => !chain.ok).length + refused.length)
}

function sentence(chain: Awaited<ReturnType<typeof verifyAgainstAnchors>>['chains'][number]): string {
  const { orgId, anchors, ok, entries, head, firstProblem } = chain
  if (!ok) return `${orgId}: NOT as written. ${firstProblem?.says}`
  const anchored = anchors === 0 ? '' : anchors === 1 ? ', the anchored one too' : `, the ${anchors} anchored ones too`
  return `${orgId}: ${entries} entries are as they were written${anchored}; the chain ${head ? `ends in ${head.seq}:${head.hash}` : 'is empty'}`
}

async function* conclude(problems: number): CommandRun {
  if (problems > 0) return 1
  yield 'Nothing was changed, removed, inserted or reordered.'
  return 0
}

interface Wanted {
  org: string | undefined
  anchors: { org: string | undefined; anchor: Anchor }[]
  /** Of the files that were named; absent when none was. */
  signed?: SignedAnchor[]
}

async function readArguments(args: string[]): Promise<Wanted | string> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        org: { type: 'string' },
        anchor: { type: 'string', multiple: true },
        anchors: { type: 'string', multiple: true },
      },
    })
    const anchors = (values.anchor ?? []).map(text => {
      const match = /^(?:([\w-]+):)?(\d{1,15}):([0-9a-f]{64})$/.exec(text)
      if (!match?.[2] || !match[3])
        throw new Error(`${text} is not an anchor; it looks like 42:, and then 64 hexadecimal digits.`)
      return { org: match[1] ?? values.org, anchor: { seq: Number(match[2]), hash: match[3] } }
    })
    if (!values.anchors) return { org: values.org, anchors }
    if (values.org || anchors.length > 0)
      throw new Error('--anchors says itself which chains it is about: leave out --org and --anchor.')
    const signed: SignedAnchor[] = []
    for (const file of values.anchors) {
      const found = readAnchors(await readFile(file, 'utf8'))
      // A file without anchors proves nothing, and must not look as if it did.
      if (found.length === 0) throw new Error(`There is no anchor in ${file}.`)
      signed.push(...found)
    }
    return { org: undefined, anchors, signed }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The key, where the environment has what it is made of. */
function keyOf(env: Record<string, string | undefined>): string | null {
  const AUDIT_ANCHOR_KEY = settings.AUDIT_ANCHOR_KEY.parse(env.AUDIT_ANCHOR_KEY?.trim() || undefined)
  const STRIPE_SECRET_KEY = env.STRIPE_SECRET_KEY?.trim()
  if (AUDIT_ANCHOR_KEY || STRIPE_SECRET_KEY)
    return anchorKey({ AUDIT_ANCHOR_KEY, STRIPE_SECRET_KEY: STRIPE_SECRET_KEY ?? '' })
  return null
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() =>
    runCommand('audit-verify', wholePaths(process.argv.slice(2), '--anchors'), (db, args) =>
      auditVerify(db.read, args, keyOf(process.env)),
    ),
  )

import { realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Drizzle } from '#db/client.ts'
import { type Anchor, chainIds, verifyChain } from '../audit/verify.ts'
import type { CommandRun } from '../control/protocol.ts'
import { runAsProgram, runCommand } from './control.ts'

/**
 * `npm run audit:verify [-- --org org_… --anchor [org_…:]seq:hash …]`: walks every audit chain, or one. Anchors come from the log's
 * lines 'audit anchor'. Exit code 1 when a chain is not as it was written, 2 for arguments that make no sense.
 */
export async function* auditVerify(read: Drizzle, args: string[]): CommandRun {
  const wanted = readArguments(args)
  if (typeof wanted === 'string') {
    yield wanted
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
    const anchors = wanted.anchors.filter(({ org }) => (org ?? organizations[0]) === orgId)
    for (const anchor of anchors.length > 0 ? anchors : [undefined]) {
      const { ok, entries, head, firstProblem } = await verifyChain(read, orgId, anchor?.anchor)
      if (!ok) bad++
      const end = head ? `ends in ${head.seq}:${head.hash}` : 'is empty'
      yield ok
        ? `${orgId}: ${entries} entries are as they were written${anchor ? ', the anchored one too' : ''}; the chain ${end}`
        : `${orgId}: NOT as written. ${firstProblem?.says}`
    }
  }
  if (bad === 0) yield 'Nothing was changed, removed, inserted or reordered.'
  return bad === 0 ? 0 : 1
}

interface Wanted {
  org: string | undefined
  anchors: { org: string | undefined; anchor: Anchor }[]
}

function readArguments(args: string[]): Wanted | string {
  try {
    const { values } = parseArgs({
      args,
      options: { org: { type: 'string' }, anchor: { type: 'string', multiple: true } },
    })
    const anchors = (values.anchor ?? []).map(text => {
      const match = /^(?:([\w-]+):)?(\d{1,15}):([0-9a-f]{64})$/.exec(text)
      if (!match?.[2] || !match[3])
        throw new Error(`${text} is not an anchor; it looks like 42:, and then 64 hexadecimal digits.`)
      return { org: match[1] ?? values.org, anchor: { seq: Number(match[2]), hash: match[3] } }
    })
    return { org: values.org, anchors }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() => runCommand('audit-verify', process.argv.slice(2), (db, args) => auditVerify(db.read, args)))

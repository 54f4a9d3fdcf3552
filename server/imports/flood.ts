// A hundred thousand rows, fifty megabytes, through upload, check and (as far as it is told to) import, in a process of their own:
// `flood.test.ts` gives it a heap that could not hold them.
import { rmSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { contextFor } from '../test/callers.ts'
import { aDatabase } from '../test/db.ts'
import { testDeps } from '../test/deps.ts'
import { aMember, aPartner } from '../test/factories.ts'
import type { SignedIn } from '../trpc.ts'
import { work } from '../work.ts'
import { runImport } from './job.ts'
import { saveMapping, startCheck, startCommit } from './service.ts'
import { uploadFile } from './upload.ts'
import { getImport } from './view.ts'

const file = process.argv[2] ?? ''
const rows = Number(process.argv[3])
/** Of about five thousand rows each. */
const commitTurns = Number(process.argv[4])
const deps = await testDeps({ db: await aDatabase(`file:${file}`) })
const { org, user, viewer } = await aMember(deps, { role: 'manager' })
for (let index = 0; index < 20; index++)
  await aPartner(deps, { orgId: org.id, email: `partner-${index}@flood.example`, reference: `P-${index}` })
const scope = { orgId: org.id, actor: { kind: 'user' as const, id: user.id, name: user.name } }

let bytes = 0
async function* flood(): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  const piece = (text: string) => {
    const encoded = encoder.encode(text)
    bytes += encoded.length
    return encoded
  }
  yield piece('partner,amount,currency,date,status,id,note\n')
  for (let at = 0; at < rows; at += 100) {
    let text = ''
    for (let row = at; row < Math.min(at + 100, rows); row++)
      text += `partner-${row % 20}@flood.example,${(row % 997) + 1}.${String(row % 100).padStart(2, '0')},USD,2026-01-${String((row % 28) + 1).padStart(2, '0')},${row % 3 ? 'unpaid' : 'paid'},F-${row},"Row ${row}: ${'all that somebody wrote about it, '.repeat(12)}"\n`
    yield piece(text)
  }
}

const say = (what: string) => {
  const { heapUsed, rss } = process.memoryUsage()
  process.stdout.write(
    `${what} ${Math.round(performance.now())} ms, heap ${Math.round(heapUsed / 1e6)} MB, resident ${Math.round(rss / 1e6)} MB\n`,
  )
}

say('started')
const { importId } = await uploadFile(contextFor(deps, viewer) as unknown as SignedIn, {
  kind: 'commissions',
  fileName: 'flood.csv',
  bytes: flood(),
})
say(`uploaded ${Math.round(bytes / 1e6)} MB`)
const { mapping, options } = await getImport(deps.db.read, org.id, importId)
await work(deps, scope, unit => saveMapping(unit, { importId, mapping, options }))
async function run(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++)
    if ((await runImport(deps, { importId, orgId: org.id, userId: user.id })) === 'done') return
}
await work(deps, scope, unit => startCheck(unit, { importId }))
await run(Number.POSITIVE_INFINITY)
say('checked')
await work(deps, scope, unit => startCommit(unit, { importId, skipErrors: false }))
await run(commitTurns)
say('imported')
const one = await getImport(deps.db.read, org.id, importId)
const [made] = await deps.db.read.all<{ count: number }>(sql`SELECT count(*) AS count FROM commissions`)
process.stdout.write(
  `RESULT ${JSON.stringify({ checked: one.checked, errors: one.errors, duplicates: one.duplicates, done: one.done, made: made?.count })}\n`,
)
await deps.db.close()
rmSync(file, { force: true })

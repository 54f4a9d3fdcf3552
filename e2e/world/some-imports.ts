import { runImport } from '#server/imports/job.ts'
import { callerFor } from '#server/test/callers.ts'
import type { Base } from './world.ts'

/** One import at each step that people stop at: columns to be chosen, ready with problems, imported. */
export async function someImports({ deps, org, manager, payable }: Pick<Base, 'deps' | 'org' | 'manager' | 'payable'>) {
  const api = await callerFor(deps, manager.viewer)
  const email = payable.partner.email
  const upload = async (kind: 'deals' | 'commissions', fileName: string, text: string) =>
    (await api.imports.upload({ kind, fileName, bytes: bytesOf(text) })).importId
  const run = async (importId: string) => {
    while ((await runImport(deps, { importId, orgId: org.id, userId: manager.user.id })) !== 'done') {}
  }
  const check = async (importId: string) => {
    await api.imports.check({ importId })
    await run(importId)
    return importId
  }
  const mapping = await upload('deals', 'mapping.csv', 'Opportunity,Worth\nAlder Foods,24000\n')
  const ready = await check(
    await upload(
      'deals',
      'ready.csv',
      `name,amount,currency,stage,close date,registered by\nAlder Foods,24000,USD,won,2026-02-14,${email}\nBirch Bank,abc,USD,open,,\nAlder Foods,24000,USD,won,2026-02-14,${email}\n`,
    ),
  )
  const committed = await check(
    await upload(
      'commissions',
      'committed.csv',
      `partner,amount,currency,date,status,customer\n${email},30.00,USD,2026-01-19,paid,Alder Foods\n${email},45.50,USD,2026-02-10,unpaid,Birch Bank\nnobody@nowhere.example,1,USD,2026-02-10,unpaid,\n`,
    ),
  )
  await api.imports.commit({ importId: committed, skipErrors: true })
  await run(committed)
  return { mapping, ready, committed }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

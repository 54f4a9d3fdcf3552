import type { DataImportKind } from '#db/schema/index.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { handlers } from '../worker/handlers.ts'
import { createWorker } from '../worker/worker.ts'

/** A company with four partners, and its manager. */
export async function aCompany(given: { deps?: TestDeps } = {}) {
  const deps = given.deps ?? (await testDeps())
  const org = await anOrg(deps, { timeZone: 'Europe/Berlin' })
  const add = (name: string, email: string, currency: string, reference: string, defaultRateBp: number | null) =>
    aPartner(deps, { orgId: org.id, name, email, currency, reference, defaultRateBp })
  const partners = {
    northwind: await add('Northwind Advisory', 'partnerships@northwind-advisory.example', 'USD', 'P-001', 1_000),
    brightpath: await add('Brightpath Consulting', 'billing@brightpath.example', 'USD', 'P-002', 1_500),
    lumen: await add('Atelier Lumen', 'compta@atelier-lumen.example', 'EUR', 'P-003', 2_000),
    thistle: await add('Thistle & Co', 'accounts@thistleandco.example', 'GBP', 'P-005', null),
  }
  const manager = await asRole(deps, 'manager', { org })
  return { deps, org, manager, api: manager.api, ...partners }
}

export type Company = Awaited<ReturnType<typeof aCompany>>

/** A file as it arrives: in pieces that end anywhere. */
export async function* pieces(text: string | Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Does all the work that waits. */
export function runJobs(deps: TestDeps): Promise<number> {
  return createWorker(deps, handlers).runUntilIdle()
}

export async function upload(
  { api }: Pick<Company, 'api'>,
  kind: DataImportKind,
  text: string | Uint8Array,
  given: { fileName?: string; preset?: string } = {},
): Promise<string> {
  const { importId } = await api.imports.upload({ kind, fileName: `${kind}.csv`, ...given, bytes: pieces(text) })
  return importId
}

/** Uploaded and checked, with options where the file doesn't say. */
export async function checked(
  company: Pick<Company, 'api' | 'deps'>,
  kind: DataImportKind,
  text: string,
  options: Record<string, string> = {},
  given: { fileName?: string; preset?: string } = {},
) {
  const importId = await upload(company, kind, text, given)
  const { mapping, options: proposed } = await company.api.imports.get({ importId })
  await company.api.imports.saveMapping({ importId, mapping, options: { ...proposed, ...options } as never })
  await company.api.imports.check({ importId })
  await runJobs(company.deps)
  return company.api.imports.get({ importId })
}

/** All the way into the database; rows with errors are left out. */
export async function imported(
  company: Pick<Company, 'api' | 'deps'>,
  kind: DataImportKind,
  text: string,
  options: Record<string, string> = {},
  given: { fileName?: string; preset?: string } = {},
) {
  const { importId } = await checked(company, kind, text, options, given)
  await company.api.imports.commit({ importId, skipErrors: true })
  await runJobs(company.deps)
  return company.api.imports.get({ importId })
}

export async function problemsOf({ api }: Pick<Company, 'api'>, importId: string) {
  const { rows } = await api.imports.rows({ importId, only: 'problems' })
  return rows.map(({ line, status, problem }) => ({ line, status, problem }))
}

import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { attributionRuns, commissions, deals, importRows, outbox, touches } from '#db/schema/index.ts'
import { recalculate } from '../attribution/run.ts'
import type { Deps } from '../deps.ts'
import { runImport } from './job.ts'
import { aCompany, checked, problemsOf, runJobs } from './testing.ts'

/** Deps whose database dies after `writes` transactions, before the next one begins, or in the middle of it. */
function dying(deps: Deps, writes: number, inside: boolean): Deps {
  let left = writes
  return {
    ...deps,
    db: {
      ...deps.db,
      write: fn => {
        if (left-- > 0) return deps.db.write(fn)
        if (!inside) throw new Error('the process was killed')
        return deps.db.write(async tx => {
          await fn(tx)
          throw new Error('the process was killed')
        })
      },
    },
  }
}

const dealLines = Array.from(
  { length: 300 },
  (_, index) => `Deal ${index},${index + 1},USD,won,2026-02-${String((index % 27) + 1).padStart(2, '0')},O-${index}`,
)
const dealFile = `name,amount,currency,stage,close date,external id\n${dealLines.join('\n')}\n`
const touchFile = `deal,partner,type,date\n${dealLines.map((_, index) => `O-${index},P-00${(index % 2) + 1},demo,2026-01-15`).join('\n')}\n`

test('killed anywhere, an import goes on where it was: every row is checked, made and taken back exactly once', async () => {
  const company = await aCompany()
  const { deps, api, org, manager } = company
  const payload = { orgId: org.id, userId: manager.user.id }
  /** Does all that waits, dying after each transaction, now before and now inside the next. */
  async function limp(importId: string): Promise<number> {
    for (let turn = 0; turn < 500; turn++) {
      const answer = await runImport(dying(deps, 1, turn % 2 === 0), { ...payload, importId }).catch(() => 'died')
      if (answer === 'done') return turn
    }
    throw new Error('it never ends')
  }
  async function go(kind: 'deals' | 'touches', text: string) {
    const { importId } = await api.imports.upload({ kind, fileName: 'a.csv', bytes: bytesOf(text) })
    await api.imports.check({ importId })
    expect(await limp(importId)).toBeGreaterThan(0)
    expect(await api.imports.get({ importId })).toMatchObject({
      status: 'ready',
      checked: 300,
      errors: 0,
      duplicates: 0,
    })
    await api.imports.commit({ importId })
    expect(await limp(importId)).toBeGreaterThan(0)
    const done = await api.imports.get({ importId })
    expect(done).toMatchObject({ status: 'committed', done: 300, attributed: 300 })
    return importId
  }
  const ofDeals = await go('deals', dealFile)
  const ofTouches = await go('touches', touchFile)

  const made = await deps.db.read.select().from(deals)
  expect(made).toHaveLength(300)
  expect(new Set(made.map(deal => deal.externalRef)).size).toBe(300)
  expect(made.map(deal => deal.number).sort((a, b) => a - b)).toEqual(dealLines.map((_, index) => index + 1))
  expect(made.reduce((sum, deal) => sum + deal.amount, 0)).toBe((300 * 301 * 100) / 2)
  expect(await deps.db.read.select().from(touches)).toHaveLength(300)
  expect(await deps.db.read.select({ id: attributionRuns.id }).from(attributionRuns)).toHaveLength(600)
  const booked = await deps.db.read.select().from(commissions)
  expect(booked).toHaveLength(300)
  expect(new Set(booked.map(row => row.dealId)).size).toBe(300)

  await api.imports.undo({ importId: ofTouches })
  await limp(ofTouches)
  expect(await api.imports.get({ importId: ofTouches })).toMatchObject({ status: 'undone', done: 0 })
  const after = await deps.db.read.select().from(commissions)
  expect(after).toHaveLength(600)
  expect(after.reduce((sum, row) => sum + row.amount, 0)).toBe(0)
  await api.imports.undo({ importId: ofDeals })
  await limp(ofDeals)
  expect((await deps.db.read.select().from(deals)).every(deal => deal.removedAt !== null)).toBe(true)
  expect(await deps.db.read.select().from(commissions)).toHaveLength(600)
}, 120_000)

async function* bytesOf(text: string) {
  yield new TextEncoder().encode(text)
}

test('two workers with the same import get in nobody’s way', async () => {
  const company = await aCompany()
  const { deps, api, org, manager } = company
  const { importId } = await checked(company, 'deals', dealFile)
  await api.imports.commit({ importId })
  const payload = { importId, orgId: org.id, userId: manager.user.id }
  await Promise.all([runImport(deps, payload), runImport(deps, payload), runImport(deps, payload)])
  await runJobs(deps)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'committed', done: 300, attributed: 300 })
  expect(await deps.db.read.select({ id: deals.id }).from(deals)).toHaveLength(300)
}, 60_000)

test('deals are attributed after all rows are in, in steps of their own', async () => {
  const company = await aCompany()
  const { deps, api, org, manager } = company
  const { importId } = await checked(company, 'deals', dealFile)
  await api.imports.commit({ importId })
  const seen: number[] = []
  const attribute: typeof recalculate = async (work, dealId, cause) => {
    const [row] = await work.tx.all<{ n: number }>(sql`SELECT count(*) AS n FROM deals`)
    seen.push(row?.n ?? 0)
    return recalculate(work, dealId, cause)
  }
  while ((await runImport(deps, { importId, orgId: org.id, userId: manager.user.id }, attribute)) !== 'done') {}
  expect(seen).toHaveLength(300)
  expect(new Set(seen)).toEqual(new Set([300]))
}, 60_000)

test('changing the columns ends a check that runs, and nothing of it is left', async () => {
  const company = await aCompany()
  const { deps, api } = company
  const { importId } = await api.imports.upload({ kind: 'deals', fileName: 'a.csv', bytes: bytesOf(dealFile) })
  await api.imports.check({ importId })
  const { mapping } = await api.imports.get({ importId })
  await api.imports.saveMapping({ importId, mapping: { ...mapping, closedAt: '' }, options: { currency: 'USD' } })
  await runJobs(deps)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'mapping', checked: 0 })
  await api.imports.check({ importId })
  await runJobs(deps)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'ready', checked: 300, errors: 300 })
  expect((await problemsOf(company, importId))[0]?.problem).toBe(
    'Close date: A won deal needs the day on which it was closed.',
  )
  expect((await deps.db.read.select().from(importRows)).every(row => row.parsed === null)).toBe(true)
  expect(await deps.db.read.select().from(outbox).where(sql`status <> 'done'`)).toEqual([])
})

import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit } from '#db/schema/index.ts'
import { testDeps } from './test/deps.ts'
import { anOrg } from './test/factories.ts'
import { system, workOnce } from './work.ts'

test('a use case under a key has an answer to keep: without one it is a bug, and nothing of it stays', async () => {
  const deps = await testDeps()
  const { id: orgId } = await anOrg(deps)
  const intent = { procedure: 'x.y', key: 'an intent', input: {} }
  const done = workOnce(deps, { orgId, actor: system }, intent, async unit => {
    unit.audit({ action: 'x.y', target: { type: 'org', id: orgId } })
  })
  await expect(done).rejects.toThrow('x.y answers nothing')
  expect(await deps.db.read.select().from(audit).where(eq(audit.action, 'x.y'))).toEqual([])
})

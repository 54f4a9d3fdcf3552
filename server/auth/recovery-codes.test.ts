import { expect, test } from 'vitest'
import { recoveryCodes } from '#db/schema/index.ts'
import { sha256 } from '#server/deps.ts'
import { testDeps } from '#server/test/deps.ts'
import { aUser } from '#server/test/factories.ts'
import { recoveryCodesFor } from '#server/test/second-factors.ts'

test('ten codes of 120 random bits, of which the database holds only hashes', async () => {
  const deps = await testDeps()
  const codes = await recoveryCodesFor(deps, await aUser(deps))
  expect(new Set(codes).size).toBe(10)
  // 24 letters out of 32, none of which is more likely than another: each is five bits of a byte that has eight.
  for (const code of codes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/)
  const rows = await deps.db.read.select().from(recoveryCodes)
  expect(rows.map(({ id }) => id).sort()).toEqual(codes.map(code => sha256(code.replaceAll('-', ''))).sort())
  for (const code of codes) expect(JSON.stringify(rows)).not.toContain(code.slice(0, 9))
})

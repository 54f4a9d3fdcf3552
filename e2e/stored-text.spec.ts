import { sql } from 'drizzle-orm'
import { expect, testIn } from './fixtures.ts'
import { fullHouse } from './world/full-house.ts'
import type { People } from './world/people.ts'
import { allRoutes } from './world/routes.ts'
import type { Base } from './world/world.ts'

/** Ends an attribute, a tag and a script, and would leave a mark wherever any of it were taken for more than text. */
const hostile =
  '"\'><img src=x onerror="window.hit=1"></script><script>window.hit=1</script><a href="javascript:window.hit=1">l</a>'

/** Where people's own words are kept. The log of what happened can't be rewritten; what is done through pages ends there as it was typed. */
const columns = {
  organizations: ['name'],
  users: ['name'],
  partners: ['name'],
  programs: ['name'],
  deals: ['name', 'account_name'],
  registrations: ['account_name', 'notes'],
  payouts: ['notes'],
  commission_rules: ['name'],
  data_imports: ['file_name'],
  payout_imports: ['file_name'],
  emails: ['subject', 'recipient', 'error'],
  outbox: ['last_error'],
}
/** What the database takes no change of without the next version. */
const versioned = new Set(['deals', 'payouts'])

async function hostileHouse(base: Base) {
  const house = await fullHouse(base)
  const empty: string[] = []
  await base.deps.db.write(async tx => {
    for (const [table, names] of Object.entries(columns))
      for (const name of names) {
        const next = versioned.has(table) ? sql`, version = version + 1` : sql``
        const column = sql.identifier(name)
        const { rowsAffected } = await tx.run(
          sql`UPDATE ${sql.identifier(table)} SET ${column} = ${hostile}${next} WHERE ${column} IS NOT NULL`,
        )
        if (rowsAffected === 0) empty.push(`${table}.${name}`)
      }
  })
  return { ...house, empty }
}

const test = testIn(hostileHouse)
type House = People & Awaited<ReturnType<typeof hostileHouse>>

/** Real ids for the parameters of an address. */
function addressOf(house: House, pattern: string): string {
  const ids: Record<string, string> = {
    payoutId: house.payouts.paid.id,
    importId: pattern.includes('payouts/import') ? house.importId : house.imports.ready,
    registrationId: house.negotiated.registrationId,
    runId: house.runId,
    ruleId: house.ruleId,
    commissionId: house.negotiated.commissionId,
    dealId: house.negotiated.dealId,
    programId: `prg_${house.org.id}`,
    partnerId: house.payable.partner.id,
    emailId: house.emailId,
    splitId: house.negotiated.splitId,
    token: 'x'.repeat(43),
  }
  return pattern.replace(/:(\w+)/g, (_, name) => ids[name] ?? 'none').replace('*', 'nowhere')
}

test('what people typed is text on every page: no script of theirs runs, and no link leads to one', async ({
  world,
  browse,
  tolerate,
}) => {
  test.setTimeout(240_000)
  tolerate(/status of 4\d\d/)
  expect(world.empty, 'columns without a word to replace').toEqual([])
  const shown: string[] = []
  for (const [side, person] of [
    ['/admin', world.owner],
    ['/portal', world.payable.person],
  ] as const) {
    const page = await browse(person)
    for (const { pattern, isPage } of allRoutes) {
      if (!isPage || !pattern.startsWith(side)) continue
      await page.goto(addressOf(world, pattern))
      await page.waitForLoadState('load')
      const seen = await page.evaluate(() => ({
        hit: 'hit' in window,
        images: document.querySelectorAll('img[src="x"]').length,
        links: [...document.querySelectorAll('a[href], form[action], [formaction]')]
          .flatMap(one => ['href', 'action', 'formaction'].map(name => one.getAttribute(name) ?? ''))
          .filter(target => /^\s*(javascript|data|vbscript):/i.test(target)),
        text: document.documentElement.outerHTML.includes('&lt;img src=x onerror='),
        whole: document.querySelector('main') !== null,
      }))
      expect({ pattern, ...seen, text: null }).toEqual({
        pattern,
        hit: false,
        images: 0,
        links: [],
        text: null,
        whole: true,
      })
      if (seen.text) shown.push(pattern)
    }
  }
  // Else the words were not there at all, and nothing was shown about them.
  expect(shown.length, shown.join(' ')).toBeGreaterThan(25)
})

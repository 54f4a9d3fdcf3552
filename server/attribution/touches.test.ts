import { expect, test } from 'vitest'
import type { SeenTouch } from '#db/schema/index.ts'
import { aDeal, aTouch, closedAt, day } from './testing.ts'
import { compareIds, countTouches } from './touches.ts'

type But = Parameters<typeof aDeal>[2]

function count(touches: SeenTouch[], but?: But) {
  const { deal, excluded, cutoffAt } = countTouches(aDeal('equal_split', touches, but))
  return {
    cutoffAt,
    counted: deal?.touches.map(touch => touch.id) ?? [],
    excluded: Object.fromEntries(excluded.map(({ touchId, why }) => [touchId, why])),
  }
}

const at = (id: string, time: number): SeenTouch => aTouch('p', 'demo', 0, { id, at: time })

test('a touch at the close counts, one a millisecond later does not', () => {
  const { counted, excluded } = count([at('on', closedAt), at('after', closedAt + 1)])
  expect(counted).toEqual(['on'])
  expect(excluded).toEqual({ after: 'Later than the cut-off: the deal closed on 10 Mar 2026, 12:00.' })
})

test('a program may cut off at qualification; without one, or with one after the close, the close holds', () => {
  const parameters = { cutoff: 'qualified' } as const
  const qualifiedAt = closedAt - 5 * day
  const touches = [at('on', qualifiedAt), at('after', qualifiedAt + 1)]
  const { cutoffAt, counted, excluded } = count(touches, { parameters, qualifiedAt })
  expect(cutoffAt).toBe(qualifiedAt)
  expect(counted).toEqual(['on'])
  expect(excluded.after).toBe('Later than the cut-off: the deal was qualified on 5 Mar 2026, 12:00.')
  expect(count(touches, { parameters }).cutoffAt).toBe(closedAt)
  expect(count(touches, { parameters, qualifiedAt: closedAt + day }).cutoffAt).toBe(closedAt)
  expect(count(touches, { qualifiedAt }).cutoffAt).toBe(closedAt)
})

test('the look-back reaches back from the cut-off, its edge included', () => {
  const qualifiedAt = closedAt - 5 * day
  const edge = qualifiedAt - 30 * day
  const { counted, excluded } = count([at('edge', edge), at('before', edge - 1)], {
    parameters: { lookbackDays: 30, cutoff: 'qualified' },
    qualifiedAt,
  })
  expect(counted).toEqual(['edge'])
  expect(excluded.before).toBe('Older than the look-back of 30 days, which starts on 3 Feb 2026, 12:00.')
})

test('CRM syncs count only where the program says so, and an excluded type never', () => {
  const sync = aTouch('p', 'crm_sync', 3)
  expect(count([sync]).excluded[sync.id]).toBe('Touches synced from the CRM do not count in this program.')
  expect(count([sync], { parameters: { countsCrmSync: true } }).counted).toEqual([sync.id])
  const both = count([sync], { parameters: { countsCrmSync: true, excludedTypes: ['crm_sync'] } })
  expect(both.excluded[sync.id]).toBe('CRM sync does not count in this program.')
  expect(count([aTouch('p', 'demo', 3)], { parameters: { excludedTypes: ['demo'] } }).counted).toEqual([])
})

test('an excluded partner’s touches do not count, also not for ties and totals', () => {
  const { counted, excluded } = count([aTouch('p', 'demo', 3), aTouch('q', 'demo', 2)], {
    parameters: { excludedPartnerIds: ['p'] },
  })
  expect(counted).toEqual(['q demo 2'])
  expect(excluded['p demo 3']).toBe('Its partner is excluded from this program.')
})

test('ids are compared as the database does it, and equal ones are equal', () => {
  expect([compareIds('a', 'b'), compareIds('b', 'a'), compareIds('a', 'a')]).toEqual([-1, 1, 0])
  expect(compareIds('Z', 'a')).toBe(-1)
})

test('touches go by time, then id; partners by their first counted touch, then id', () => {
  const { deal } = countTouches(
    aDeal('equal_split', [
      aTouch('c', 'demo', 1, { id: 't3' }),
      aTouch('b', 'demo', 2, { id: 't2' }),
      aTouch('a', 'demo', 2, { id: 't4' }),
      aTouch('c', 'demo', 2, { id: 't1' }),
      aTouch('z', 'crm_sync', 9),
      aTouch('z', 'demo', 0),
    ]),
  )
  expect(deal?.touches.map(touch => touch.id)).toEqual(['t1', 't2', 't4', 't3', 'z demo 0'])
  expect(deal?.standings.map(({ partner }) => partner.id)).toEqual(['a', 'b', 'c', 'z'])
})

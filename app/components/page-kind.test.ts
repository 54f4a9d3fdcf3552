import { expect, test } from 'vitest'
import { isBelowAList, pageKindOf } from './page-kind.ts'

test.each([
  ['/admin', 'overview'],
  ['/admin/', 'overview'],
  ['/admin/payouts', 'overview'],
  ['/admin/payouts/po_01J8ZQ4T7M', 'detail'],
  ['/admin/payouts/po_01J8ZQ4T7M/edit', 'form'],
  ['/admin/payouts/import', 'form'],
  ['/admin/payouts/import/imp_01J8ZQ4T7M', 'detail'],
  ['/admin/partners', 'list'],
  ['/admin/partners/new', 'form'],
  ['/admin/audit', 'list'],
  ['/admin/settings', 'form'],
  ['/portal', 'overview'],
  ['/portal/payouts', 'list'],
  ['/portal/payouts/po_01J8ZQ4T7M', 'detail'],
  ['/portal/setup', 'form'],
])('%s looks like: %s', (path, kind) => {
  expect(pageKindOf(path)).toBe(kind)
})

test('what is below a list has breadcrumbs', () => {
  for (const path of ['/admin/payouts/new', '/admin/partners/par_01J8', '/portal/payouts/po_01J8'])
    expect(isBelowAList(path)).toBe(true)
  for (const path of ['/admin', '/admin/payouts/', '/admin/settings', '/portal/setup'])
    expect(isBelowAList(path)).toBe(false)
})

import type { ServerBuild } from '@remix-run/node'
import { expect, test } from 'vitest'
import { routePatterns } from './route-pattern.ts'

const routes = {
  root: { id: 'root', path: '' },
  home: { id: 'home', parentId: 'root', index: true },
  admin: { id: 'admin', parentId: 'root', path: 'admin' },
  payouts: { id: 'payouts', parentId: 'admin', path: 'payouts' },
  payout: { id: 'payout', parentId: 'admin', path: 'payouts/:payoutId' },
  new: { id: 'new', parentId: 'admin', path: 'payouts/new' },
  file: { id: 'file', parentId: 'admin', path: 'imports/:importId/failed.csv' },
  rest: { id: 'rest', parentId: 'root', path: '*' },
} as unknown as ServerBuild['routes']

test.each([
  ['/', '/'],
  ['/_root.data', '/'],
  ['/admin/payouts', '/admin/payouts'],
  ['/admin/payouts/', '/admin/payouts'],
  ['/admin/payouts/pay_01J9', '/admin/payouts/:payoutId'],
  ['/admin/payouts/pay_01J9.data', '/admin/payouts/:payoutId'],
  ['/admin/payouts/new', '/admin/payouts/new'],
  ['/admin/imports/imp_1/failed.csv', '/admin/imports/:importId/failed.csv'],
  ['/api/trpc/payouts.create', '/api/trpc/*'],
  ['/livez', '/livez'],
  ['/wp-login.php?x=1', '/*'],
  [`/${'a/'.repeat(2_000)}`, '/*'],
])('%s is routed by %s', (path, pattern) => {
  expect(routePatterns(routes, ['/livez', '/api/trpc/*'])(path)).toBe(pattern)
})

test('what no route knows has one name, whatever it is', () => {
  expect(routePatterns({}, [])('/secret/token')).toBe('unmatched')
})

import { expect, test } from 'vitest'
import { withoutStyleSheet } from './shown.server.ts'

test('style elements go, style attributes and everything else stay', () => {
  const html =
    '<head><style>\n.a{}\n</style><STYLE type="text/css">b{}</STYLE></head><p style="color:red" class="a">x</p>'
  expect(withoutStyleSheet(html)).toBe('<head></head><p style="color:red" class="a">x</p>')
})

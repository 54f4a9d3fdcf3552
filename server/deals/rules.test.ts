import { expect, test } from 'vitest'
import { accountDomain } from './rules.ts'

test.each([
  'javascript:alert(1)',
  'javascript://%0aalert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'https://',
  'localhost',
  'a..example',
  'contoso.example:8443',
  'user@contoso.example',
  '"><img src=x>.example',
  'con toso.example',
])('%j is no domain', text => {
  expect(accountDomain.safeParse(text).success).toBe(false)
})

test.each([
  ['https://www.Contoso.example/about?x#y', 'contoso.example'],
  ['contoso.co.example', 'contoso.co.example'],
  ['münchen.example', 'münchen.example'],
])('%j is kept as %j', (text, kept) => {
  expect(accountDomain.parse(text)).toBe(kept)
})

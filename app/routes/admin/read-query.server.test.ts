import { expect, test } from 'vitest'
import { z } from 'zod'
import { auditFilter } from '#server/audit/rules.ts'
import { emailFilter } from '#server/email/rules.ts'
import { changeOf, cursorOf, readQuery, summaryOf, typedIn } from './read-query.server.ts'

const query = (text: string) => new URLSearchParams(text)

test('reads what the schema knows and ignores the rest', () => {
  const { filter, problems } = readQuery(emailFilter, query('template=invitation&q=&after=abc&utm=x'))
  expect(filter).toEqual({ template: 'invitation' })
  expect(problems).toEqual([])
})

test('leaves out what it can’t use, keeps the rest, and says so in words', () => {
  const { filter, problems } = readQuery(emailFilter, query('template=nonsense&status=sent'))
  expect(filter).toEqual({ status: 'sent' })
  expect(problems).toEqual(['“template” in the address has a value we don’t know, so it is left out.'])
})

test('a number that is none is named like any other value', () => {
  const schema = z.object({ limit: z.coerce.number().int().max(50, 'At most 50.').optional() })
  const general = '“limit” in the address has a value we don’t know, so it is left out.'
  expect(readQuery(schema, query('limit=many')).problems).toEqual([general])
  expect(readQuery(schema, query('limit=99')).problems).toEqual(['At most 50.'])
})

test('a rule between two fields takes out the one it names, with its own sentence', () => {
  const { filter, problems } = readQuery(auditFilter, query('from=2026-03-01&to=2026-02-01&actor=ana'))
  expect(filter).toEqual({ from: '2026-03-01', actor: 'ana' })
  expect(problems).toEqual(['The dates are upside down.'])
})

test('several bad fields end with every sentence once', () => {
  const { filter, problems } = readQuery(auditFilter, query('from=soon&to=2026-99-99'))
  expect(filter).toEqual({})
  expect(problems).toEqual(['Write the date like 2026-02-28.', 'That day does not exist.'])
})

test('a cursor longer than any of ours reads as none', () => {
  expect(cursorOf(query('after=abc'))).toBe('abc')
  expect(cursorOf(query(`after=${'a'.repeat(401)}`))).toBeUndefined()
  expect(cursorOf(query(''))).toBeUndefined()
})

test('a form’s version counts only as a positive whole number', () => {
  const form = (version: string) => {
    const data = new FormData()
    data.set('version', version)
    data.set('idempotencyKey', ' key-12345678 ')
    return changeOf(data)
  }
  expect(form('7')).toEqual({ version: 7, idempotencyKey: 'key-12345678' })
  for (const bad of ['', '0', '-1', '1.5', 'x']) expect(form(bad)).toEqual({ idempotencyKey: 'key-12345678' })
})

test('what was typed comes back, files don’t', () => {
  const data = new FormData()
  data.set('name', ' Ana ')
  data.set('file', new Blob(['x']), 'x.txt')
  expect(typedIn(data)).toEqual({ name: ' Ana ' })
})

test('one problem is said as it is, several as a list', () => {
  const refusal = { ok: false as const, status: 400, message: 'The name is missing.' }
  expect(summaryOf({ ...refusal, fields: { name: 'The name is missing.' } })).toEqual({
    message: 'The name is missing.',
  })
  const fields = { name: 'The name is missing.', email: 'That is not an email address.' }
  expect(summaryOf({ ...refusal, fields })).toEqual({ fields })
})

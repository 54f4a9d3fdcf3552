import { expect, test } from 'vitest'
import { refusedTexts } from '../attack/corpus.ts'
import { line, paragraph, unwritableText } from './text.ts'

test.each(refusedTexts)('%j is refused in a name and in a note', text => {
  // What no encoding can write is refused in every field, before any schema sees it.
  const refused = (schema: ReturnType<typeof line>) =>
    unwritableText({ text: [text] }) !== null || !schema.safeParse(text).success
  expect(refused(line(100, 'The name'))).toBe(true)
  // A note has lines and tabs of its own.
  expect(refused(paragraph(100, 'The note'))).toBe(!/[\r\n\t]/.test(text))
})

test('a name and a note are kept as they were typed, trimmed', () => {
  expect(line(100, 'The name').parse(' Zoë ‘O’ <Müller> 李 ')).toBe('Zoë ‘O’ <Müller> 李')
  expect(paragraph(100, 'The note').parse('one\r\n\ttwo\n')).toBe('one\r\n\ttwo')
})

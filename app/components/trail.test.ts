import { expect, test } from 'vitest'
import { cursorIn, stepsFrom } from './trail.ts'

const at = (link: string | null) => new URLSearchParams(link ?? 'no link')
const query = (text: string) => new URLSearchParams(text)

test('on and on, and back by the same pages to the first, with the filters of the address', () => {
  const there = [query('q=acme')]
  for (const cursor of ['one', 'two', 'three']) there.push(at(stepsFrom(there.at(-1) ?? query(''), cursor).next))
  expect(there.map(page => cursorIn(page))).toEqual([undefined, 'one', 'two', 'three'])
  const back = [there.at(-1) ?? query('')]
  for (let step = 0; step < 3; step++) back.push(at(stepsFrom(back.at(-1) ?? query(''), null).prev))
  expect(back.map(String)).toEqual(there.map(String).reverse())
  expect(stepsFrom(query('q=acme'), null)).toEqual({ prev: null, next: null, first: null })
})

test('the start of the list has its own link from the third page on', () => {
  expect(stepsFrom(query('after=one&q=acme'), null)).toMatchObject({ prev: '?q=acme', first: null })
  expect(stepsFrom(query('after=one.two&q=acme'), null)).toMatchObject({ first: '?q=acme' })
})

test('a long way forgets its beginning: the address stays short, and no step back leads elsewhere than it says', () => {
  const cursors = Array.from({ length: 60 }, (_, index) => `${index}`.padStart(60, 'c'))
  let here = query('')
  for (const cursor of cursors) {
    here = at(stepsFrom(here, cursor).next)
    expect(cursorIn(here)).toBe(cursor)
  }
  expect(here.toString().length).toBeLessThan(1_600)
  const seen: (string | undefined)[] = []
  for (;;) {
    seen.unshift(cursorIn(here))
    const { prev, first } = stepsFrom(here, null)
    expect(first).toBe('?')
    if (prev === null) break
    here = at(prev)
  }
  expect(seen.length).toBeGreaterThan(15)
  expect(seen).toEqual(cursors.slice(-seen.length))
})

test('an address that nobody of ours wrote is a first page, or one whose cursor the procedure judges', () => {
  expect(cursorIn(query(`after=${'a'.repeat(401)}`))).toBeUndefined()
  expect(cursorIn(query('after=...'))).toBeUndefined()
  expect(cursorIn(query('after=abc&cursor=one.two'), 'cursor')).toBe('two')
  for (const odd of ['after=.', 'after=..', 'after=.one', 'after=a..b'])
    expect(() => stepsFrom(query(odd), 'next')).not.toThrow()
})

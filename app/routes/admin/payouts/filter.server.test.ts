import { expect, test } from 'vitest'
import { readFilter } from './filter.server.ts'

const read = (query: string) => readFilter(new URLSearchParams(query))

test('an address becomes the filter of the procedure', () => {
  const { filter, problems } = read(
    'status=paid,failed&partnerId=par_1&period=2026-02&q= Acme &sort=amount_desc&via=stripe',
  )
  expect(filter).toEqual({
    status: ['paid', 'failed'],
    partnerId: 'par_1',
    period: '2026-02',
    q: 'Acme',
    sort: 'amount_desc',
    via: 'stripe',
  })
  expect(problems).toEqual([])
})

test('a status that is given several times reads like a list', () => {
  expect(read('status=paid&status=failed').filter.status).toEqual(['paid', 'failed'])
})

test('empty fields and parameters of others are no filter', () => {
  expect(read('q=&currency=&min=&after=abc&utm_source=mail')).toEqual({ filter: { sort: 'newest' }, problems: [] })
})

test('amounts are typed in major units of the chosen currency', () => {
  expect(read('currency=usd&min=1,240.50&max=2000').filter).toMatchObject({ amountFrom: 124_050, amountTo: 200_000 })
  expect(read('currency=JPY&min=500').filter.amountFrom).toBe(500)
  expect(read('currency=KWD&min=1.5').filter.amountFrom).toBe(1_500)
})

test('an amount without a currency is left out, with a sentence', () => {
  const { filter, problems } = read('min=100&max=200')
  expect(filter).toEqual({ sort: 'newest' })
  expect(problems).toEqual(['Choose a currency to filter by amount: amounts are never compared across.'])
})

test.each([
  ['currency=USD&min=12.345', /2 decimals/],
  ['currency=XXQ', /not a currency/],
  ['period=2026-13', /2026-02/],
  ['createdFrom=2026-02-30', /does not exist/],
  ['createdFrom=2026-03-01&createdTo=2026-02-01', /upside down/],
  ['currency=USD&min=20&max=10', /upside down/],
  ['status=lost', /“status”/],
  ['sort=sideways', /“sort”/],
  [`q=${'x'.repeat(101)}`, /at most 100/],
])('%s is left out, with a sentence, and the rest still counts', (query, sentence) => {
  const { filter, problems } = read(`${query}&via=manual`)
  expect(problems.join(' ')).toMatch(sentence)
  expect(filter.via).toBe('manual')
  expect(filter.sort).toBe('newest')
})

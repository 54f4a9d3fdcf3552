import { expect, test } from 'vitest'
import { readMoneyRows } from './money-rows.server.ts'

function form(...rows: [currency: string, amount: string][]): FormData {
  const data = new FormData()
  for (const [currency, amount] of rows) {
    data.append('minimumCurrency', currency)
    data.append('minimumAmount', amount)
  }
  return data
}

test('amounts become minor units of their own currency; an empty row is none', () => {
  const { read, fields } = readMoneyRows(
    form(['USD', '25'], ['JPY', '1,000'], ['KWD', '1.250'], ['EUR', ' ']),
    'minimum',
  )
  expect(read).toEqual([
    { currency: 'USD', amount: 2_500 },
    { currency: 'JPY', amount: 1_000 },
    { currency: 'KWD', amount: 1_250 },
  ])
  expect(fields).toEqual({})
})

test('each bad row has its own sentence, and what was typed is kept', () => {
  const { fields, rows } = readMoneyRows(
    form(['EUR', '1.234'], ['usd', '5'], ['USD', '6'], ['QQQ', '1'], ['GBP', 'ten']),
    'minimum',
  )
  expect(fields).toEqual({
    'minimum-0': 'EUR has 2 decimals, “1.234” has more.',
    'minimum-2': 'USD is there twice.',
    'minimum-3': 'Choose the currency of this amount.',
    'minimum-4': '“ten” is not an amount. Write it like 1240.00.',
  })
  expect(rows[0]).toEqual({ currency: 'EUR', amount: '1.234' })
})

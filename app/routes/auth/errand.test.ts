import { expect, test } from 'vitest'
import { fieldsOf, readErrand } from './errand.ts'

function formOf(fields: [string, string][]): FormData {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  return form
}

const request = { url: 'http://remit.example/confirm?to=%2Fadmin%2Fpayouts%3Fstatus%3Dapproved' }

test('a form goes through any number of our pages as it was sent, names and order and repetitions included', () => {
  const sent: [string, string][] = [
    ['ids', 'pay_1'],
    ['ids', 'pay_2'],
    ['intent', 'approve'],
    ['note', ' two\nlines '],
  ]
  let errand = readErrand(request, formOf(sent))
  for (let page = 0; page < 3; page++)
    errand = readErrand(request, formOf([...fieldsOf(errand), ['remit.code', '123456']]))
  expect(errand).toEqual({ to: '/admin/payouts?status=approved', post: true, fields: sent })
})

test('what a person types for us is never carried on', () => {
  const { fields } = readErrand(request, formOf([['remit.password', 'hush']]))
  expect(fields).toEqual([])
})

test('a page that was asked for stays one, even after our own form was posted', () => {
  const errand = readErrand(request, null)
  expect(errand.post).toBe(false)
  expect(readErrand(request, formOf([...fieldsOf(errand), ['remit.code', '1']])).post).toBe(false)
})

test('an errand leads to no other site', () => {
  const elsewhere = { url: 'http://remit.example/confirm?to=%2F%2Fevil.example' }
  expect(readErrand(elsewhere, formOf([['a', 'b']]))).toMatchObject({ to: null, post: false })
})

import fs from 'node:fs'
import path from 'node:path'

const fixtures = path.join(import.meta.dirname, '../fixtures')

const now = new Date()
const lastMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1)
/** Whole days from the sample's February 2026 to the month that was over when the tests began. */
const shift = lastMonth - Date.UTC(2026, 1)

/** The month in which the moved sample's deals closed, like `2026-10`. */
export const samplePeriod = dayOf(lastMonth).slice(0, 7)

/** Its last day, like `2026-10-31`. */
export const sampleMonthEnd = dayOf(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 0))

/** A day of the sample, like `2026-02-14`, as the moved files have it. */
export function sampleDay(day: string): string {
  return dayOf(Date.parse(day) + shift)
}

/** A sample file for an upload, all of its days moved. */
export function sampleFile(name: string): { name: string; mimeType: string; buffer: Buffer } {
  const text = fs.readFileSync(path.join(fixtures, name), 'utf8').replace(/\b\d{4}-\d{2}-\d{2}\b/g, sampleDay)
  return { name, mimeType: 'text/csv', buffer: Buffer.from(text) }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

import { z } from 'zod'

/** No list answers with more rows than this. */
export const maxPageSize = 100

/** The last row's sort value and id; the next page starts behind it. */
export type Cursor = [value: string | number, id: string]

export function encodeCursor(cursor: Cursor): string {
  return btoa(unescape(encodeURIComponent(JSON.stringify(cursor))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

/** A cursor from a URL; null for anything that we did not write, which reads as the first page. */
export function decodeCursor(text: string | undefined): Cursor | null {
  if (!text) return null
  try {
    const json: unknown = JSON.parse(decodeURIComponent(escape(atob(text.replace(/-/g, '+').replace(/_/g, '/')))))
    const parsed = z.tuple([z.union([z.string().max(200), z.number().int()]), z.string().max(64)]).safeParse(json)
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

export interface Page<Row> {
  rows: Row[]
  /** The cursor of the following page; null on the last. */
  next: string | null
}

/** Cuts `limit + 1` fetched rows to a page. */
export function toPage<Row>(rows: Row[], limit: number, cursorOf: (row: Row) => Cursor): Page<Row> {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { rows: page, next: rows.length > limit && last ? encodeCursor(cursorOf(last)) : null }
}

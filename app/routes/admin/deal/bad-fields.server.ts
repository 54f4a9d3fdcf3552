import type { Refusal } from '#app/api.server.ts'

/** A refusal of what was typed, before any procedure was asked: the one sentence, or that there are several. */
export function badFields(fields: Record<string, string>): Refusal {
  const [only, ...others] = Object.values(fields)
  const message = only !== undefined && others.length === 0 ? only : 'Some fields need another look.'
  return { ok: false, status: 400, message, fields }
}

import type { ActionFunctionArgs } from '@remix-run/node'
import { findPartner } from '../deal/find-partner.server.ts'

/**
 * The partners that a program leaves out: those that stay ticked, and those that were typed, a line each.
 * @returns their ids, or the sentence that says which can't be found
 */
export async function readExcluded(args: ActionFunctionArgs, form: FormData): Promise<string[] | { problem: string }> {
  const ids = form.getAll('excluded').map(String)
  const typed = String(form.get('excludedMore') ?? '')
    .split(/[\n;]/)
    .map(line => line.trim())
    .filter(Boolean)
  for (const line of typed.slice(0, 50)) {
    const partner = await findPartner(args, line)
    if ('problem' in partner) return partner
    ids.push(partner.id)
  }
  return [...new Set(ids)]
}

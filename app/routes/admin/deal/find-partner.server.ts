import type { ActionFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'

type Found = { id: string; name: string } | { problem: string }

/**
 * The partner that somebody typed: its name or its email address, as a list of suggestions offers them. A select can't hold the
 * partners of an organization that has thousands, and typing works without scripts.
 */
export async function findPartner(args: ActionFunctionArgs, typed: string): Promise<Found> {
  if (!typed) return { problem: 'Name a partner.' }
  const options = await query(args, api => api.partners.options({ q: typed, limit: 50 }))
  const lower = typed.toLowerCase()
  const exact = options.filter(({ name, email }) => name.toLowerCase() === lower || email.toLowerCase() === lower)
  const matches = exact.length > 0 ? exact : options
  const [one, ...others] = matches
  if (!one)
    return {
      problem: `There is no partner “${typed}”. Write its name or email address as the list of partners has it.`,
    }
  if (others.length === 0) return one
  const some = matches.slice(0, 3).map(({ name, email }) => `${name} (${email})`)
  return {
    problem: `“${typed}” could be ${some.join(', ')}${others.length > 2 ? ' or others' : ''}. Write the email address.`,
  }
}

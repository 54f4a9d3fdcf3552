/** The id in a reference of Stripe's: the id itself, or the object where one asked for it whole. Null for none. */
export function idIn(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === 'string' ? reference : (reference?.id ?? null)
}

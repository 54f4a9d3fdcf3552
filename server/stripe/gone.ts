/** Stripe's word that something is not, or no longer, within our reach. A key that Stripe refuses (401) says nothing of the kind. */
export function isGone(error: unknown): boolean {
  const status = error && typeof error === 'object' && 'statusCode' in error ? error.statusCode : undefined
  return (
    (status === 403 && codeOf(error) === 'account_invalid') || (status === 404 && codeOf(error) === 'resource_missing')
  )
}

export function codeOf(error: unknown): unknown {
  return error && typeof error === 'object' && 'code' in error ? error.code : undefined
}

/** What Stripe has under an id; null for its word that there is nothing. */
export async function fetched<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

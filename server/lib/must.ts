/**
 * What has to be there: the invariants around it make anything else a bug, so it stops here instead of going on with a zero or
 * an empty text.
 * @throws Error with the given words where it isn't
 */
export function must<T>(value: T | null | undefined, otherwise: string): T {
  if (value === null || value === undefined) throw new Error(otherwise)
  return value
}

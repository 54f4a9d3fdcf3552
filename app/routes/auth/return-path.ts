/**
 * Where to go after signing in or choosing a theme: a path of our own, or null. It is parsed the way a browser does, which drops
 * tabs and line breaks and reads `\` as `/`: `/<tab>/evil.example` and `/\evil.example` are other people's addresses.
 */
export function ownPath(value: unknown): string | null {
  if (typeof value !== 'string' || !value.startsWith('/')) return null
  const here = 'http://here.invalid'
  if (!URL.canParse(value, here)) return null
  const { origin, pathname, search, hash } = new URL(value, here)
  // A path like `//x` again, after dots were resolved, would lead elsewhere when it is sent as a Location.
  return origin === here && !pathname.startsWith('//') ? pathname + search + hash : null
}

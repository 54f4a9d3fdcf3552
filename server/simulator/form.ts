/** What a request's parameters look like before they are checked. */
export type Raw = string | number | boolean | null | Raw[] | { [name: string]: Raw }
export type RawObject = { [name: string]: Raw }

/**
 * Reads a form body or query string with Rack's nesting: `a[b]=1`, `a[]=1`, `a[0][b]=1`. The last value of a
 * repeated name wins, and objects whose names are all numbers become arrays.
 */
export function parseForm(text: string): RawObject {
  const root: RawObject = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) {
    const parts = splitName(name)
    let here: RawObject = root
    parts.forEach((part, index) => {
      const key = part === '' ? String(Object.keys(here).length) : part
      if (index === parts.length - 1) {
        here[key] = value
        return
      }
      const next = here[key]
      const inner = isObject(next) ? next : (Object.create(null) as RawObject)
      here[key] = inner
      here = inner
    })
  }
  return arrange(root) as RawObject
}

export function isObject(value: Raw | undefined): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function splitName(name: string): string[] {
  const open = name.indexOf('[')
  if (open <= 0 || !name.endsWith(']')) return [name]
  return [name.slice(0, open), ...name.slice(open + 1, -1).split('][')]
}

function arrange(value: Raw): Raw {
  if (!isObject(value)) return value
  const names = Object.keys(value)
  if (names.length > 0 && names.every(name => /^\d+$/.test(name))) return names.map(name => arrange(value[name]!))
  return Object.fromEntries(names.map(name => [name, arrange(value[name]!)]))
}

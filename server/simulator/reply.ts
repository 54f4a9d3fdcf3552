/** What a caller hands to the simulator; header names in lower case. */
export interface Request {
  method: string
  /** Path with query. */
  path: string
  headers: Record<string, string | string[] | undefined>
  body: Buffer | string
}

/** How the answer travels, when it does not simply arrive. The transport does it; the core only says so. */
export type Transport =
  /** The connection breaks; no answer arrives. */
  | { kind: 'reset' }
  /** No answer, and the connection stays open. */
  | { kind: 'hang' }
  /** Half of the body arrives, then the connection breaks. */
  | { kind: 'truncate' }
  /** The answer leaves so many milliseconds later. */
  | { kind: 'latency'; ms: number }

export interface Reply {
  status: number
  headers: Record<string, string>
  body: string
  transport?: Transport
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

export function html(status: number, body: string): Reply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'",
    },
    body,
  }
}

export function redirect(location: string): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store' }, body: '' }
}

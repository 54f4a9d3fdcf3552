import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, request } from 'undici'
import { isLoopback, isPublicAddress } from './address.ts'

/** Why nothing was sent, or why an answer was not taken; in a sentence for whoever chose the address. */
export class OutgoingRefused extends Error {
  override readonly name = 'OutgoingRefused'
}

export interface OutgoingOptions {
  /** Every address of a host; the machine's own resolver unless given. */
  resolve?: (host: string) => Promise<string[]>
  /** For tests alone: plain http, any port, and this machine's own addresses. */
  loopback?: boolean
  /** For all of it, from the first look-up to the answer's last byte (milliseconds). */
  timeoutMs?: number
  /** The answer's, in bytes. */
  limit?: number
}

/**
 * Posts to an address that a user chose; the only way by which such a request may leave. (Nothing in Remit takes such an address yet:
 * Stripe's and the mail server's come from the configuration. This stands ready for webhooks, and its tests hold it to what it
 * promises.) A user could point us at our own network, so:
 * - https on its own port only, no credentials in the URL;
 * - every address that the host has must be a public one, and the connection goes to exactly the one that was checked: a name that is
 *   resolved anew between the check and the connection leads nowhere else;
 * - no redirects, and an end to time and size.
 * @throws OutgoingRefused; undici's errors where the other end fails
 */
export async function postOutgoing(
  url: string,
  body: string,
  headers: Record<string, string> = {},
  options: OutgoingOptions = {},
): Promise<{ status: number; text: string }> {
  const { timeoutMs = 5_000, limit = 64 * 1024, loopback = false, resolve = resolveHost } = options
  const signal = AbortSignal.timeout(timeoutMs)
  const target = checkUrl(url, loopback)
  const address = await checkedAddress(target, resolve, loopback)
  signal.throwIfAborted()
  const dispatcher = new Agent({ connect: { lookup: always(address), timeout: timeoutMs }, pipelining: 0 })
  try {
    const answer = await request(target, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      dispatcher,
      signal,
    })
    if (answer.statusCode >= 300 && answer.statusCode < 400)
      throw new OutgoingRefused('It answered with a redirect, which is not followed. Give the address it leads to.')
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) throw new OutgoingRefused(`Its answer is longer than ${limit} bytes.`)
      chunks.push(chunk)
    }
    return { status: answer.statusCode, text: Buffer.concat(chunks).toString('utf8') }
  } finally {
    // Not close(): whatever is still on its way is of no interest any more.
    await dispatcher.destroy()
  }
}

function checkUrl(text: string, loopback: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url) throw new OutgoingRefused('That is not an address.')
  if (url.username || url.password) throw new OutgoingRefused('The address must not hold a user name or a password.')
  if (loopback && url.protocol === 'http:') return url
  if (url.protocol !== 'https:') throw new OutgoingRefused('The address must begin with https://.')
  if (url.port !== '' && !loopback) throw new OutgoingRefused('The address must not name a port.')
  return url
}

async function checkedAddress(
  url: URL,
  resolve: (host: string) => Promise<string[]>,
  loopback: boolean,
): Promise<string> {
  // URL has made decimal, octal and hexadecimal forms into the one that everybody reads.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(host) ? [host] : await resolve(host).catch(() => [])
  const [first] = addresses
  if (!first) throw new OutgoingRefused(`${host} was not found.`)
  // Of several addresses one that is not public is enough: which is used is not the user's to choose.
  for (const address of addresses)
    if (!isPublicAddress(address) && !(loopback && isLoopback(address)))
      throw new OutgoingRefused(`${host} is not on the public internet.`)
  return first
}

async function resolveHost(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)
}

/** Answers every look-up with the address that was checked. */
function always(address: string): LookupFunction {
  const family = isIP(address)
  return (_host, options, callback) => {
    if (options.all) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}

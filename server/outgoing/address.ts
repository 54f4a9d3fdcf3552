import ipaddr from 'ipaddr.js'

/** Azure's metadata service answers at a public address. */
const refused = new Set(['168.63.129.16'])
/** What is routed on the internet at all; everything else that IPv6 calls unicast is reserved, or leads to IPv4 by a detour. */
const routed = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an address is a public unicast one. Fails closed: what is private, local, shared, reserved or for many is not, nor what wraps an
 * IPv4 address (mapped, NAT64, 6to4, Teredo), nor what is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || refused.has(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(routed)
}

/** This machine itself: where tests have their servers. */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'loopback'
}

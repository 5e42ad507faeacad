import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

/** Public by its number, but answers only to machines inside Azure: its metadata and secrets. */
const AZURE_WIRE_SERVER = '168.63.129.16'
/** All that has been given to the public internet (RFC 4291 §2.4); what lies outside is special or not in use. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')
/** The well-known prefix under which IPv4 addresses appear in networks that have IPv6 only (RFC 6052). */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96')

/**
 * Why nothing may be sent to an IP address because of what a user entered, or undefined when it is public.
 *
 * Public is only what is known to be: unicast, in no special range of RFC 6890, and none of this machine's own addresses.
 * IPv6 addresses that hold an IPv4 address (mapped, NAT64) are judged by that one; 6to4 and Teredo are refused.
 */
export function whyRefused(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return 'is not an IP address'
  const ip = withoutDisguise(ipaddr.parse(address))
  const range = ip.range()
  if (range !== 'unicast') return `is not public (${range})`
  if (ip instanceof ipaddr.IPv6 && !ip.match(GLOBAL_UNICAST)) return 'is not public (reserved)'
  if (ip.toString() === AZURE_WIRE_SERVER) return 'is not public (metadata)'
  if (isOwn(ip)) return 'is this machine'
  return undefined
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

function withoutDisguise(ip: Address): Address {
  if (!(ip instanceof ipaddr.IPv6)) return ip
  if (ip.isIPv4MappedAddress()) return ip.toIPv4Address()
  if (ip.match(NAT64)) return new ipaddr.IPv4(ip.toByteArray().slice(12))
  return ip
}

/** A public address of this machine reaches services that a firewall hides from everyone else. */
function isOwn(ip: Address): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => ipaddr.isValid(address) && ipaddr.process(address).toString() === ip.toString()),
  )
}

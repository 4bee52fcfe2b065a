/**
 * Without TLS nothing leaves this computer. The one rule, asked of a name before anything connects to it and of the
 * address that it led to before anything is said: `localhost` may resolve to anything.
 */
import { isIP } from 'node:net'

/** @returns whether the name or address can only be this computer (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291) */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (isIP(plain) === 0) return plain === 'localhost' || plain.endsWith('.localhost')
  // An IPv4 connection to a socket of both kinds has a mapped address (RFC 4291 section 2.5.5.2).
  return plain === '::1' || /^(::ffff:)?127\./.test(plain)
}

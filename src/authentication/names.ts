/** Names and addresses of machines: which are local, private, Microsoft's, or look like a sister's. */
import { isIP } from 'node:net'

/** What a machine calls itself when it talks to itself. */
export const isLocalName = (name: string): boolean =>
  name === 'localhost' || name === '127.0.0.1' || name === '::1' || /^localhost\.|\.localdomain$/.test(name)

/** RFC 1918, RFC 6598, RFC 4193, loopback and link-local addresses. */
export function isPrivate(address: string): boolean {
  const v4 = address.replace(/^::ffff:(?=\d)/, '')
  if (isIP(v4) === 4) {
    return /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
      v4,
    )
  }
  return address === '::1' || /^(?:f[cd]|fe[89ab])/.test(address)
}

/** RFC 3056 over RFC 1918: how Google's machines write their own addresses, `by 2002:a05:...`. */
export const isGoogleInside = (name: string): boolean => /^2002:a[0-9a-f]{2}:/.test(name)

/** Names of Exchange Online's machines, in which no customer can have one. */
export const isExchangeOnline = (name: string): boolean =>
  /\.(?:(?:eop-[\w-]+\.)?prod\.(?:protection\.)?outlook\.com|mail\.protection\.outlook\.com|outlook\.office365\.com)$/.test(
    name,
  )

/** Addresses that Exchange Online's machines have among themselves; its customers' machines have others. */
export const isExchangeOnlineInside = (address: string): boolean =>
  /^2603:10(?:86|96|a6|b6|c6|d6):/.test(address) || isPrivate(address)

/** Whether a name is one of `own` or stands under the same registered domain as one of them. It proves nothing. */
export function isSister(name: string, own: ReadonlySet<string>): boolean {
  const lower = name.toLowerCase()
  if (own.has(lower)) return true
  const registered = registeredDomain(lower)
  if (registered === undefined) return false
  for (const other of own) if (registeredDomain(other) === registered) return true
  return false
}

const secondLevels = new Set([
  'ac',
  'ad',
  'co',
  'com',
  'ed',
  'edu',
  'go',
  'gov',
  'gr',
  'lg',
  'ne',
  'net',
  'or',
  'org',
])

/**
 * The registered domain by a rule of thumb: two labels, or three under country domains with the usual second
 * levels (co.jp, ne.jp, com.au). It proves nothing: neither trust nor DMARC's alignment is decided by it.
 */
export function registeredDomain(name: string): string | undefined {
  if (isIP(name) !== 0) return undefined
  const labels = name.replace(/\.$/, '').split('.')
  const top = labels.at(-1) ?? ''
  const needed = top.length === 2 && secondLevels.has(labels.at(-2) ?? '') ? 3 : 2
  return labels.length < needed ? undefined : labels.slice(-needed).join('.')
}

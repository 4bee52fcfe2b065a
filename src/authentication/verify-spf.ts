/**
 * SPF about a connection that we did not see: its three inputs come from the lines that the receiving host wrote
 * (trace.ts). Where those lines do not tell, the verdict is `unknown`.
 */
import { isIP } from 'node:net'
import type { DNSResolver } from 'mailauth'
import type { Lookup } from './dns.ts'
import type { HeaderField } from './header-fields.ts'
import { isPrivate } from './names.ts'
import type { Stamped, StampedField } from './stamped.ts'
import type { Trace } from './trace.ts'
import type { ForwardedSpf, SpfVerdict, VerdictReason, VerifiedSpf } from './verified.ts'

export type Mailauth = typeof import('mailauth')

/**
 * The library as the RFCs have it (docs/authentication.md). Its lenient way tells a pass of signatures that other
 * verifiers refuse, and reads SPF records that the standard calls broken.
 */
export const strict = true

/** RFC 5737: nobody's address, which no sender has listed: what any stranger's server would meet. */
const strangersAddress = '192.0.2.1'

/** Fields, trace and stamped results of one message. */
export interface ReadHeader {
  readonly fields: readonly HeaderField[]
  readonly trace: Trace
  readonly stamped: Stamped
}

export interface Connection {
  readonly clientAddress: string
  readonly helo: string
  readonly envelopeSender: string
  /** Whether the host told the envelope sender at all; a null sender is told, and empty. */
  readonly senderTold: boolean
  /** Why the client is not known, or not known to be the one from outside. */
  readonly doubt?: 'client-hidden' | 'client-near'
}

/** Client address, HELO name and envelope sender, only from lines that the receiving host wrote. */
export function readConnection({ fields, trace, stamped }: ReadHeader): Connection {
  const { border, client } = trace
  const borderIndex = border?.index ?? -1
  const trusted = stamped.fields.filter(field => field.trust === 'trusted')
  const properties = trusted.find(field => field.header === 'received-spf')?.results[0]?.properties ?? {}
  const returnPath = fields.find(field => field.name === 'return-path' && field.index < borderIndex)
  const sender =
    border?.envelopeSender ??
    (returnPath === undefined ? undefined : addressOf(returnPath.value)) ??
    properties['envelope-from'] ??
    stampedSender(trusted)
  const isSeen = client === 'outside' || client === 'near'
  const told = properties['client-ip'] ?? ''
  const clientAddress = isSeen ? (border?.clientAddress ?? '') : isPrivate(told) ? '' : told
  return {
    clientAddress,
    helo: ((isSeen ? border?.helo : undefined) ?? properties.helo ?? '').replace(/^\[|\]$/g, ''),
    envelopeSender: sender?.includes('@') ? sender : '',
    senderTold: sender !== undefined,
    ...(clientAddress === '' && client === 'hidden' ? { doubt: 'client-hidden' as const } : {}),
    ...(client === 'near' ? { doubt: 'client-near' as const } : {}),
  }
}

/** The envelope sender that the host asked SPF about, of which some write only the domain. */
function stampedSender(trusted: readonly StampedField[]): string | undefined {
  for (const { header, results } of trusted) {
    if (header !== 'authentication-results') continue
    const properties = results.find(({ method }) => method === 'spf')?.properties
    const sender = properties?.['smtp.mailfrom'] ?? properties?.['smtp.mfrom']
    if (sender?.includes('@')) return sender
    if (sender !== undefined && /^[\w-]+(?:\.[\w-]+)+$/.test(sender)) return `postmaster@${sender}`
  }
  return undefined
}

function addressOf(value: Buffer): string {
  const text = value.toString('utf8', 0, Math.min(value.length, 500))
  const open = text.lastIndexOf('<')
  return (open < 0 ? text : text.slice(open + 1).replace(/>[^>]*$/, '')).trim()
}

export async function checkSpf(
  library: Mailauth,
  resolver: DNSResolver,
  connection: Connection,
): Promise<VerifiedSpf> {
  const { clientAddress, helo, envelopeSender, senderTold } = connection
  const domain = domainOf(envelopeSender) || (senderTold ? helo : '')
  const isBounce = senderTold && envelopeSender === ''
  const base = { domain, clientAddress, helo, envelopeSender, ...(isBounce ? { isBounce } : {}) }
  const { doubt } = connection
  if (clientAddress === '') return { verdict: 'unknown', why: doubt ?? 'no-client', ...base }
  if (domain === '') return { verdict: 'unknown', why: 'no-sender', ...base }
  const answer = await askSpf(library, resolver, clientAddress, helo, envelopeSender)
  // Another machine of the host may have handed it over: then only a pass says something of the sender.
  if (doubt !== undefined && answer.verdict !== 'pass') return { verdict: 'unknown', why: doubt, ...base }
  return { ...answer, ...base }
}

/** What Gmail would find for the forwarder; of a bounce it asks about the forwarder's own name (RFC 7208 section 2.4). */
export async function checkForwarded(
  library: Mailauth,
  resolver: DNSResolver,
  { envelopeSender, senderTold }: Connection,
  { name, ...forwarder }: Forwarder,
): Promise<ForwardedSpf> {
  if (envelopeSender === '' && !senderTold)
    return { verdict: 'unknown', why: 'no-sender', domain: '', ...forwarder }
  const isBounce = envelopeSender === ''
  const domain = isBounce ? name : domainOf(envelopeSender)
  if (isBounce && (forwarder.address === '' || name === ''))
    return { verdict: 'unknown', why: 'no-client', domain: '', ...forwarder }
  const client = forwarder.address === '' ? strangersAddress : forwarder.address
  const answer = await askSpf(library, resolver, client, isBounce ? name : '', envelopeSender)
  return { ...answer, domain, ...forwarder }
}

export interface Forwarder extends Pick<ForwardedSpf, 'address' | 'from'> {
  /** What it would most likely call itself; '' where there is none to guess from. */
  readonly name: string
}

const isHostName = (name: string): boolean => /^[\w-]+(?:\.[\w-]+)+$/.test(name) && name.length <= 253

/** Rental servers forward from the machine that received, so the host's own name is the next best guess. */
export async function findForwarder(
  lookup: Lookup,
  configured: string | undefined,
  host: string,
): Promise<Forwarder> {
  const hostName = isIP(host) === 0 && isHostName(host) ? host : ''
  for (const [name, from] of [
    [configured ?? '', 'configured'],
    [host, 'host'],
  ] as const) {
    if (isIP(name) !== 0 && !isPrivate(name)) return { address: name, from, name: hostName }
    if (!isHostName(name)) continue
    const [first] = await lookup(name, 'A').catch(() => [])
    if (typeof first === 'string' && isIP(first) === 4 && !isPrivate(first))
      return { address: first, from, name }
  }
  return { address: '', from: 'stranger', name: hostName }
}

const spfVerdicts: readonly string[] = ['pass', 'fail', 'softfail', 'neutral', 'none', 'permerror']

async function askSpf(
  library: Mailauth,
  resolver: DNSResolver,
  ip: string,
  helo: string,
  sender: string,
): Promise<{ verdict: SpfVerdict; why?: VerdictReason }> {
  const name = helo === '' ? 'unknown.invalid' : helo
  const { status } = await library.spf({ ip, helo: name, sender, mta: 'localhost', resolver, strict })
  if (!spfVerdicts.includes(status.result)) return { verdict: 'unknown', why: 'dns' }
  const verdict = status.result as SpfVerdict
  if (verdict !== 'permerror') return { verdict }
  // More than two look-ups that find nothing are an error, too, but not one of their number.
  return {
    verdict,
    why: /too many dns requests/i.test(status.comment || '') ? 'too-many-lookups' : 'record-error',
  }
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

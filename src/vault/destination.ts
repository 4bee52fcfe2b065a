/**
 * A secret in the vault is kept together with the destination that it was entered for, and is given out for no other.
 * What is stored under a secret's name is one JSON object of both, so that neither can be there without the other.
 */
import { domainToASCII } from 'node:url'
import { Fault } from '../base/fault.ts'
import { lookUp } from '../base/look-up.ts'
import type { Destination, FirstUse } from '../base/secret.ts'
import type { Vault } from './vault.ts'

/** RFC 4343: names are compared without regard to case; a dot at the end is the root and changes nothing. */
const plainHost = (host: string): string => (domainToASCII(host) || host.toLowerCase()).replace(/\.$/, '')
const plainPin = (pin: string | undefined): string | undefined => pin?.replace(/[:\s]/g, '').toLowerCase()
const plainUrl = (url: string): string => (URL.canParse(url) ? new URL(url).href : url).replace(/\/+$/, '')

/**
 * Whether a secret that was entered for `kept` may go to `wanted`. To trust fewer authorities than then is allowed,
 * to trust others is not.
 */
export function isFor(kept: Destination, wanted: Destination): boolean {
  if (kept.kind === 'google')
    return (
      wanted.kind === 'google' &&
      plainUrl(kept.tokenUrl) === plainUrl(wanted.tokenUrl) &&
      plainUrl(kept.apiRoot) === plainUrl(wanted.apiRoot) &&
      plainUrl(kept.revokeUrl) === plainUrl(wanted.revokeUrl)
    )
  if (
    kept.kind === 'oauth' &&
    (wanted.kind !== 'oauth' || plainUrl(kept.tokenUrl) !== plainUrl(wanted.tokenUrl))
  )
    return false
  return (
    wanted.kind === kept.kind &&
    plainHost(kept.host) === plainHost(wanted.host) &&
    kept.port === wanted.port &&
    kept.security === wanted.security &&
    (wanted.caFile === undefined || wanted.caFile === kept.caFile) &&
    (wanted.pinnedSha256 === undefined || plainPin(wanted.pinnedSha256) === plainPin(kept.pinnedSha256))
  )
}

/** For people: `mail.example.jp:993 (tls)`, or the addresses that are not the same in both. */
export function describeDestination(destination: Destination, beside?: Destination): string {
  if (destination.kind !== 'google') {
    const { host, port, security, caFile, pinnedSha256 } = destination
    const name = host.includes(':') ? `[${host}]` : host
    const trust = [caFile, pinnedSha256 && `SHA-256 ${pinnedSha256}`].filter(Boolean)
    const server = `${name}:${port} (${[security, ...trust].join(', ')})`
    return destination.kind === 'oauth' ? `${destination.tokenUrl}, ${server}` : server
  }
  const { tokenUrl, apiRoot, revokeUrl } = destination
  const all = [tokenUrl, apiRoot, revokeUrl]
  const others = beside?.kind === 'google' ? [beside.tokenUrl, beside.apiRoot, beside.revokeUrl] : []
  const differing = all.filter((url, index) => plainUrl(url) !== plainUrl(others[index] ?? ''))
  return (differing.length === 0 ? all : differing).join(', ')
}

interface Stored {
  readonly secret: string
  /** Undefined: kept by a hikyaku that did not know destinations. */
  readonly destination: Destination | undefined
}

const version = 1

/** @returns what is put under the secret's name */
export function bindSecret(secret: string, destination: Destination): string {
  return JSON.stringify({ hikyaku: 'secret', version, secret, for: destination })
}

/** @throws Fault secret.unreadable with `reason` 'newer' or 'damaged' */
export function readStored(stored: string, name: string): Stored {
  const json = parseObject(stored)
  if (json?.hikyaku !== 'secret') return { secret: stored, destination: undefined }
  const { secret, for: destination } = json
  if (typeof json.version === 'number' && json.version > version)
    throw new Fault('secret.unreadable', { facts: { what: name, reason: 'newer' } })
  if (json.version !== version || typeof secret !== 'string' || !isDestination(destination))
    throw new Fault('secret.unreadable', { facts: { what: name, reason: 'damaged' } })
  return { secret, destination }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

const textsOf: Readonly<Record<Destination['kind'], readonly string[]>> = {
  google: ['tokenUrl', 'apiRoot', 'revokeUrl'],
  mailbox: ['host', 'security'],
  oauth: ['tokenUrl', 'host', 'security'],
}

function isDestination(value: unknown): value is Destination {
  const { kind, ...rest } = (value ?? {}) as Record<string, unknown>
  const texts = lookUp(textsOf, String(kind))
  return (
    texts !== undefined &&
    (kind === 'google' || typeof rest.port === 'number') &&
    texts.every(key => typeof rest[key] === 'string')
  )
}

/**
 * The secret, for this destination only. One without a destination is bound to this one, or refused.
 * @param vault the place where it is stored
 * @returns undefined where there is none
 * @throws Fault secret.other-destination, secret.without-destination, and those of Vault.get
 */
export async function getFor(
  vault: Vault,
  name: string,
  wanted: Destination,
  firstUse: FirstUse,
): Promise<string | undefined> {
  const stored = await vault.get(name)
  if (stored === undefined || stored === '') return undefined
  const { secret, destination } = readStored(stored, name)
  if (destination !== undefined) {
    if (isFor(destination, wanted)) return secret
    throw new Fault('secret.other-destination', {
      facts: {
        name,
        wanted: describeDestination(wanted, destination),
        kept: describeDestination(destination, wanted),
      },
    })
  }
  if (firstUse === 'refuse')
    throw new Fault('secret.without-destination', { facts: { name, wanted: describeDestination(wanted) } })
  // What `setup` stored meanwhile is not written over. Where nothing can be written now, the next use binds it.
  if ((await vault.get(name)) === stored) await vault.set(name, bindSecret(secret, wanted)).catch(() => {})
  return secret
}

/**
 * Everything about one message's authentication, in the documented form that the journal keeps
 * (docs/authentication.md). Plain JSON: no octets, no Date, nothing longer than a few kilobytes.
 */
import type { Clock } from '../clock.ts'
import type { RawMessage } from '../message.ts'
import { type Lookup, makeDns, systemLookup } from './dns.ts'
import { type Forecast, forecastForwarding } from './forecast.ts'
import { type HeaderField, headerOctetsLimit, readFields } from './header-fields.ts'
import { judgeStamped, type ReceivingHost, type Stamped, wantedFields } from './results.ts'
import { readTrace } from './trace.ts'
import { type Verified, type VerifyOptions, verifyMessage } from './verify.ts'

/** The journal's JSON column `authentication`. A reader refuses a `version` that it does not know. */
export interface Authentication {
  readonly version: 1
  /** Domain of the From field, lower case; '' where there is none. */
  readonly senderDomain: string
  readonly stamped: Stamped
  readonly verified: Verified
  /** Missing where nothing was verified. */
  readonly forecast?: Forecast
}

export interface AuthenticateOptions {
  readonly host: ReceivingHost
  /** undefined: verification is switched off; stamped results are read all the same. */
  readonly verify: VerifyOptions | undefined
}

/**
 * Reads, verifies and forecasts. Never alters the message; never throws for what stands in it. Rejects only with
 * the Fault of a message that can no longer be read (discarded, disk).
 */
export async function authenticate(raw: RawMessage, options: AuthenticateOptions): Promise<Authentication> {
  const fields = readFields(await raw.header(headerOctetsLimit), wantedFields)
  const received = fields.filter(field => field.name === 'received')
  const trace = readTrace(received, options.host.names)
  const stamped = judgeStamped(fields, trace, options.host)
  const verified: Verified =
    options.verify === undefined
      ? { state: 'off' }
      : await verifyMessage({ raw, fields, trace, stamped }, options.verify)
  const forecast = forecastForwarding(verified)
  return {
    version: 1,
    senderDomain: senderDomain(fields, verified),
    stamped,
    verified,
    ...(forecast === undefined ? {} : { forecast }),
  }
}

/** What a daemon makes once: the resolver with its cache. */
export function makeVerification(
  clock: Clock,
  lookup: Lookup = systemLookup(),
): Pick<VerifyOptions, 'dns' | 'clock'> {
  return { dns: makeDns({ lookup, clock }), clock }
}

/** A stored column back as data, or undefined where it is missing, broken or newer than this program. */
export function parseAuthentication(json: string | null | undefined): Authentication | undefined {
  if (json === null || json === undefined || json === '') return undefined
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value !== 'object' || value === null) return undefined
    return (value as { version?: unknown }).version === 1 ? (value as Authentication) : undefined
  } catch {
    return undefined
  }
}

function senderDomain(fields: readonly HeaderField[], verified: Verified): string {
  if (verified.state === 'done' && verified.dmarc.domain !== '') return verified.dmarc.domain
  const from = fields.find(field => field.name === 'from')?.value
  const text = from?.toString('utf8', 0, Math.min(from.length, 2000)) ?? ''
  const found = /@([^\s<>"(),;:@[\]\\]{1,253})/.exec(text.slice(Math.max(0, text.lastIndexOf('<'))))
  return found?.[1]?.toLowerCase() ?? ''
}

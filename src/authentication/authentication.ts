/**
 * Everything about one message's authentication, in the documented form that the journal keeps
 * (docs/authentication.md). Plain JSON: no octets, no Date, nothing longer than a few kilobytes.
 */
import type { RawMessage } from '../message/message.ts'
import { type Forecast, forecastForwarding } from './forecast.ts'
import { type HeaderField, headerOctetsLimit, readFields } from './header-fields.ts'
import { judgeStamped, type ReceivingHost, type Stamped, wantedFields } from './results.ts'
import { readTrace } from './trace.ts'
import { type Verified, type VerifyOptions, verifyMessage } from './verify.ts'
import type { ReadHeader } from './verify-spf.ts'

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
 * the Fault of a message that can no longer be read (discarded, disk). For a process of its own (isolate.ts): how long
 * the library takes is up to whoever wrote the message.
 */
export async function authenticate(raw: RawMessage, options: AuthenticateOptions): Promise<Authentication> {
  const read = readStampedOf(await raw.header(headerOctetsLimit), options.host)
  const verified: Verified =
    options.verify === undefined ? { state: 'off' } : await verifyMessage({ raw, ...read }, options.verify)
  return assemble(read, verified)
}

/**
 * What can be told without a verification: the stamped results, and why there is no more.
 * @param header the header section, of which no more than `headerOctetsLimit` octets are read; linear in them
 */
export function withoutVerification(header: Buffer, host: ReceivingHost, verified: Verified): Authentication {
  return assemble(readStampedOf(header, host), verified)
}

function readStampedOf(header: Buffer, host: ReceivingHost): ReadHeader {
  const fields = readFields(header.subarray(0, headerOctetsLimit), wantedFields)
  const received = fields.filter(field => field.name === 'received')
  const trace = readTrace(received, host.names)
  return { fields, trace, stamped: judgeStamped(fields, trace, host) }
}

function assemble({ fields, stamped }: ReadHeader, verified: Verified): Authentication {
  const forecast = forecastForwarding(verified)
  const authentication: Authentication = {
    version: 1,
    senderDomain: senderDomain(fields, verified),
    stamped,
    verified,
    ...(forecast === undefined ? {} : { forecast }),
  }
  if (JSON.stringify(stamped).length <= stampedCharsLimit) return authentication
  // Thousands of properties in forged lines: the answers that count stay, the lines do not.
  const leftOut = stamped.leftOut + stamped.fields.length
  return { ...authentication, stamped: { ...stamped, fields: [], leftOut } }
}

/** The most characters of JSON that the journal keeps of stamped lines. */
const stampedCharsLimit = 64 * 1024

/** The part of a mailbox's configuration that this room needs. */
export interface MailboxOfAuthentication {
  readonly server: { readonly host: string }
  readonly user: string
  readonly verify: boolean
  readonly forwardingAddress: string | undefined
  readonly authservIds: readonly string[]
}

/** The receiving host as a mailbox's configuration describes it. */
export function hostOf(mailbox: MailboxOfAuthentication): ReceivingHost {
  return {
    names: [mailbox.server.host],
    confirmedIds: mailbox.authservIds,
    addresses: mailbox.user.includes('@') ? [mailbox.user] : [],
  }
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

/** Makes the authentication of one message out of what was stamped and what is verified now. */
import type { RawMessage } from '../message/message.ts'
import type { Authentication } from './authentication.ts'
import { forecastForwarding } from './forecast.ts'
import { type HeaderField, headerOctetsLimit, readFields } from './header-fields.ts'
import { judgeStamped, wantedFields } from './results.ts'
import type { ReceivingHost } from './stamped.ts'
import { readTrace } from './trace.ts'
import { type Verified, type VerifyOptions, verifyMessage } from './verify.ts'
import type { ReadHeader } from './verify-spf.ts'

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
  const trace = readTrace(received, host)
  return { fields, trace, stamped: judgeStamped(fields, trace, host) }
}

function assemble({ fields, stamped }: ReadHeader, verified: Verified): Authentication {
  const forecast = forecastForwarding(verified, stamped.chain?.sealedBy)
  const authentication: Authentication = {
    version: 2,
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

function senderDomain(fields: readonly HeaderField[], verified: Verified): string {
  if (verified.state === 'done' && verified.dmarc.domain !== '') return verified.dmarc.domain
  const from = fields.find(field => field.name === 'from')?.value
  const text = from?.toString('utf8', 0, Math.min(from.length, 2000)) ?? ''
  const match = /@([^\s<>"(),;:@[\]\\]{1,253})/.exec(text.slice(Math.max(0, text.lastIndexOf('<'))))
  return match?.[1]?.toLowerCase() ?? ''
}

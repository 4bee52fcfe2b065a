/**
 * Everything about one message's authentication, in the documented form that the journal keeps
 * (docs/authentication.md). Plain JSON: no octets, no Date, nothing longer than a few kilobytes.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
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

/**
 * What a daemon makes once: the look at one message beside its import, with one DNS cache for all. It resolves to
 * the JSON for the journal, or to undefined where it was aborted or the message could no longer be read; it never
 * rejects.
 */
export function makeAuthenticate(
  clock: Clock,
  lookup: Lookup = systemLookup(),
): (raw: RawMessage, mailbox: MailboxOfAuthentication, signal: AbortSignal) => Promise<string | undefined> {
  const dns = makeDns({ lookup, clock })
  return async (raw, mailbox, signal) => {
    const { forwardingAddress } = mailbox
    const verify = mailbox.verify ? { dns, clock, forwardingAddress, signal } : undefined
    // The upload goes first; Gmail's answer takes longer than this look.
    await nextTurn()
    const work = authenticate(raw, { host: hostOf(mailbox), verify }).then(JSON.stringify, () => undefined)
    if (signal.aborted) return undefined
    let stop = (): void => {}
    const aborted = new Promise<undefined>(resolve => {
      stop = () => resolve(undefined)
      signal.addEventListener('abort', stop, { once: true })
    })
    try {
      return await Promise.race([work, aborted])
    } finally {
      signal.removeEventListener('abort', stop)
    }
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

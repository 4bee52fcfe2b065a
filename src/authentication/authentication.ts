/**
 * Everything about one message's authentication, in the documented form that the journal keeps
 * (docs/authentication.md). Plain JSON: no octets, no Date, nothing longer than a few kilobytes.
 */
import type { RawMessage } from '../message/message.ts'
import { type Forecast, forecastForwarding } from './forecast.ts'
import type { ReceivingHost, Stamped } from './stamped.ts'
import type { Verified } from './verify.ts'

/** The journal's JSON column `authentication`. A reader refuses a `version` that it does not know. */
export interface Authentication {
  readonly version: 2
  /** Domain of the From field, lower case; '' where there is none. */
  readonly senderDomain: string
  readonly stamped: Stamped
  readonly verified: Verified
  /** Missing where nothing was verified. */
  readonly forecast?: Forecast
}

export interface Subject {
  readonly host: ReceivingHost
  readonly verify: boolean
  readonly forwardingAddress: string | undefined
}

export interface Looker {
  /**
   * Undefined where it was aborted or `close` came first. Rejects only with the Fault of a message that can no
   * longer be read. The message must stay readable until then.
   */
  look(raw: RawMessage, subject: Subject, signal?: AbortSignal): Promise<Authentication | undefined>
  /** Whether the verifying process lives just now. */
  readonly isAtWork: boolean
  /** Ends what is under way. */
  close(): Promise<void>
}

/** The part of a mailbox's configuration that this room needs. */
export interface MailboxOfAuthentication {
  readonly server: { readonly host: string }
  readonly user: string
  readonly verify: boolean
  readonly forwardingAddress: string | undefined
  readonly authservIds: readonly string[]
  readonly receivingServers: readonly string[]
}

/** The receiving host as a mailbox's configuration describes it. */
export function hostOf(mailbox: MailboxOfAuthentication): ReceivingHost {
  return {
    names: [mailbox.server.host],
    machines: mailbox.receivingServers,
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
    const { version } = value as { version?: unknown }
    if (version === 2) return value as Authentication
    return version === 1 ? judgeAnew(value as Authentication) : undefined
  } catch {
    return undefined
  }
}

/**
 * A record of version 1 by today's rules: the forecast is made anew, and what its rules trusted is not proved, for a
 * neighbour or a proxied stranger could deceive them.
 */
function judgeAnew(record: Authentication): Authentication {
  const { stamped, verified } = record
  const answers = Object.fromEntries(
    (['spf', 'dkim', 'dmarc', 'arc'] as const).flatMap(method => {
      const answer = stamped[method]
      return answer === undefined ? [] : [[method, { ...answer, trust: 'unproven' as const }]]
    }),
  )
  const fields = stamped.fields.map(field =>
    field.trust === 'trusted'
      ? { ...field, trust: 'unproven' as const, why: 'judged-before' as const }
      : field,
  )
  const { forecast: _, ...rest } = record
  const forecast = forecastForwarding(verified, stamped.chain?.sealedBy)
  return {
    ...rest,
    version: 2,
    stamped: { ...stamped, fields, ...answers },
    ...(forecast === undefined ? {} : { forecast }),
  }
}

export { unknownHost } from './stamped.ts'

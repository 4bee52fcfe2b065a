/** One account's connections, tokens and pace: what every part of the adapter works with. */
import type { Clock } from '../base/clock.ts'
import { type Connections, openConnections } from '../base/connections.ts'
import { type HttpDeadlines, usualHttpDeadlines } from '../base/http.ts'
import type { AccountSettings, GoogleEndpoints } from '../google/settings.ts'
import { makeTokens, type Tokens } from '../google/token.ts'
import { type AccountSharing, makePace, type Pace } from './pace.ts'
import type { ProjectQuotas } from './project-quota.ts'

/** What this room needs of an account's settings. */
export interface GmailAccount extends AccountSettings {
  readonly name: string
  /** Quota units a minute (Gmail's usage limits; import costs 25). */
  readonly unitsPerMinute: number
  /** Imports in flight at once, 1 to 3. */
  readonly importsInFlight: number
}

export interface GmailOptions {
  readonly account: GmailAccount
  readonly endpoints: GoogleEndpoints
  readonly clock: Clock
  /** Where several accounts are served together. */
  readonly projects?: ProjectQuotas | undefined
  /** Where other processes import into the same account. */
  readonly sharing?: AccountSharing | undefined
  /** Time-outs in ms that differ from the usual ones. */
  readonly deadlines?: Partial<HttpDeadlines>
}

export interface Session {
  /** GoogleEndpoints.apiRoot without a slash at its end. */
  readonly apiRoot: string
  readonly connections: Connections
  readonly deadlines: HttpDeadlines
  readonly tokens: Tokens
  readonly pace: Pace
  readonly clock: Clock
  /** Aborts when the session is closed. */
  readonly closing: AbortSignal
  close(): void
}

/** Nothing is connected yet: that happens when needed. */
export function openSession(options: GmailOptions): Session {
  const { account, endpoints, clock, projects, sharing, deadlines: own } = options
  const deadlines = { ...usualHttpDeadlines, ...own }
  const connections = openConnections(clock.nowMs)
  const tokens = makeTokens({ account, tokenUrl: endpoints.tokenUrl, clock, deadlines, connections })
  const { unitsPerMinute, importsInFlight } = account
  const project = projects?.(account.credential)
  const pace = makePace({ unitsPerMinute, importsInFlight, clock, project, sharing })
  const closing = new AbortController()
  return {
    apiRoot: endpoints.apiRoot.replace(/\/+$/, ''),
    connections,
    deadlines,
    tokens,
    pace,
    clock,
    closing: closing.signal,
    close() {
      closing.abort(new DOMException('the account is closed', 'AbortError'))
      pace.close()
      tokens.close()
      connections.close()
    },
  }
}

/** One account's connections, tokens and pace: what every part of the adapter works with. */
import type { Clock } from '../base/clock.ts'
import { type Connections, type Deadlines, openConnections, usualDeadlines } from '../base/http.ts'
import type { AccountConfig, GoogleEndpoints } from '../config/config.ts'
import { makeTokens, type Tokens } from '../google/token.ts'
import { makePace, type Pace } from './pace.ts'

export interface GmailOptions {
  readonly account: AccountConfig
  readonly endpoints: GoogleEndpoints
  readonly clock: Clock
  /** Time-outs in ms that differ from the usual ones. */
  readonly deadlines?: Partial<Deadlines>
}

export interface Session {
  /** GoogleEndpoints.apiRoot without a slash at its end. */
  readonly apiRoot: string
  readonly connections: Connections
  readonly deadlines: Deadlines
  readonly tokens: Tokens
  readonly pace: Pace
  readonly clock: Clock
  close(): void
}

/** Nothing is connected yet: that happens when needed. */
export function openSession({ account, endpoints, clock, deadlines: own }: GmailOptions): Session {
  const deadlines = { ...usualDeadlines, ...own }
  const connections = openConnections(clock.nowMs)
  const tokens = makeTokens({ account, tokenUrl: endpoints.tokenUrl, clock, deadlines, connections })
  const { unitsPerMinute, importsInFlight } = account
  return {
    apiRoot: endpoints.apiRoot.replace(/\/+$/, ''),
    connections,
    deadlines,
    tokens,
    pace: makePace({ unitsPerMinute, importsInFlight, clock }),
    clock,
    close() {
      tokens.close()
      connections.close()
    },
  }
}

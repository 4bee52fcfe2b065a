/**
 * What is told by NOTIFY (postgresql.org/docs/15/sql-notify.html), heard on a connection of its own. PostgreSQL keeps
 * nothing for who is not there: whoever listens looks again after each `connected`, and now and then besides.
 */
import type pg from 'pg'
import type { Fault } from '../../base/fault.ts'
import { connect } from './connect.ts'
import { type PostgresPlace, readPostgresAddress } from './place.ts'
import { toPostgresFault } from './postgres-fault.ts'

export interface Listener {
  heard(payload: string): void
  /** From now on nothing is missed, until `lost`. */
  connected(): void
  /** Deaf; it connects again by itself. */
  lost(fault: Fault): void
}

export interface Listening {
  end(): Promise<void>
}

/** The connection is asked so often whether it lives, ms. */
const askMs = 15_000
const longestPauseMs = 10_000

export function listen(
  settings: PostgresPlace,
  place: string,
  channel: string,
  listener: Listener,
): Listening {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  let failures = 0

  const connectLater = (error: unknown): void => {
    if (isOver) return
    failures += 1
    listener.lost(toPostgresFault(error, place))
    timer = setTimeout(connectAnew, Math.min(longestPauseMs, 100 * 2 ** failures) * (0.5 + Math.random() / 2))
  }
  const drop = (own: pg.Client, error: unknown): void => {
    if (client !== own) return
    client = undefined
    clearTimeout(timer)
    own.end().catch(() => {})
    connectLater(error)
  }
  const askNowAndThen = (own: pg.Client): void => {
    timer = setTimeout(() => {
      own.query('SELECT 1').then(
        () => client === own && askNowAndThen(own),
        error => drop(own, error),
      )
    }, askMs)
  }
  const connectAnew = async (): Promise<void> => {
    let own: pg.Client
    try {
      const address = readPostgresAddress(settings.url, process.env)
      own = (await connect({ address, settings, isPatient: false, onLost: drop })).client
    } catch (error) {
      connectLater(error)
      return
    }
    if (isOver) {
      await own.end().catch(() => {})
      return
    }
    client = own
    own.on('notification', ({ payload = '' }) => listener.heard(payload))
    try {
      await own.query(`LISTEN ${own.escapeIdentifier(channel)}`)
      if (client !== own) return
      failures = 0
      listener.connected()
      askNowAndThen(own)
    } catch (error) {
      drop(own, error)
    }
  }
  void connectAnew()
  return {
    async end() {
      isOver = true
      clearTimeout(timer)
      const own = client
      client = undefined
      await own?.end().catch(() => {})
    },
  }
}

/**
 * What is told by NOTIFY (postgresql.org/docs/15/sql-notify.html), heard on a connection of its own. PostgreSQL keeps
 * nothing for who is not there: whoever listens looks again after each `connected`, and now and then besides.
 */
import pg from 'pg'
import type { Fault } from '../../base/fault.ts'
import { clientOptions, type PostgresPlace } from './postgres-database.ts'
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

/** A connection that answers nothing for so long is dead, ms; it is asked so often. */
const deafMs = 10_000
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

  const drop = (own: pg.Client, error: unknown): void => {
    if (client !== own) return
    client = undefined
    clearTimeout(timer)
    own.end().catch(() => {})
    if (isOver) return
    failures += 1
    listener.lost(toPostgresFault(error, place))
    timer = setTimeout(connect, Math.min(longestPauseMs, 100 * 2 ** failures) * (0.5 + Math.random() / 2))
  }
  const askNowAndThen = (own: pg.Client): void => {
    timer = setTimeout(() => {
      own.query('SELECT 1').then(
        () => client === own && askNowAndThen(own),
        error => drop(own, error),
      )
    }, askMs)
  }
  const connect = (): void => {
    const own = new pg.Client({ ...clientOptions(settings), query_timeout: deafMs })
    client = own
    own.on('error', error => drop(own, error))
    own.on('end', () => drop(own, new Error('Connection terminated')))
    own.on('notification', ({ payload = '' }) => listener.heard(payload))
    own
      .connect()
      .then(() => own.query(`LISTEN ${own.escapeIdentifier(channel)}`))
      .then(() => {
        if (client !== own) return
        failures = 0
        listener.connected()
        askNowAndThen(own)
      })
      .catch(error => drop(own, error))
  }
  connect()
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

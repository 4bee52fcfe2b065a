/** One connection to the server that takes writes, with bounds on everything that is asked of it. */
import pg from 'pg'
import { Fault } from '../../base/fault.ts'
import { optionsOfTls } from '../../base/tls.ts'
import { types } from './dialect.ts'
import type { PostgresAddress, PostgresHost, PostgresPlace } from './place.ts'

/** How long a connection may take, ms. */
const connectMs = 10_000
/**
 * No statement of ours is longer, ms, and a worker that was stopped in the middle of one holds nobody up for longer. A
 * server that says nothing at all (its machine is gone, the way to it swallows everything) is given up a little later.
 */
const limits = { statementMs: 30_000, answerMs: 35_000, idleInTransactionMs: 5000 }

/** Whose commits these are: another one, or the same one on another branch of its history, may have lost some. */
export interface History {
  /** Of the cluster, from when it was made. */
  readonly system: string
  /** Goes up with each promotion and each recovery to a point in time. */
  readonly timeline: string
}

export interface Connection {
  readonly client: pg.Client
  /** Undefined where the server does not say. */
  readonly history: History | undefined
}

export interface ConnectOptions {
  readonly address: PostgresAddress
  readonly settings: PostgresPlace
  /** Takes as long as the work needs: where tables are changed. */
  readonly isPatient: boolean
  /** The connection is no more, or of no use. */
  readonly onLost: (client: pg.Client, error: unknown) => void
}

/** Tries each host in turn; rejects with what the last one that answered said. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  let reason: unknown
  for (const host of options.address.hosts) {
    try {
      return await connectTo(host, options)
    } catch (error) {
      if (reason === undefined || isSaid(error)) reason = error
    }
  }
  throw reason
}

const isSaid = (error: unknown): boolean =>
  error instanceof Fault || (error as { severity?: unknown }).severity !== undefined

async function connectTo(
  { host, port }: PostgresHost,
  { address, settings, isPatient, onLost }: ConnectOptions,
): Promise<Connection> {
  const { tls } = address
  const password = address.password ?? settings.password
  const { statementMs, answerMs, idleInTransactionMs } = limits
  const client = new pg.Client({
    host,
    port,
    ...(address.database === undefined ? {} : { database: address.database }),
    ...(address.user === undefined ? {} : { user: address.user }),
    ...(password === undefined ? {} : { password }),
    ssl: tls.kind === 'plain' || host.startsWith('/') ? false : optionsOfTls({ host, ...tls }),
    application_name: settings.name,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    types,
    ...(isPatient ? {} : { statement_timeout: statementMs, query_timeout: answerMs }),
    idle_in_transaction_session_timeout: idleInTransactionMs,
    // What is written outside a transaction of ours is refused: see postgres-database.ts.
    options: '-c default_transaction_read_only=on',
    pipeline: true,
  })
  // Heard of while nothing is asked: the next question makes another connection.
  client.on('error', error => onLost(client, error))
  client.on('end', () => onLost(client, new Error('the connection was closed')))
  try {
    await client.connect()
    await refuseUnfit(client)
    const history = await readHistory(client)
    return { client, history }
  } catch (error) {
    client.end().catch(() => {})
    throw error
  }
}

/** A server that was the first one and is a copy now, or a pooler that hands each transaction to another connection. */
async function refuseUnfit(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `SELECT pg_is_in_recovery() AS copy, pg_backend_pid() AS pid, current_setting('default_transaction_read_only') AS guarded,
       CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END`,
  )
  const [found] = rows
  if (found?.copy !== false) {
    throw new Fault('journal.unreachable', { facts: { reason: 'standby-server' } })
  }
  // A pooler gives a number of its own (postgresql.org/docs/15/protocol-flow.html: BackendKeyData), and drops what was set.
  const { processID } = client as pg.Client & { readonly processID: number | null }
  if (found.pid !== processID || found.guarded !== 'on') throw new Fault('journal.pooled')
}

/** Not every host's PostgreSQL lets everybody ask. */
async function readHistory(client: pg.Client): Promise<History | undefined> {
  try {
    const { rows } = await client.query(
      `SELECT system_identifier::text AS system, substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) AS timeline
       FROM pg_control_system()`,
    )
    const { system, timeline } = rows[0] ?? {}
    return { system: String(system), timeline: String(timeline) }
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error
    return undefined
  }
}

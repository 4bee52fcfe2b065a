/**
 * A real PostgreSQL with a cluster of its own in a private folder, on a loopback port. PostgreSQL refuses to run as root:
 * there it runs as the user `postgres` of Debian's package.
 */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { appendFile, chown, readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  type Daemon,
  freePorts,
  loopback,
  privateFolder,
  program,
  removeFolder,
  startDaemon,
} from './local.ts'

const superuser = 'fleet'

export interface PostgresServer {
  readonly port: number
  /** Its own folder, which the server may write. */
  readonly folder: string
  /**
   * Makes a database.
   * @param like the URL of one that nobody is connected to now: the new one is its copy
   * @returns its URL, without a password: the cluster trusts loopback
   */
  newDatabase(like?: string): Promise<string>
  /** Asks the database something beside whatever is under test. */
  ask(url: string, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** To the server's first process: its others follow, as after a crash; by SIGQUIT it ends them itself, as at once. */
  kill(signal?: 'SIGKILL' | 'SIGQUIT'): Promise<void>
  start(): Promise<void>
  /** A server of its own that follows this one: a copy of one that was made by pg_basebackup. It stops with this one. */
  makeStandby(): Promise<PostgresStandby>
  /** Gives a file to the user that the server runs as. */
  own(file: string): Promise<void>
  stop(): Promise<void>
}

export interface PostgresStandby {
  readonly port: number
  /** The same database there. */
  at(url: string): string
  /** Waits until it has everything that the first one has committed. */
  caughtUp(): Promise<void>
  /** Whatever is committed from now on never comes here. */
  cutOff(): Promise<void>
  promote(): Promise<void>
  stop(): Promise<void>
}

const debian = '/usr/lib/postgresql'

function findTool(name: string): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const kept = versions.map(version => join(debian, version, 'bin', name)).find(existsSync)
  return kept ?? program(name)
}

/** Why there is none here; undefined where there is. */
export function postgresMissing(): string | undefined {
  for (const tool of ['initdb', 'postgres'])
    if (findTool(tool) === undefined) return `PostgreSQL (${tool}) is not installed`
  return undefined
}

/** Whether a process is there and has not ended: its state is the first word behind the name (proc_pid_stat(5)). */
function isThere(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** What `setpriv` is given, so that a program runs as the user that PostgreSQL runs as. */
export const asPostgres = (): readonly string[] =>
  userInfo().uid === 0 ? ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : []

async function own(file: string): Promise<void> {
  if (userInfo().uid !== 0) return
  const ids = ['-u', '-g'].map(flag => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })))
  await chown(file, ids[0] ?? 0, ids[1] ?? 0)
}

/** Beside whatever else the test does meanwhile. */
const runTool = (name: string, ...args: readonly string[]): Promise<unknown> =>
  promisify(execFile)('setpriv', [...asPostgres(), findTool(name) ?? '', ...args], { cwd: '/' })

const ask: PostgresServer['ask'] = async (place, text, values = []) => {
  const client = new pg.Client({ connectionString: place, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    // Of several statements the last one's.
    const answers: pg.QueryResult | pg.QueryResult[] = await client.query(text, [...values])
    return [answers].flat().at(-1)?.rows ?? []
  } finally {
    await client.end()
  }
}

/** Clients that are still there have their connections ended; by SIGTERM it would wait for them. */
async function endPostgres(data: string, daemon: Daemon | undefined): Promise<void> {
  if (daemon?.alive() === true) process.kill(daemon.pid, 'SIGINT')
  await daemon?.stop()
  // One that was killed leaves this file, and what its seventh line names (key and number) in the machine's memory.
  const lines = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const segment = lines.split('\n')[6]?.trim().split(/\s+/)[1]
  if (segment !== undefined) await promisify(execFile)('ipcrm', ['--shmem-id', segment]).catch(() => {})
}

const urlOf = (port: number, database: string): string =>
  `postgresql://${superuser}@${loopback}:${port}/${database}`

/** Starts it on a folder that was made before, and waits until it answers. */
async function startOn(data: string, given: Readonly<Record<string, string>>): Promise<Daemon> {
  const options = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const daemon = startDaemon('setpriv', [
    ...asPostgres(),
    '--pdeathsig',
    'INT',
    findTool('postgres') ?? '',
    '-D',
    data,
    ...options,
  ])
  for (;;) {
    try {
      await ask(urlOf(Number(given.port), 'postgres'), 'SELECT 1')
      return daemon
    } catch (error) {
      if (!daemon.alive())
        throw new Error(`PostgreSQL ended at its start: ${daemon.printed()}`, { cause: error })
      await pause(30)
    }
  }
}

/** @param settings more of postgresql.conf, by name */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const folder = await privateFolder('pg')
  const data = join(folder, 'data')
  const [port = 0] = await freePorts(1)
  await own(folder)
  const locale = ['-E', 'UTF8', '--locale=C']
  await runTool('initdb', '-D', data, '-U', superuser, '-A', 'trust', '--no-sync', ...locale)
  // Clients may have loopback addresses of their own, by which a test tells them apart.
  await appendFile(join(data, 'pg_hba.conf'), `host all all ${loopback}/8 trust\n`)
  const given = {
    listen_addresses: loopback,
    // In its folder, so that one that was killed leaves none in the machine's memory.
    dynamic_shared_memory_type: 'mmap',
    unix_socket_directories: folder,
    port: String(port),
    ...settings,
  }
  let daemon: Daemon | undefined
  const standbys: Daemon[] = []
  let backedUp: Promise<unknown> | undefined
  const start = async (): Promise<void> => {
    daemon = await startOn(data, given)
  }
  await start()
  let databases = 0
  return {
    ...{ port, folder, ask, start, own },
    async newDatabase(like) {
      databases += 1
      const name = `test${databases}`
      const template = like === undefined ? '' : ` TEMPLATE ${new URL(like).pathname.slice(1)}`
      await ask(urlOf(port, 'postgres'), `CREATE DATABASE ${name}${template}`)
      return urlOf(port, name)
    },
    async kill(signal = 'SIGKILL') {
      if (daemon === undefined) return
      const { pid } = daemon
      const others = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
      process.kill(pid, signal)
      await daemon.stop()
      // On a busy machine one of them may answer a little longer.
      while (others.some(isThere)) await pause(10)
    },
    async makeStandby() {
      const from = ['-h', loopback, '-p', String(port), '-U', superuser]
      const backup = join(folder, 'backup')
      backedUp ??= runTool(
        'pg_basebackup',
        ...from,
        '-D',
        backup,
        '-R',
        '-X',
        'stream',
        '--checkpoint=fast',
        '--no-sync',
      )
      await backedUp
      const copy = join(folder, `standby${standbys.length}`)
      const [other = 0] = await freePorts(1)
      execFileSync('cp', ['-a', backup, copy])
      const standby = await startOn(copy, { ...given, port: String(other) })
      standbys.push(standby)
      const url = urlOf(other, 'postgres')
      return {
        port: other,
        at: place => place.replace(`:${port}/`, `:${other}/`),
        async caughtUp() {
          const [here] = await ask(urlOf(port, 'postgres'), 'SELECT pg_current_wal_lsn()::text AS lsn')
          const isBehind = async (): Promise<boolean> => {
            const [row] = await ask(url, 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done', [here?.lsn])
            return row?.done !== true
          }
          while (await isBehind()) await pause(10)
        },
        async cutOff() {
          await ask(url, "ALTER SYSTEM SET primary_conninfo = ''")
          await ask(url, 'SELECT pg_reload_conf()')
          const isFollowing = async (): Promise<boolean> =>
            (await ask(url, 'SELECT 1 FROM pg_stat_wal_receiver')).length > 0
          while (await isFollowing()) await pause(10)
        },
        async promote() {
          await ask(url, 'SELECT pg_promote()')
        },
        stop: () => endPostgres(copy, standby),
      }
    },
    async stop() {
      for (const [n, standby] of standbys.entries()) await endPostgres(join(folder, `standby${n}`), standby)
      await endPostgres(data, daemon)
      await removeFolder(folder)
    },
  }
}

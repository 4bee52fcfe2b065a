/**
 * A real PostgreSQL with a cluster of its own in a private folder, on a loopback port. PostgreSQL refuses to run as root:
 * there it runs as the user `postgres` of Debian's package.
 */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { appendFile, chown } from 'node:fs/promises'
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
  /** Makes a database. @returns its URL, without a password: the cluster trusts loopback */
  newDatabase(): Promise<string>
  /** Asks the database something beside whatever is under test. */
  ask(url: string, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** To the server's first process: its others follow, as after a crash; by SIGQUIT it ends them itself, as at once. */
  kill(signal?: 'SIGKILL' | 'SIGQUIT'): Promise<void>
  start(): Promise<void>
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

/** @param settings more of postgresql.conf, by name */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const folder = await privateFolder('pg')
  const data = join(folder, 'data')
  const [port = 0] = await freePorts(1)
  const asRoot = userInfo().uid === 0
  const drop = asRoot ? ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : []
  if (asRoot) {
    const ids = ['-u', '-g'].map(flag => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })))
    await chown(folder, ids[0] ?? 0, ids[1] ?? 0)
  }
  // Beside whatever else the test does meanwhile.
  await promisify(execFile)(
    'setpriv',
    [
      ...drop,
      findTool('initdb') ?? '',
      '-D',
      data,
      '-U',
      superuser,
      '-A',
      'trust',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C',
    ],
    { cwd: '/' },
  )
  // Clients may have loopback addresses of their own, by which a test tells them apart.
  await appendFile(join(data, 'pg_hba.conf'), `host all all ${loopback}/8 trust\n`)
  const given = {
    listen_addresses: loopback,
    unix_socket_directories: folder,
    port: String(port),
    ...settings,
  }
  const options = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const url = (database: string): string => `postgresql://${superuser}@${loopback}:${port}/${database}`
  const ask: PostgresServer['ask'] = async (place, text, values = []) => {
    const client = new pg.Client({ connectionString: place, connectionTimeoutMillis: 5_000 })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(text, [...values])).rows
    } finally {
      await client.end()
    }
  }
  let daemon: Daemon | undefined
  const start = async (): Promise<void> => {
    const own = startDaemon('setpriv', [
      ...drop,
      '--pdeathsig',
      'INT',
      findTool('postgres') ?? '',
      '-D',
      data,
      ...options,
    ])
    daemon = own
    for (;;) {
      try {
        await ask(url('postgres'), 'SELECT 1')
        return
      } catch (error) {
        if (!own.alive()) throw new Error(`PostgreSQL ended at its start: ${own.printed()}`, { cause: error })
        await pause(30)
      }
    }
  }
  await start()
  let databases = 0
  return {
    ask,
    start,
    async newDatabase() {
      databases += 1
      const name = `test${databases}`
      await ask(url('postgres'), `CREATE DATABASE ${name}`)
      return url(name)
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
    async stop() {
      await daemon?.stop()
      await removeFolder(folder)
    },
  }
}

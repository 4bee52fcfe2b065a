/**
 * Where the database is, read from its URL as libpq reads one (postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING), but
 * for what would weaken TLS: a server beyond this computer shows a certificate that holds for its name, unless the owner
 * wrote sslmode=disable himself.
 */
import { readFileSync } from 'node:fs'
import { Fault } from '../../base/fault.ts'
import { isLoopback } from '../../base/loopback.ts'

export interface PostgresPlace {
  /**
   * postgresql://user@host:port/database, or several hosts with commas between them, of which the one that takes writes is
   * used; what is left out stands in PG... variables.
   */
  readonly url: string | undefined
  /** Where it does not stand in the URL: asked for at each connection, so that it may have been changed. */
  readonly password?: (() => Promise<string>) | undefined
  /** What the server shows of us. */
  readonly name: string
}

export interface PostgresHost {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
}

/** What a client is made from. */
export interface PostgresAddress {
  readonly hosts: readonly PostgresHost[]
  readonly database: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly tls:
    | { readonly kind: 'plain' }
    | {
        readonly kind: 'verified'
        readonly ca?: readonly string[]
        readonly cert?: string
        readonly key?: string
      }
}

const usualPort = 5432
const understood = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
]
/** What libpq knows as well, and what holds for us anyway. */
const passedOver = ['target_session_attrs', 'application_name', 'connect_timeout', 'keepalives']

/**
 * @param env where PGHOST and its like stand
 * Throws Fault journal.address: its reason names the part that is wrong and nothing that may be secret.
 */
export function readPostgresAddress(url: string | undefined, env: NodeJS.ProcessEnv): PostgresAddress {
  const given = url === undefined ? new Map<string, string>() : readParts(url)
  const pick = (part: string, variable: string): string | undefined =>
    given.get(part) || env[variable] || undefined
  const host = pick('host', 'PGHOST') ?? 'localhost'
  const ports = (pick('port', 'PGPORT') ?? '').split(',').map(readPort)
  const hosts = host.split(',').map((name, at) => ({
    host: name.replace(/^\[(.*)\]$/, '$1'),
    port: ports[ports.length === 1 ? 0 : at] ?? usualPort,
  }))
  const sslmode = pick('sslmode', 'PGSSLMODE')
  const isHere = hosts.every(({ host: name }) => name.startsWith('/') || isLoopback(name))
  return {
    hosts,
    database: pick('dbname', 'PGDATABASE'),
    user: pick('user', 'PGUSER'),
    password: given.get('password') || undefined,
    tls: readTls(sslmode, isHere, part => pick(part, `PG${part.toUpperCase()}`)),
  }
}

/** An address as it may be told: without user, password and options. */
export function describePlace(url: string | undefined): string {
  if (url === undefined) return 'PostgreSQL'
  const [, scheme, hosts, database] =
    /^(postgres(?:ql)?):\/\/(?:[^/?#]*@)?([^/?#@]*)(\/[^?#]*)?/.exec(url) ?? []
  return scheme === undefined ? 'PostgreSQL' : `${scheme}://${hosts}${database ?? ''}`
}

function readParts(url: string): Map<string, string> {
  const shape = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/
  const [matched, login = '', hosts = '', database = '', options = ''] = shape.exec(url) ?? []
  if (matched === undefined) throw refuse('no-postgres-url')
  const parts = new Map<string, string>()
  const put = (part: string, text: string): void => {
    if (text !== '') parts.set(part, decode(text))
  }
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(login) ?? []
  put('user', user)
  put('password', password)
  put('dbname', database)
  const places = hosts.split(',').map(place => /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(place) ?? [])
  if (hosts !== '') {
    put('host', places.map(([, host = '']) => host).join(','))
    if (places.some(([, , port]) => port !== undefined))
      put('port', places.map(([, , port = '']) => port).join(','))
  }
  for (const option of options.split('&').filter(Boolean)) {
    const [name = '', text = ''] = option.split(/=(.*)/s)
    if (understood.includes(name)) put(name, text)
    else if (!passedOver.includes(name)) throw refuse('unknown-option', nameOption(name, options))
    const wants = name === 'target_session_attrs' ? text : 'any'
    if (!['any', 'read-write', 'primary'].includes(wants)) throw refuse('must-take-writes')
  }
  return parts
}

function readPort(text: string): number {
  if (text === '') return usualPort
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw refuse('no-port')
  return port
}

function readTls(
  mode: string | undefined,
  isHere: boolean,
  pick: (part: string) => string | undefined,
): PostgresAddress['tls'] {
  switch (mode) {
    case 'disable':
      return { kind: 'plain' }
    case undefined:
      if (isHere && pick('sslrootcert') === undefined) return { kind: 'plain' }
      break
    // Less than verify-full is not offered: whoever stands in the way could be the server.
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      break
    default:
      throw refuse('weak-sslmode')
  }
  const files = Object.entries({ ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' }).flatMap(
    ([field, part]) => {
      const path = pick(part)
      return path === undefined || path === 'system'
        ? []
        : [[field, field === 'ca' ? [readPem(part, path)] : readPem(part, path)]]
    },
  )
  return { kind: 'verified', ...Object.fromEntries(files) }
}

function readPem(part: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw refuse('unreadable-option', { option: part, path }, cause)
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refuse('bare-percent')
  }
}

/** Behind a `?` that stands in a password as it is comes the rest of the password. */
const nameOption = (name: string, options: string): { readonly option?: string } =>
  /^[a-z_]{1,40}$/.test(name) && !options.includes('@') ? { option: name } : {}

const refuse = (reason: string, facts: Readonly<Record<string, string>> = {}, cause?: unknown): Fault =>
  new Fault('journal.address', { facts: { reason, ...facts }, ...(cause === undefined ? {} : { cause }) })

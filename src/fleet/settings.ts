/** The settings of a fleet: its database, where its key is, and what a worker is called and takes. */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { findGivenSecret, readGivenSecret } from '../base/given-secret.ts'
import { ConfigFault } from '../base/problem.ts'
import { type PostgresPlace, readPostgresAddress } from '../journal/postgres/place.ts'

/** What is needed of a program's settings; a LoadedProgram of config/load-program.ts fits. */
export interface FleetSources {
  /** The environment over `.env`. */
  readonly env: NodeJS.ProcessEnv
  readonly program: { readonly stateDir: string }
  readonly fleet: {
    readonly fleetKeyFile: string | undefined
    readonly workerName: string | undefined
    readonly workerCapacity: number
    readonly fleetLoginsAtOnce: number
    readonly fleetLoginsPerMinute: number
    readonly workerAddress: string | undefined
  }
}

export interface FleetSettings {
  readonly database: PostgresPlace
  /** The file of the fleet key. */
  readonly keyFile: string
  readonly worker: string
  /** So many mailboxes at most. */
  readonly capacity: number
  /** Of all workers at one mail server. */
  readonly logins: { readonly atOnce: number; readonly perMinute: number }
  /** A name for what mail servers see the worker come from, where it is not the same for all. */
  readonly address: string | undefined
}

const variable = 'FLEET_DATABASE'
const credential = 'fleet-key'

/**
 * @param purpose how PostgreSQL's own lists show the connection: `hikyaku PURPOSE`
 * @throws Fault config.invalid where there is no database; journal.address where its address is none; secret.unreadable
 */
export async function readFleetSettings(sources: FleetSources, purpose: string): Promise<FleetSettings> {
  const { env, fleet, program } = sources
  const worker = fleet.workerName ?? nameWorker(program.stateDir)
  const keyFile = fleet.fleetKeyFile ?? findCredential(env) ?? join(program.stateDir, 'fleet.key')
  const url = (await readGivenSecret(findGivenSecret(variable, env), env))?.trim()
  if (url === undefined || url === '')
    throw new ConfigFault([
      { at: variable, kind: 'missing', example: 'postgresql://hikyaku:password@db.example.jp:5432/hikyaku' },
    ])
  return {
    database: { ...splitUrl(url, env), name: `hikyaku ${purpose}` },
    keyFile,
    worker,
    capacity: fleet.workerCapacity,
    logins: { atOnce: fleet.fleetLoginsAtOnce, perMinute: fleet.fleetLoginsPerMinute },
    address: fleet.workerAddress,
  }
}

/** systemd.exec(5), LoadCredential=: one file for each credential. */
function findCredential({ CREDENTIALS_DIRECTORY: folder }: NodeJS.ProcessEnv): string | undefined {
  return folder ? join(folder, credential) : undefined
}

/** The password apart from what else is known of the address. */
function splitUrl(text: string, env: NodeJS.ProcessEnv): Pick<PostgresPlace, 'url' | 'password'> {
  const { password } = readPostgresAddress(text, env)
  const url = text.replace(/^([a-z]+:\/\/[^:@/?#]*):[^@/?#]*@/, '$1@')
  return { url, ...(password === undefined ? {} : { password: async () => password }) }
}

/** Two workers of one computer have state folders of their own. */
function nameWorker(stateDir: string): string {
  const digest = createHash('sha256').update(stateDir).digest('hex').slice(0, 6)
  const host = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 100)
  return `${/^[A-Za-z0-9]/.test(host) ? host : `worker${host}`}-${digest}`
}

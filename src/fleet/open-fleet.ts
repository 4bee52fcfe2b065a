/** A fleet from its settings: its journal and its directory, in one PostgreSQL. */
import type { FleetJournal, FleetPlace } from '../journal/postgres/postgres.ts'
import { makeFleetKey, openFleetKey } from './fleet-key.ts'
import { type DirectoryOptions, makePostgresDirectory, type PostgresDirectory } from './postgres-directory.ts'
import type { KeyWrapper } from './seal.ts'
import type { FleetSettings } from './settings.ts'

export interface Fleet {
  readonly journal: FleetJournal
  readonly directory: PostgresDirectory
  close(): Promise<void>
}

export interface FleetOptions extends Omit<DirectoryOptions, 'key'> {
  /** Further connections to the database, for workers (FleetPlace). */
  readonly connections?: number
}

/**
 * @param settings of readFleetSettings
 * @throws Fault journal.missing where it was not made, journal.newer, journal.unreachable, journal.closed. The fleet key is
 *   asked for when the first secret is opened
 */
export async function openFleet(settings: FleetSettings, options: FleetOptions): Promise<Fleet> {
  const { openPostgresJournal } = await import('../journal/postgres/postgres.ts')
  return put(await openPostgresJournal(placeOf(settings, options)), settings, options)
}

/**
 * Makes what is not there: the tables, the roles where the login may make some, and the fleet key.
 * @returns with whether the tables were made, or brought up to date, and whether the key was made: then the owner is to keep a
 *   copy of it
 */
export async function makeFleet(
  settings: FleetSettings,
  options: FleetOptions,
): Promise<{ readonly fleet: Fleet; readonly isNew: boolean; readonly isKeyNew: boolean }> {
  const { makePostgresJournal } = await import('../journal/postgres/postgres.ts')
  const journal = await makePostgresJournal(placeOf(settings, options))
  try {
    // Where the login may make none, all goes on as the owner of the tables.
    const { makeRoles } = await import('../journal/postgres/roles.ts')
    await makeRoles(journal.database)
    // A fleet that has tenants was sealed with a key: a new one would open nothing of it.
    const sealed = await journal.database.get('SELECT 1 FROM tenant LIMIT 1')
    const isKeyNew = sealed === undefined && (await makeFleetKey(settings.keyFile))
    await openFleetKey(settings.keyFile, options.env)
    return { fleet: put(journal, settings, options), isNew: journal.isNew, isKeyNew }
  } catch (error) {
    await journal.close()
    throw error
  }
}

function placeOf({ database, address }: FleetSettings, { connections }: FleetOptions): FleetPlace {
  return { ...database, address, ...(connections === undefined ? {} : { connections }) }
}

function put(journal: FleetJournal, { keyFile }: FleetSettings, options: FleetOptions): Fleet {
  let opened: Promise<KeyWrapper> | undefined
  /** One that could not be opened is tried anew: the file may be put back meanwhile. */
  const key = (): Promise<KeyWrapper> => {
    opened ??= openFleetKey(keyFile, options.env).catch(thrown => {
      opened = undefined
      throw thrown
    })
    return opened
  }
  return {
    journal,
    directory: makePostgresDirectory(journal, { ...options, key }),
    close: () => journal.close(),
  }
}

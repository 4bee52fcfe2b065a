/** Opens a fleet for a command: its settings, its directory and its journal. */
import { Fault } from '../../base/fault.ts'
import type { ProgramConfig } from '../../config/config.ts'
import { type LoadedProgram, loadProgram } from '../../config/load-program.ts'
import { findFleetPlace } from '../../config/setting-places.ts'
import type { Directory, MailboxEntry } from '../../fleet/directory.ts'
import { type FleetLook, makeFleetLook } from '../../fleet/fleet-look.ts'
import { splitKey } from '../../fleet/names.ts'
import { type FleetOptions, openFleet } from '../../fleet/open-fleet.ts'
import { type FleetSettings, readFleetSettings } from '../../fleet/settings.ts'
import type { Journal } from '../../journal/journal.ts'
import { countUnknown, waitForHandBack } from '../../journal/postgres/hand-back.ts'
import {
  addOperator,
  isLogin,
  listOperators,
  type OperatorAdded,
  type OperatorRemoved,
  type OperatorRow,
  removeOperator,
} from '../../journal/postgres/operators.ts'
import type { Database } from '../../journal/sql.ts'
import { useSettingPlaces } from '../../locale/locale.ts'
import { askForPull } from '../../pull/owner-acted.ts'
import { tellNotes } from '../configuration.ts'
import { type Invocation, runAnswering } from '../invocation.ts'
import { splitKeys } from './choose-keys.ts'

export interface Fleet {
  readonly program: ProgramConfig
  readonly directory: Directory
  readonly look: FleetLook
  /** Of all mailboxes: for who looks and manages. */
  readonly journal: Journal
  readonly operators: {
    isLogin(name: string): Promise<boolean>
    list(tenant: string | undefined): Promise<readonly OperatorRow[]>
    add(name: string, tenant: string, verifier: string | undefined): Promise<OperatorAdded>
    remove(name: string, tenant: string | undefined): Promise<OperatorRemoved>
  }
  /** Those by these keys, in their order. @throws Fault fleet.unknown */
  find(keys: readonly string[]): Promise<readonly MailboxEntry[]>
  /** Waits until workers have ended what they had in hand. @returns of how many messages it is not known whether they reached Gmail */
  endWork(keys: readonly string[]): Promise<number>
  /** Has workers look for mail in these now. @returns those that are asked; paused ones are not. @throws Fault fleet.unknown */
  askForPulls(keys: readonly string[]): Promise<readonly string[]>
}

/** A fault becomes three lines for people (or JSON) and an exit code. @param purpose as PostgreSQL's own lists show it */
export async function withFleet(
  invocation: Invocation,
  purpose: string,
  work: (fleet: Fleet) => Promise<number>,
): Promise<number> {
  return withFleetSettings(invocation, purpose, async (settings, options, { program }) => {
    const { directory, journal: fleetJournal, close } = await openFleet(settings, options)
    const find = (keys: readonly string[]): Promise<readonly MailboxEntry[]> => findAll(directory, keys)
    const askForPulls = async (keys: readonly string[]): Promise<readonly string[]> => {
      const asked = (await find(keys)).flatMap(({ key, isPaused }) => (isPaused ? [] : [key]))
      for (const key of asked) await askForPull(fleetJournal.journalFor(key))
      return asked
    }
    const endWork = async (keys: readonly string[]): Promise<number> => {
      await waitForHandBack(fleetJournal.database, keys)
      return countUnknown(fleetJournal.database, keys)
    }
    try {
      const { database, journal } = fleetJournal
      const operators = operatorsOf(database, options.by)
      const look = makeFleetLook(database)
      return await work({ program, directory, look, journal, operators, find, askForPulls, endWork })
    } finally {
      await close()
    }
  })
}

/** The same before a fleet is there. */
export async function withFleetSettings(
  invocation: Invocation,
  purpose: string,
  work: (settings: FleetSettings, options: FleetOptions, loaded: LoadedProgram) => Promise<number>,
): Promise<number> {
  return runAnswering(invocation, async () => {
    const loaded = await loadProgram({
      env: { ...invocation.env },
      cwd: invocation.cwd,
      onNote: note => tellNotes(invocation, [note]),
    })
    useSettingPlaces(findFleetPlace)
    const { endpoints, microsoftLoginRoot } = loaded.program
    const options = { endpoints, microsoftLoginRoot, env: loaded.env, by: loaded.fleet.fleetAs }
    return work(await readFleetSettings(loaded, purpose), options, loaded)
  })
}

const operatorsOf = (database: Database, by: string | undefined): Fleet['operators'] => ({
  isLogin: name => isLogin(database, name),
  list: tenant => listOperators(database, tenant),
  add: (name, tenant, verifier) => addOperator(database, { name, tenant, verifier, by }),
  remove: (name, tenant) => removeOperator(database, { name, tenant, by }),
})

async function findAll(directory: Directory, keys: readonly string[]): Promise<readonly MailboxEntry[]> {
  for (const key of keys) splitKey(key)
  const entries = new Map<string, MailboxEntry>()
  for (const part of splitKeys(keys)) {
    const { mailboxes } = await directory.list({ keys: part }, { most: part.length })
    for (const entry of mailboxes) entries.set(entry.key, entry)
  }
  return keys.map(key => {
    const entry = entries.get(key)
    if (entry === undefined) throw new Fault('fleet.unknown', { facts: { what: 'mailbox', name: key } })
    return entry
  })
}

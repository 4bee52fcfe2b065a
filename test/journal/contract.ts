/**
 * The contract of the journal's port, held against each adapter through the port alone: another one (a database server)
 * is added to `adapters` and has to pass every test that stands in `contractOf`. What is special to a file on a disk
 * (damage, versions, one instance) is tested beside it.
 */
import { after, before, describe, type TestContext } from 'node:test'
import type { Journal } from '../../src/journal/journal.ts'
import { makePostgresJournal, openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { fleetRoles, makeRoles } from '../../src/journal/postgres/roles.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { stateDirFor } from './journal-helpers.ts'

interface Adapter {
  readonly name: string
  /** Why it cannot be had here; false where it can. */
  readonly skip: false | string
  begin(): Promise<void>
  end(): Promise<void>
  /** Opens the journal of that place, and makes it where there is none. */
  open(place: string): Promise<Journal>
}

const sqlite: Adapter = {
  name: 'SQLite',
  skip: false,
  async begin() {},
  async end() {},
  open: place => openJournal(place, 'run', () => {}),
}

const login = 'contract_worker'

/**
 * A database for each place, on one server, as the worker sees it that holds its mailbox: by a login that may do what a
 * worker needs (roles.ts).
 */
function onPostgres(): Adapter {
  let server: PostgresServer | undefined
  let made = ''
  const urls = new Map<string, string>()
  const newPlace = async (on: PostgresServer): Promise<string> => {
    const url = new URL(await on.newDatabase(made))
    url.username = login
    return url.href
  }
  return {
    name: 'PostgreSQL',
    skip: requireServer('postgresql', postgresMissing()),
    async begin() {
      server = await startPostgres({ fsync: 'off' })
      made = await server.newDatabase()
      const fleet = await makePostgresJournal({ url: made, name: 'contract' })
      await makeRoles(fleet.database)
      await fleet.close()
      await server.ask(made, `CREATE ROLE ${login} LOGIN IN ROLE ${fleetRoles.worker}`)
    },
    async end() {
      await server?.stop()
    },
    async open(place) {
      if (server === undefined) throw new Error('PostgreSQL was not started')
      const url = urls.get(place) ?? (await newPlace(server))
      urls.set(place, url)
      const { journal, holds, journalOf } = await openPostgresJournal({ url, name: 'contract' })
      await server.ask(
        made.replace(/[^/]*$/, new URL(url).pathname.slice(1)),
        "INSERT INTO hold (mailbox) VALUES ('box') ON CONFLICT (mailbox) DO UPDATE SET worker = NULL",
      )
      const [hold] = await holds.take('contract', 1)
      if (hold === undefined) throw new Error('the mailbox is held by nobody')
      return { ...journalOf(hold), close: () => journal.close() }
    },
  }
}

const adapters: readonly Adapter[] = [sqlite, onPostgres()]

export interface Ground {
  /** A journal that ends with its test; at the same place it is the same one, opened anew. */
  journalFor(t: TestContext, place?: string): Promise<Journal>
}

export function contractOf(hold: (ground: Ground) => void): void {
  for (const { name, skip, begin, end, open } of adapters)
    describe(`the journal on ${name}`, { skip }, () => {
      before(begin)
      after(end)
      hold({
        async journalFor(t, place) {
          const journal = await open(place ?? (await stateDirFor(t)))
          t.after(() => journal.close().catch(() => {}))
          return journal
        },
      })
    })
}

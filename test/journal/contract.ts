/**
 * The contract of the journal's port, held against each adapter through the port alone: another one (a database server)
 * is added to `adapters` and has to pass every test that stands in `contractOf`. What is special to a file on a disk
 * (damage, versions, one instance) is tested beside it.
 */
import { describe, type TestContext } from 'node:test'
import type { Journal } from '../../src/journal/journal.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { stateDirFor } from './journal-helpers.ts'

interface Adapter {
  readonly name: string
  /** Opens the journal of that place, and makes it where there is none. */
  open(place: string): Promise<Journal>
}

const adapters: readonly Adapter[] = [{ name: 'SQLite', open: place => openJournal(place, 'run', () => {}) }]

export interface Ground {
  /** A journal that ends with its test; at the same place it is the same one, opened anew. */
  journalFor(t: TestContext, place?: string): Promise<Journal>
}

export function contractOf(hold: (ground: Ground) => void): void {
  for (const { name, open } of adapters)
    describe(`the journal on ${name}`, () =>
      hold({
        async journalFor(t, place) {
          const journal = await open(place ?? (await stateDirFor(t)))
          t.after(() => journal.close().catch(() => {}))
          return journal
        },
      }))
}

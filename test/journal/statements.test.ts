/** What the journal asks of SQLite again and again: statements that stay prepared, and no more words than are needed. */
import assert from 'node:assert/strict'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { test } from 'node:test'
import { eachCommitLasts, makeDatabase } from '../../src/journal/database.ts'
import { migrate } from '../../src/journal/file.ts'
import { makeMethods } from '../../src/journal/methods.ts'

/** A real database that writes down what it is told. */
class Heard extends DatabaseSync {
  readonly prepared: string[] = []
  readonly said: string[] = []
  override prepare(text: string): StatementSync {
    this.prepared.push(text)
    return super.prepare(text)
  }
  override exec(text: string): void {
    this.said.push(text)
    super.exec(text)
  }
}

const open = () => {
  const connection = new Heard(':memory:')
  migrate(connection)
  const journal = makeMethods(makeDatabase(connection, ':memory:'))
  return { connection, journal, close: () => connection.close() }
}

test('what is asked at another moment prepares no statement anew: they are kept for as long as the process lives', async () => {
  const { connection, journal, close } = open()
  const fault = { code: 'source.unreachable', retry: 'later', facts: {}, atMs: 1 } as const
  await journal.troubles.opened({ scope: 'mailbox', name: 'a', subject: '' }, fault)
  await journal.troubles.opened({ scope: 'message', name: 'a', subject: '1' }, fault)
  const look = async (nowMs: number): Promise<void> => {
    await journal.beginPull('a', nowMs)
    await journal.due('a', nowMs)
    await journal.nextDueMs('a', [''])
    await journal.thinSettled('a', nowMs, 500)
    await journal.endPull('a', 'account', () => ({
      mailboxPatch: {},
      accountPatch: {},
      over: [],
      atMs: nowMs,
    }))
    await journal.troubles.list()
    await journal.troubles.untold(nowMs)
    await journal.troubles.uncleared()
    await journal.troubles.undescribed('a', nowMs, 5)
  }
  await look(1_000_000)
  const { length } = connection.prepared
  await look(2_000_000)
  assert.deepEqual(connection.prepared.slice(length), [])
  assert.equal((await journal.troubles.untold(0)).length, 1, 'a message is put off')
  assert.equal((await journal.troubles.untold(2)).length, 2)
  close()
})

test('SQLite is told to wait for the disk, or not to, where that changes, and waits for each commit that is to last', async () => {
  const { connection, journal, close } = open()
  const waits = (): unknown => ({ ...connection.prepare('PRAGMA synchronous').get() }).synchronous
  connection.said.length = 0
  await journal.setNote('steady-clock', '1', 'later')
  await journal.beginPull('a', 1) // the first begin lasts
  assert.equal(waits(), 2)
  connection.said.length = 0
  for (const atMs of [2, 3, 4]) {
    await journal.beginPull('a', atMs)
    await journal.updateMailbox('a', { lastLoginAtMs: atMs }, 'later')
  }
  assert.equal(connection.said.length, 1, String(connection.said))
  assert.equal(waits(), 1)
  await journal.troubles.noticed([1], 5)
  assert.equal(waits(), 2, 'a single statement lasts')
  await journal.beginPull('a', 5)
  await journal.setNote('steady-clock', '2')
  assert.equal(waits(), 2, 'a transaction lasts')
  assert.deepEqual(connection.said.at(-1), eachCommitLasts)
  close()
})

/** Several mailboxes on one database, each on a connection of its own: none disturbs another, and what is beyond a mailbox is decided once. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Journal } from '../../src/journal/journal.ts'
import { type FleetJournal, makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { account, newRow, record } from './journal-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())
const boxes = Array.from({ length: 6 }, (_, n) => `box${n}`)
const rounds = 12

interface Side {
  readonly mailbox: string
  readonly journal: Journal
}

describe('mailboxes side by side', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  const start = async (t: TestContext): Promise<{ fleet: FleetJournal; sides: Side[]; url: string }> => {
    const url = await server.newDatabase()
    const fleet = await makePostgresJournal({ url, name: 'side', connections: boxes.length })
    t.after(() => fleet.close())
    await fleet.holds.offer(boxes)
    const holds = await fleet.holds.take('worker', boxes.length)
    assert.equal(holds.length, boxes.length)
    return {
      ...{ fleet, url },
      sides: holds.map(hold => ({ mailbox: hold.mailbox, journal: fleet.journalOf(hold) })),
    }
  }
  const addTo = async ({ mailbox, journal }: Side, uid: string): Promise<number> => {
    const [id] = await journal.recordFolder(record({ mailbox, added: [newRow(uid, { mailbox })] }))
    return id ?? 0
  }
  const claimOf = (id: number, sha256: string, messageId: string | undefined, from = account) => ({
    ...{ id, account: from, sha256, bareSha256: sha256, messageId, atMs: 1, waitUntilMs: 2 },
    facts: { account: from, sha256, bareSha256: sha256, octets: 1, messageId },
    askOwner: undefined,
  })

  it('the same message in several mailboxes of an account is begun once', async t => {
    const { sides } = await start(t)
    for (let round = 0; round < rounds; round += 1) {
      const ids = await Promise.all(sides.map(side => addTo(side, `u${round}`)))
      const answers = await Promise.all(
        sides.map(({ journal }, at) =>
          journal.claimImport(claimOf(ids[at] ?? 0, `digest${round}`, undefined)),
        ),
      )
      const kinds = answers.map(({ kind }) => kind).sort()
      assert.deepEqual(kinds, ['begin', ...Array(boxes.length - 1).fill('wait')], `round ${round}`)
    }
  })

  it('of several that Gmail gave one id, recorded at the same time, all but one are told to be merged', async t => {
    const { sides } = await start(t)
    for (let round = 0; round < rounds; round += 1) {
      const messageId = `<m${round}@example.net>`
      const ids = await Promise.all(sides.map(side => addTo(side, `u${round}`)))
      const digestOf = (at: number): string => `digest${round}.${at}`
      const claims = sides.map(({ journal }, at) =>
        journal.claimImport(claimOf(ids[at] ?? 0, digestOf(at), messageId, `account${at}`)),
      )
      for (const { kind } of await Promise.all(claims)) assert.equal(kind, 'begin')
      const namesakes = await Promise.all(
        sides.map(({ journal }, at) =>
          journal.recordImport({
            ...{ id: ids[at] ?? 0, gmailId: `g${round}`, sha256: digestOf(at) },
            patch: { importedAtMs: 1, outcomeUnknown: false },
          }),
        ),
      )
      assert.equal(namesakes.filter(row => row === undefined).length, 1, `round ${round}`)
    }
  })

  it('notes and accounts that several mailboxes share lose no change, also the first; a trouble is opened by one', async t => {
    const { fleet, sides } = await start(t)
    const journals = [...sides.map(({ journal }) => journal), fleet.journal]
    for (let round = 0; round < rounds; round += 1) {
      const key = `host-logins/host${round}` as const
      const name = `account${round}`
      const fresh = await Promise.all(
        journals.map(async journal => {
          await journal.changeNote(key, text => [String(Number(text ?? 0) + 1), undefined])
          await journal.changeAccount(name, ({ failures }) => ({ failures: failures + 1 }))
          return await journal.troubles.opened(
            { scope: 'account', name, subject: '' },
            { code: 'gmail.unreachable', facts: {}, retry: 'later', atMs: 1 },
          )
        }),
      )
      assert.equal(await fleet.journal.note(key), String(journals.length))
      assert.equal((await fleet.journal.accountState(name)).failures, journals.length)
      assert.equal(fresh.filter(isFresh => isFresh).length, 1, `round ${round}`)
    }
  })

  it('what the owner changes while the mailbox is worked on is not written over', async t => {
    const { fleet, sides, url } = await start(t)
    const times = Array.from({ length: rounds }, (_, n) => n)
    await Promise.all(
      sides.map(async side => {
        const id = await addTo(side, 'u')
        const grow = async (journal: Journal): Promise<void> => {
          for (const _ of times) {
            await journal.changeMailbox(side.mailbox, ({ failures }) => ({ failures: failures + 1 }))
            await journal.move(id, 'deferred', { notBeforeMs: 1 }).catch(() => {})
          }
        }
        await Promise.all([grow(side.journal), grow(fleet.journalFor(side.mailbox))])
        assert.equal((await side.journal.mailbox(side.mailbox)).failures, 2 * rounds)
      }),
    )
    // The owner lets a refused message be tried again just when the worker, which knows it as refused, is about to write.
    const [side] = sides
    assert.ok(side)
    const { journal } = side
    const id = await addTo(side, 'again')
    await journal.move(id, 'refused')
    const owner = new pg.Client({ connectionString: url })
    await owner.connect()
    t.after(() => owner.end())
    await owner.query('BEGIN')
    await owner.query("UPDATE message SET stage = 'listed' WHERE id = $1", [id])
    const moved = journal.moveAll([{ id, from: 'refused', to: 'gone' }])
    const waits =
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'side' AND wait_event_type = 'Lock'"
    while ((await server.ask(url, waits)).length === 0) await pause(10)
    await owner.query('COMMIT')
    assert.deepEqual(await moved, [])
    assert.equal((await journal.row(id))?.stage, 'listed')
  })

  it('the whole way of many messages at once: no transaction is begun anew', async t => {
    const { fleet, sides, url } = await start(t)
    const own = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'side'"
    const [before] = await server.ask(url, own)
    assert.equal(Number(before?.n), 1, 'further connections are made when they are needed')
    const numbers = Array.from({ length: 20 }, (_, n) => n)
    await Promise.all(
      sides.map(async side => {
        const { mailbox, journal } = side
        for (const n of numbers) {
          await journal.beginPull(mailbox, n)
          const id = await addTo(side, `u${n}`)
          const digest = `${mailbox}.${n}`
          const messageId = `<${digest}@example.net>`
          const { kind } = await journal.claimImport(claimOf(id, digest, messageId, `account of ${mailbox}`))
          assert.equal(kind, 'begin')
          await journal.setNote('under-way', digest)
          await journal.recordImport({ id, gmailId: digest, sha256: digest, patch: { importedAtMs: n } })
          assert.equal(await journal.settleKept(mailbox, 'keep', n, 100), 1)
          await journal.endPull(mailbox, `account of ${mailbox}`, () => ({
            ...{ mailboxPatch: { failures: 0, lastGoodPullAtMs: n }, accountPatch: { failures: 0 } },
            ...{ over: [{ scope: 'mailbox', name: mailbox, subject: '' }], atMs: n },
          }))
        }
      }),
    )
    await fleet.close()
    const least = boxes.length * numbers.length * 7
    const counts = async (): Promise<{ committed: number; undone: number }> => {
      const [row] = await server.ask(
        url,
        'SELECT xact_commit, xact_rollback FROM pg_stat_database WHERE datname = current_database()',
      )
      return { committed: Number(row?.xact_commit), undone: Number(row?.xact_rollback) }
    }
    // A connection hands in its counts when it ends.
    while ((await counts()).committed < least) await pause(20)
    assert.equal((await counts()).undone, 0)
  })
})

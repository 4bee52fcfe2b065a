/** A journal of one machine goes into a fleet's and comes back: every row with all that it says, once. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Journal, type MessageRow, type Stage, stages } from '../../src/journal/journal.ts'
import { type JournalFile, openJournalFile } from '../../src/journal/moving/open-file.ts'
import { type AdoptedRows, adoptJournal } from '../../src/journal/postgres/adoption.ts'
import {
  beginDeparture,
  type Departure,
  endDeparture,
  fillDeparted,
  findDeparture,
} from '../../src/journal/postgres/departure.ts'
import { makeHolds } from '../../src/journal/postgres/holds.ts'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { makePostgresDatabase, type PostgresDatabase } from '../../src/journal/postgres/postgres-database.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { UnderWay } from '../../src/pull/under-way.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { add, addIn, box, codeOf, newRow, record, stateDirFor } from './journal-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())
const atMs = Date.UTC(2026, 10, 26)
const dayMs = 24 * 3600_000

const renaming = {
  mailbox: (name: string): string => `main/${name}`,
  account: (name: string): string => `main/${name}`,
}
const back = {
  mailbox: (name: string): string => name.slice('main/'.length),
  account: (name: string): string => name.slice('main/'.length),
}
const adoption = (id: string) => ({ id, tenant: 'main', origin: 'here', renaming, atMs })

/** A message in each stage, with something in every column, and all that is kept beside rows. */
async function fill(journal: Journal): Promise<void> {
  const facts = {
    ...{ octets: 200, sha256: 'd'.repeat(64), bareSha256: 'e'.repeat(64), bareOctets: 190 },
    ...{ headerSha256: 'f'.repeat(64), messageId: '<a@example.net>', seen: true, flags: ['$Junk'] },
    ...{
      wish: { rules: [{ place: 1 }], account: 'other' },
      arrivedAtMs: 5,
      retrievedAtMs: 6,
      importingAtMs: 7,
    },
    ...{ importedAtMs: 8, importedSteadyMs: 9, settleAskedAtMs: 10, settledAtMs: 11, settleAsks: 1 },
    ...{ account: 'me', repeated: 2, lookUps: 3, short: true, renamed: true, verificationTriedAtMs: 12 },
    copy: { folder: 'Old', uid: undefined, state: 'made', atMs: 4 },
    authentication: '{"version":2,"senderDomain":"example.net"}',
  } as const
  for (const stage of stages) await addIn(journal, stage, stage, { ...facts, sha256: `${stage}-digest` })
  const [imported = 0, later = 0] = await journal.recordFolder(
    record({ added: [newRow('first'), newRow('merged-later', { folder: 'Sent/"x"' })], started: true }),
  )
  await journal.move(later, 'importing', {
    outcomeUnknown: true,
    account: 'me',
    sha256: 'unknown',
    octets: 1,
  })
  const fault = { code: 'message.poison', retry: 'owner', facts: { words: 'no' }, atMs } as const
  await journal.move(imported, 'refused', { fault, firstFailedAtMs: atMs, attempts: 3 })
  await journal.updateMailbox(box, { lastGoodPullAtMs: 77, failedLoginsAtMs: [1, 2] })
  await journal.updateAccount('me', { consentEndsAtMs: 99 })
  await journal.troubles.opened(
    { scope: 'account', name: 'me', subject: '' },
    { ...fault, code: 'gmail.forbidden' },
  )
  await journal.setNote(`patience ${box}`, '{"login":{"ms":180000,"neededAtMs":1}}')
  await journal.setNote(`named-by ${box}`, 'me@mail.example.net')
  await journal.setNote(`idle ${JSON.stringify([box, 'INBOX'])}`, 'tells')
  await journal.setNote(
    'breaker me',
    JSON.stringify({
      open: false,
      blamed: [{ id: imported, signature: 's', isFresh: true, isProved: false }],
    }),
  )
  await journal.setNote(
    'host-logins/hostgator',
    JSON.stringify([
      [atMs, box],
      [atMs, ''],
    ]),
  )
  await journal.setNote('accepted-login/box', 'secret')
  await journal.setNote('steady-clock', `${atMs} ${30 * dayMs}`)
  // Killed with two in hand, one of them of another mailbox.
  const underWay = await UnderWay.open(journal)
  await underWay.begin(JSON.stringify([box, 'INBOX', 'listed']), () => [
    JSON.stringify(['other', 'INBOX', 'x']),
  ])
}

type Row = Record<string, unknown>

describe('a journal that changes its place', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  const fleetFor = async (
    t: TestContext,
  ): Promise<{ url: string; sql: PostgresDatabase; journal: Journal }> => {
    const url = await server.newDatabase()
    const { journal, close } = await makePostgresJournal({ url, name: 'test' })
    const sql = makePostgresDatabase({ url, name: 'adopt' })
    t.after(async () => {
      await close()
      await sql.close()
    })
    return { url, sql, journal }
  }
  const fileFor = async (t: TestContext, work: (journal: Journal) => Promise<void>): Promise<JournalFile> => {
    const folder = await stateDirFor(t)
    const journal = await openJournal(folder, 'run', () => {})
    await work(journal)
    await journal.close()
    const file = await openJournalFile(folder)
    t.after(() => file.close().catch(() => {}))
    return file
  }
  const everything = async (sql: PostgresDatabase): Promise<unknown> => {
    const tables = ['message', 'mailbox', 'account', 'note', 'trouble', 'tally', 'adoption', 'departed']
    return Promise.all(
      tables.map(async table => [table, await sql.all(`SELECT * FROM ${table} ORDER BY 1, 2`)]),
    )
  }

  it('holds every row as it was, under the names and numbers of the fleet', async t => {
    const { sql, journal } = await fleetFor(t)
    // Others are there already, so that no number is what it was.
    for (let n = 0; n < 7; n += 1) await add(journal, `x${n}`, { mailbox: 'main/other' })
    const file = await fileFor(t, fill)
    const adopted = await adoptJournal(file.database, sql, adoption('a1'))
    assert.equal(adopted.messages, stages.length + 2)
    assert.deepEqual(adopted.mailboxes, [[box, `main/${box}`]])
    const here = (await file.database.all('SELECT * FROM message ORDER BY id')) as Row[]
    const there: Row[] = (await sql.all(
      'SELECT * FROM message WHERE mailbox = ? ORDER BY id',
      `main/${box}`,
    )) as Row[]
    const numbers = new Map(here.map((row, n) => [row.id, there[n]?.id]))
    assert.deepEqual(
      there,
      here.map(row => ({
        ...row,
        ...{ id: numbers.get(row.id), mailbox: `main/${box}` },
        account: row.account === null ? null : `main/${row.account}`,
        merged_into: row.merged_into === null ? null : numbers.get(row.merged_into),
        wish: row.wish === null ? null : String(row.wish).replace('"other"', '"main/other"'),
      })),
    )
    assert.ok(there.every(row => Number(row.id) > 7))
    assert.equal(adopted.unknown, here.filter(row => row.outcome_unknown === 1).length)
    const counts = await journal.counts(`main/${box}`)
    for (const stage of stages)
      assert.equal(counts[stage], here.filter(row => row.stage === stage).length, `tally of ${stage}`)
    const state = await journal.mailbox(`main/${box}`)
    assert.deepEqual(
      [state.lastGoodPullAtMs, state.failedLoginsAtMs, state.startedFolders, state.listed],
      [77, [1, 2], ['INBOX'], here.length],
    )
    assert.equal((await journal.accountState('main/me')).consentEndsAtMs, 99)
    const refused = here.find(row => row.uid === 'first')
    const troubles = await journal.troubles.list()
    assert.deepEqual(
      troubles
        .flatMap(entry => (entry.first.length > 0 ? entry.first : [entry]))
        .map(({ name, subject }) => [name, subject])
        .sort(),
      [
        [`main/${box}`, String(numbers.get(refused?.id))],
        ['main/me', ''],
      ].sort(),
    )
    const notes = new Map(
      (await sql.all('SELECT key, value FROM note')).map(({ key, value }) => [key, value]),
    )
    assert.equal(notes.get(`named-by main/${box}`), 'me@mail.example.net')
    assert.equal(notes.get(`idle ${JSON.stringify([`main/${box}`, 'INBOX'])}`), 'tells')
    assert.match(String(notes.get(`patience main/${box}`)), /180000/)
    assert.equal(
      notes.get(`steady-clock main/${box}`),
      `${atMs} ${30 * dayMs}`,
      'what had passed since an import has passed',
    )
    assert.match(String(notes.get('breaker main/me')), new RegExp(`"id":${numbers.get(refused?.id)},`))
    assert.equal(
      notes.get('host-logins/hostgator'),
      JSON.stringify([
        [atMs, `main/${box}`],
        [atMs, ''],
      ]),
    )
    assert.deepEqual(JSON.parse(String(notes.get(`under-way main/${box}`))).many, [
      JSON.stringify([`main/${box}`, 'INBOX', 'listed']),
    ])
    assert.ok(
      ![...notes.keys()].some(key => /accepted-login|^steady-clock$/.test(String(key))),
      'what is of the machine stays',
    )
  })

  it('is adopted once, whatever the connection meets on the way, and however often it is asked for', async t => {
    const { url, sql } = await fleetFor(t)
    const file = await fileFor(t, fill)
    const before = await everything(sql)
    let statements = 0
    /** Loses its connection at the n-th statement, or at the commit, whose answer then never comes; and each time anew. */
    const losing = (last: number): PostgresDatabase => ({
      ...sql,
      transaction: work =>
        sql.transaction(async inner => {
          statements = 0
          const lose = async <T>(ask: () => Promise<T>): Promise<T> => {
            statements += 1
            if (statements === last)
              await server.ask(
                url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'adopt'",
              )
            return ask()
          }
          return work({
            ...inner,
            run: (...given) => lose(() => inner.run(...given)),
            get: (...given) => lose(() => inner.get(...given)),
            all: (...given) => lose(() => inner.all(...given)),
          })
        }),
    })
    await adoptJournal(file.database, losing(0), adoption('dry')).then(() => {})
    const all = statements
    await sql.run('TRUNCATE message, mailbox, account, trouble, tally, adoption')
    await sql.run("DELETE FROM note WHERE key <> 'database-history'")
    for (let last = 1; last <= all; last += Math.max(1, Math.floor(all / 8))) {
      assert.equal(
        await codeOf(adoptJournal(file.database, losing(last), adoption('a1'))),
        'journal.unreachable',
      )
      assert.deepEqual(await everything(sql), before, `nothing after a loss at statement ${last} of ${all}`)
    }
    const first = await adoptJournal(file.database, sql, adoption('a1'))
    const whole = await everything(sql)
    assert.deepEqual(await adoptJournal(file.database, sql, adoption('a1')), first)
    assert.deepEqual(await everything(sql), whole, 'a second time changes nothing')
    assert.equal(await codeOf(adoptJournal(file.database, sql, adoption('a2'))), 'journal.taken')
    assert.deepEqual(await everything(sql), whole, 'nor does another of the same name')
  })

  it('leaves for a machine with what it knows, is held by no worker meanwhile, and comes back with what happened there', async t => {
    const { sql, journal } = await fleetFor(t)
    const file = await fileFor(t, fill)
    await adoptJournal(file.database, sql, adoption('a1'))
    const inGmail = async (mailbox: string, uid: string, more: object): Promise<MessageRow | undefined> => {
      const id = await add(journal, uid, { mailbox })
      await journal.move(id, 'importing', { account: 'main/me', octets: 1, ...more })
      await journal.move(id, 'imported', {
        gmailId: `g-${uid}`,
        importedAtMs: atMs,
        importedSteadyMs: Date.now(),
      })
      return journal.row(id)
    }
    const twin = await inGmail('main/neighbour', 'twin', { sha256: 'twin-digest' })
    const holds = makeHolds(sql)
    await holds.offer([`main/${box}`])
    const departure: Departure = { id: 'd1', mailbox: `main/${box}`, place: 'there', atMs }
    await beginDeparture(sql, departure)
    assert.deepEqual(await holds.take('late', 9), [])
    assert.equal(await codeOf(holds.offer([`main/${box}`])), 'journal.departed', 'nobody offers it again')
    assert.equal(await codeOf(beginDeparture(sql, { ...departure, id: 'd2' })), 'journal.departed')
    await beginDeparture(sql, departure)
    const folder = await stateDirFor(t)
    const away = await openJournalFile(folder)
    assert.equal(await fillDeparted(sql, away.database, departure, back), stages.length + 2)
    await away.close()
    await endDeparture(sql, departure)
    assert.equal((await findDeparture(sql, departure.mailbox))?.isPlaced, true)

    const alone = await openJournal(folder, 'run', () => {})
    const { listed, ...rest } = await alone.conservation(box)
    assert.equal(
      listed,
      Object.values(rest).reduce((sum, n) => sum + n, 0),
    )
    assert.equal(
      (await alone.importedWith('me', 'twin-digest'))?.id,
      twin?.id,
      'a message of a neighbour is known',
    )
    const uids = (rows: readonly MessageRow[]): unknown[] => rows.map(({ uid, stage }) => [uid, stage])
    const was = await journal.inStages(`main/${box}`, [...stages])
    assert.deepEqual(uids(await alone.inStages(box, [...stages])), uids(was))
    assert.deepEqual(JSON.parse((await alone.note('under-way')) ?? '').many, [
      JSON.stringify([box, 'INBOX', 'listed']),
    ])
    assert.equal(await alone.note('steady-clock'), `${atMs} ${30 * dayMs}`)

    // There one is imported, another comes, and the fleet goes on with others: numbers of both sides are the same.
    const importing = was.find(({ uid }) => uid === 'merged-later')
    await alone.move(importing?.id ?? 0, 'imported', { gmailId: 'g9', importedAtMs: atMs })
    const news = await addIn(alone, 'imported', 'news', { sha256: 'news-digest', account: 'me' })
    await alone.close()
    for (let n = 0; n < 3; n += 1) await add(journal, `y${n}`, { mailbox: 'main/neighbour' })
    assert.ok(await journal.row(news), 'the number is another mailbox’s in the fleet')
    const others = await sql.all('SELECT * FROM message WHERE mailbox <> ? ORDER BY id', `main/${box}`)
    const again = await openJournalFile(folder)
    t.after(() => again.close())
    const adopted: AdoptedRows = await adoptJournal(again.database, sql, adoption('a2'))
    assert.deepEqual(adopted.mailboxes, [[box, `main/${box}`]])
    assert.equal(adopted.messages, stages.length + 3)
    assert.deepEqual(
      await sql.all('SELECT * FROM message WHERE mailbox <> ? ORDER BY id', `main/${box}`),
      others,
    )
    assert.equal((await journal.row(importing?.id ?? 0))?.stage satisfies Stage | undefined, 'imported')
    assert.equal((await journal.importedWith('main/me', 'news-digest'))?.mailbox, `main/${box}`)
    assert.notEqual((await journal.importedWith('main/me', 'news-digest'))?.id, news)
    await holds.offer([`main/${box}`])
    assert.equal((await holds.take('next', 9)).length, 1)
  })

  it('takes ten thousand messages in a few seconds', async t => {
    const { sql, journal } = await fleetFor(t)
    const messages = Number(process.env.HIKYAKU_ADOPT_MESSAGES ?? 10_000)
    const file = await fileFor(t, async one => {
      const database = new DatabaseSync(one.path)
      database.exec(`BEGIN; INSERT INTO message (mailbox, folder, uid, stage, present, generation, octets, sha256, bare_sha256,
          header_sha256, message_id, listed_at_ms, imported_at_ms, account, gmail_id)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${messages})
        SELECT 'box', 'INBOX', '7.' || i, 'settled', 1, 1, 5000, printf('%064x', i), printf('%064x', i), printf('%064x', -i),
          '<' || i || '@example.net>', ${atMs}, ${atMs} + i, 'me', printf('%016x', i) FROM n;
        INSERT INTO mailbox (name, listed) VALUES ('box', ${messages}); COMMIT`)
      database.close()
    })
    const begun = performance.now()
    const adopted = await adoptJournal(file.database, sql, adoption('a1'))
    const seconds = (performance.now() - begun) / 1000
    assert.equal(adopted.messages, messages)
    assert.deepEqual((await journal.conservation(`main/${box}`)).imported, messages)
    t.diagnostic(
      `${messages} messages in ${seconds.toFixed(1)} s, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
    )
    // Generous: eight of us may be at work on this machine.
    assert.ok(seconds < messages / 500, `${seconds} s`)
  })
})

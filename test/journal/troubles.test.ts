/** The one list of what is not well: opened and closed by evidence, kept over restarts, quick with many messages. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TroubleFault } from '../../src/base/trouble.ts'
import { journalFile } from '../../src/journal/file.ts'
import { migrations } from '../../src/journal/schema.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { contractOf } from './contract.ts'
import { account, addIn, box, newRow, record, stateDirFor } from './journal-helpers.ts'

const at = (
  ms: number,
  code: TroubleFault['code'] = 'source.folder-missing',
  words = 'gone',
): TroubleFault => ({
  code,
  retry: 'owner',
  facts: { words },
  atMs: ms,
})
const folder = { scope: 'folder', name: box, subject: 'Archive' } as const

contractOf(({ journalFor }) => {
  test('a trouble is opened once, counted while it lasts, and closed by its own success alone', async t => {
    const { troubles } = await journalFor(t)
    assert.equal(await troubles.opened(folder, at(1000)), true)
    assert.equal(await troubles.opened(folder, at(2000)), false)
    assert.equal(await troubles.closed({ ...folder, subject: 'INBOX' }, 'success', 2500), false)
    const [entry, ...more] = await troubles.list()
    assert.deepEqual(more, [])
    assert.deepEqual(
      [entry?.sinceMs, entry?.lastSeenMs, entry?.times, entry?.said, entry?.messages],
      [1000, 2000, 2, 'gone', 0],
    )
    assert.equal(await troubles.closed(folder, 'success', 3000), true)
    assert.equal(await troubles.closed(folder, 'success', 3000), false)
    assert.deepEqual(await troubles.list(), [])
    assert.deepEqual(await troubles.uncleared(), [], 'nobody was told')
    await troubles.opened(folder, at(9000))
    assert.equal((await troubles.find(folder))?.sinceMs, 9000, 'another time is another trouble')
  })

  test('what comes back before its all-clear went out is the same trouble', async t => {
    const { troubles } = await journalFor(t)
    await troubles.opened(folder, at(1000))
    const ids = (await troubles.untold(1e15)).flatMap(entry => entry.ids)
    await troubles.noticed(ids, 1500)
    assert.deepEqual(await troubles.untold(1e15), [])
    await troubles.closed(folder, 'success', 2000)
    assert.equal((await troubles.uncleared())[0]?.closedBy, 'success')
    await troubles.opened(folder, at(3000))
    assert.deepEqual(
      [(await troubles.find(folder))?.sinceMs, (await troubles.find(folder))?.times],
      [1000, 2],
    )
    assert.deepEqual([(await troubles.untold(1e15)).length, (await troubles.uncleared()).length], [0, 0])
    await troubles.closed(folder, 'success', 4000)
    await troubles.cleared(ids, 4100)
    await troubles.opened(folder, at(5000))
    assert.deepEqual(
      [(await troubles.find(folder))?.sinceMs, (await troubles.untold(1e15)).length],
      [5000, 1],
    )
    assert.equal(await troubles.lastNoticeMs({ ...folder, code: 'source.folder-missing' }), 1500)
  })

  test('the other side’s words are bounded at a character', async t => {
    const { troubles } = await journalFor(t)
    await troubles.opened(folder, at(1, 'source.protocol', '漢'.repeat(4000)))
    const said = (await troubles.find(folder))?.said ?? ''
    assert.ok(Buffer.byteLength(said) <= 500 && Buffer.byteLength(said) > 480)
    assert.match(said, /^漢+…$/)
  })

  test('a message’s trouble opens with the fault of its row and ends with its import, its end, or a rule', async t => {
    const journal = await journalFor(t)
    const fault = at(50, 'message.not-retrieved', 'NO such body')
    const ids = await Promise.all(
      ['a', 'b', 'c', 'd'].map(uid => addIn(journal, 'deferred', uid, { fault, attempts: 1 })),
    )
    const [a = 0, b = 0, c = 0, d = 0] = ids
    const [entry, ...more] = await journal.troubles.list()
    assert.deepEqual([entry?.messages, entry?.first.map(one => one.subject), more], [4, ids.map(String), []])
    await journal.move(a, 'importing')
    assert.equal((await journal.troubles.list())[0]?.messages, 4, 'a try is no success')
    await journal.move(a, 'imported', { gmailId: 'g', fault: null })
    await journal.move(b, 'gone')
    await journal.move(c, 'ignored')
    await journal.move(d, 'refused', { fault: { ...fault, retry: 'later' } })
    assert.deepEqual(
      (await journal.troubles.list()).map(one => [one.subject, one.retry, one.times]),
      [[String(d), 'owner', 2]],
    )
    await journal.move(d, 'listed')
    assert.equal((await journal.troubles.list()).length, 1, 'asking for another try mends nothing')
  })

  test('what a message met of its account’s trouble is not the message’s', async t => {
    const journal = await journalFor(t)
    await addIn(journal, 'importing', 'a', { fault: at(1, 'gmail.unreachable') })
    assert.deepEqual(await journal.troubles.list(), [])
  })

  test('a message told of keeps its row until its all-clear; one that nobody heard of leaves none', async t => {
    const journal = await journalFor(t)
    const fault = at(50, 'message.not-retrieved')
    const [a, b] = await Promise.all(['a', 'b'].map(uid => addIn(journal, 'deferred', uid, { fault })))
    await journal.troubles.noticed(
      [(await journal.troubles.find({ scope: 'message', name: box, subject: String(a) }))?.id ?? 0],
      60,
    )
    for (const id of [a ?? 0, b ?? 0]) await journal.move(id, 'gone')
    const [end, ...more] = await journal.troubles.uncleared()
    assert.deepEqual([end?.messages, end?.closedBy, end?.subject, more], [1, 'gone', String(a), []])
    await journal.troubles.cleared(end?.ids ?? [], 70)
    assert.deepEqual(await journal.troubles.uncleared(), [])
  })

  test('a listing that shows a deletion done ends the wish’s trouble in that folder alone', async t => {
    const journal = await journalFor(t)
    const id = await addIn(journal, 'imported', 'a', { settleAsks: 1 })
    for (const subject of ['INBOX', 'Junk'])
      await journal.troubles.opened({ scope: 'wish', name: box, subject }, at(1))
    const vanished = [{ id, stage: 'settled', patch: { settledAs: 'delete' } }] as const
    await journal.recordFolder(record({ vanished }))
    assert.deepEqual(
      (await journal.troubles.list()).map(one => one.subject),
      ['Junk'],
    )
  })

  test('what was taken out of the configuration is no trouble any more', async t => {
    const journal = await journalFor(t)
    const [old = 0] = await journal.recordFolder(
      record({ folder: 'Old', added: [newRow('x', { folder: 'Old' })] }),
    )
    await journal.move(old, 'refused', { fault: at(1, 'gmail.message-refused') })
    for (const subject of ['INBOX', 'Old'])
      await journal.troubles.opened({ scope: 'folder', name: box, subject }, at(1))
    await journal.recordFolder(
      record({ folder: 'Old', vanished: [{ id: old, stage: 'refused', patch: {} }] }),
    )
    await journal.troubles.keepFolders(box, ['INBOX'], [], 5)
    assert.deepEqual(
      (await journal.troubles.list()).map(one => [one.scope, one.subject]),
      [['folder', 'INBOX']],
    )
    await journal.troubles.opened({ scope: 'account', name: account, subject: '' }, at(1, 'gmail.forbidden'))
    await journal.troubles.keepOnly([box], ['other'], 6)
    assert.equal((await journal.troubles.list()).length, 1)
    await journal.troubles.keepOnly(['other'], ['other'], 6)
    assert.deepEqual(await journal.troubles.list(), [])
  })

  test('ten thousand messages in trouble are a few entries, found at once', async t => {
    const journal = await journalFor(t)
    const added = Array.from({ length: 10_000 }, (_, n) => newRow(`u${n}`))
    const ids = await journal.recordFolder(record({ added }))
    const codes = ['message.not-retrieved', 'message.short', 'gmail.message-refused'] as const
    await journal.moveAll(
      ids.map((id, n) => ({
        id,
        to: n % 3 === 2 ? 'refused' : 'deferred',
        patch: { fault: at(n, codes[n % 3]) },
      })),
    )
    const beganMs = performance.now()
    const list = await journal.troubles.list()
    const untold = await journal.troubles.untold(1e15)
    const tookMs = performance.now() - beganMs
    assert.deepEqual(
      list.map(one => [one.code, one.messages, one.first.length]),
      [
        [codes[0], 3334, 5],
        [codes[1], 3333, 5],
        [codes[2], 3333, 5],
      ],
    )
    assert.equal(untold.length, 3)
    // Milliseconds on an idle machine; the bound is for a busy one and still far from a query a message.
    assert.ok(tookMs < 2000, `${tookMs} ms`)
  })
})

/** A journal as the version before the list left it. */
async function oldJournal(t: Parameters<typeof stateDirFor>[0]): Promise<string> {
  const place = await stateDirFor(t)
  await (await openJournal(place, 'run', () => {})).close()
  const file = join(place, journalFile)
  await rm(file)
  const database = new DatabaseSync(file)
  database.exec(`${migrations[0]} PRAGMA user_version = 1`)
  const json = (fault: TroubleFault): string => JSON.stringify(fault)
  database
    .prepare(
      `INSERT INTO message (mailbox, folder, stage, present, generation, listed_at_ms, fault, attempts, first_failed_at_ms, gmail_id)
       VALUES ('box', 'INBOX', 'deferred', 1, 1, 1, ?, 4, 77, NULL), ('box', 'INBOX', 'refused', 1, 1, 1, ?, 1, NULL, NULL),
         ('box', 'INBOX', 'imported', 1, 1, 1, ?, 0, NULL, 'g')`,
    )
    .run(
      ...(['message.short', 'gmail.message-refused', 'message.short'] as const).map(code =>
        json(at(99, code)),
      ),
    )
  database
    .prepare(
      `INSERT INTO mailbox (name, failing_since_ms, failures, fault, conservation_broken, warning, last_pull_at_ms)
       VALUES ('box', 11, 3, ?, 1, ?, 500)`,
    )
    .run(json(at(99, 'source.timeout')), json(at(98, 'source.read-only')))
  database
    .prepare(`INSERT INTO account (name, failing_since_ms, failures, fault) VALUES ('me', 22, 2, ?)`)
    .run(json(at(97, 'gmail.forbidden')))
  database
    .prepare(`INSERT INTO note (key, value) VALUES ('told/mailbox/box', ?)`)
    .run('{"failing":{"sinceMs":11},"failingAtMs":44,"refused":{"count":1,"atMs":55}}')
  database.close()
  return place
}

const known = [
  ['mailbox', '', 'source.timeout', 11, 44],
  ['account', '', 'gmail.forbidden', 22, undefined],
  ['message', '1', 'message.short', 77, undefined],
  ['wish', '', 'source.read-only', 98, undefined],
  ['message', '2', 'gmail.message-refused', 99, 55],
  ['mailbox', 'books', 'books.broken', 500, undefined],
]

test('a journal without the list is given one from what it knows, and nothing is told twice', async t => {
  const journal = await openJournal(await oldJournal(t), 'run', () => {})
  t.after(() => journal.close())
  assert.deepEqual(
    (await journal.troubles.list()).map(one => [
      one.scope,
      one.subject,
      one.code,
      one.sinceMs,
      one.noticeAtMs,
    ]),
    known,
  )
})

test('a look at a journal that has no list yet shows the same and leaves the file as it is', async t => {
  const place = await oldJournal(t)
  const journal = await openJournal(place, 'look')
  assert.deepEqual(
    (await journal?.troubles.list())?.map(one => [
      one.scope,
      one.subject,
      one.code,
      one.sinceMs,
      one.noticeAtMs,
    ]),
    known,
  )
  await journal?.close()
  const database = new DatabaseSync(join(place, journalFile))
  t.after(() => database.close())
  assert.equal(database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'trouble'").get(), undefined)
  assert.equal(database.prepare('PRAGMA user_version').get()?.user_version, 1)
})

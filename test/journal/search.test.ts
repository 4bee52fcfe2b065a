import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type {
  ForwardingCost,
  Journal,
  RowPatch,
  SearchAnswer,
  SearchQuestion,
} from '../../src/journal/journal.ts'
import { contractOf } from './contract.ts'
import { addIn, box, journalFor, newRow, record, wayTo } from './journal-helpers.ts'

const everything: SearchQuestion = {
  stage: 'imported',
  mailboxes: undefined,
  folders: undefined,
  senderDomain: undefined,
  fromMs: undefined,
  beforeMs: undefined,
  place: undefined,
  limit: 10,
}

/** Ids page by page, until there is nothing more. */
async function searchAll(journal: Journal, question: Partial<SearchQuestion>): Promise<number[]> {
  const ids: number[] = []
  for (let place: SearchAnswer['next']; ; ) {
    const answer: SearchAnswer = await journal.search({ ...everything, ...question, place })
    ids.push(...answer.rows.map(({ id }) => id))
    place = answer.next
    if (place === undefined) return ids
    assert.ok(ids.length < 1000, 'a search comes to an end')
  }
}

const recordOf = (senderDomain: string, cost?: string, version = 2): string =>
  JSON.stringify({
    version,
    senderDomain,
    verified: { state: 'off' },
    ...(cost === undefined ? {} : { forecast: { cost } }),
  })

const addImport = async (
  journal: Journal,
  importedAtMs: number,
  patch: RowPatch = {},
  where: { readonly mailbox?: string; readonly folder?: string } = {},
): Promise<number> => {
  const row = newRow(undefined, where)
  const [id = 0] = await journal.recordFolder(
    record({ mailbox: row.mailbox, folder: row.folder, added: [row] }),
  )
  for (const [to, more] of wayTo.imported) await journal.move(id, to, more)
  await journal.move(id, 'imported', { importedAtMs, ...patch })
  return id
}

contractOf(({ journalFor }) => {
  test('what reached Gmail is found by mailbox, folder, sender and time, newest first, whatever the size of a page', async t => {
    const journal = await journalFor(t)
    const a = await addImport(journal, 100, { authentication: recordOf('shop.example') })
    const b = await addImport(
      journal,
      200,
      { authentication: recordOf('news.shop.example') },
      { folder: 'Junk' },
    )
    const c = await addImport(
      journal,
      200,
      { authentication: recordOf('myshop.example') },
      { mailbox: 'other' },
    )
    const d = await addImport(journal, 300, {}, { mailbox: 'other', folder: 'Junk' })
    await addIn(journal, 'refused', 'r')
    for (const limit of [1, 2, 10]) {
      const search = (question: Partial<SearchQuestion>): Promise<number[]> =>
        searchAll(journal, { ...question, limit })
      assert.deepEqual(await search({}), [d, c, b, a])
      assert.deepEqual(await search({ mailboxes: ['other'] }), [d, c])
      assert.deepEqual(await search({ mailboxes: [box, 'nowhere'], folders: ['Junk'] }), [b])
      assert.deepEqual(await search({ senderDomain: 'shop.example' }), [b, a])
      assert.deepEqual(await search({ senderDomain: 'hop.example' }), [])
      assert.deepEqual(await search({ senderDomain: "%' OR 1=1 --" }), [])
      assert.deepEqual(await search({ fromMs: 200, beforeMs: 300 }), [c, b])
      assert.deepEqual(await search({ fromMs: 301 }), [])
    }
  })

  test('what is not in Gmail by its own import is found by stage, mailbox by mailbox', async t => {
    const journal = await journalFor(t)
    await addImport(journal, 100)
    const first = await addIn(journal, 'listed', 'a')
    const second = await addIn(journal, 'deferred', 'b', {})
    const third = await addIn(journal, 'refused', 'c')
    const merged = await addIn(journal, 'merged', 'd')
    const settled = await addIn(journal, 'merged', 'e')
    await journal.move(settled, 'settled', { settledAs: 'keep' })
    const [other = 0] = await journal.recordFolder(
      record({
        mailbox: 'other',
        folder: 'Junk',
        atMs: 5,
        added: [newRow('a', { mailbox: 'other', folder: 'Junk' })],
      }),
    )
    for (const limit of [1, 2, 10]) {
      const search = (question: Partial<SearchQuestion>): Promise<number[]> =>
        searchAll(journal, { mailboxes: ['other', box], ...question, limit })
      assert.deepEqual(await search({ stage: 'waiting' }), [other, second, first])
      assert.deepEqual(await search({ stage: 'waiting', folders: ['Junk'] }), [other])
      assert.deepEqual(await search({ stage: 'waiting', fromMs: 6 }), [second, first])
      assert.deepEqual(await search({ stage: 'waiting', senderDomain: 'shop.example' }), [])
      assert.deepEqual(await search({ stage: 'refused' }), [third])
      assert.deepEqual(await search({ stage: 'merged' }), [settled, merged])
      assert.deepEqual(await search({ stage: 'gone' }), [])
    }
  })

  test('a message is found by its names, and by nothing that is none', async t => {
    const journal = await journalFor(t)
    const sha256 = 'ab'.repeat(32)
    const id = await addImport(journal, 1, {
      account: 'me',
      sha256,
      messageId: '<m@shop.example>',
      gmailId: '18c0ffee00000001',
    })
    const other = await addImport(journal, 2, { account: 'you', sha256, gmailId: '18c0ffee00000002' })
    const find = async (text: string): Promise<number[]> => (await journal.named(text, 10)).map(row => row.id)
    assert.deepEqual(await find('<m@shop.example>'), [id])
    assert.deepEqual(await find('m@shop.example'), [id])
    assert.deepEqual(await find('18C0FFEE00000001'), [id])
    assert.deepEqual(await find(sha256.toUpperCase()), [other, id])
    assert.deepEqual(await find(sha256.slice(0, 8)), [other, id])
    for (const none of [sha256.slice(0, 7), '', '%', "' OR 1=1 --", 'x', '<>', 'm@shop'])
      assert.deepEqual(await find(none), [], none)
    assert.equal((await journal.named(sha256, 1)).length, 1)
  })

  test('what forwarding would have cost is summed up for a time, records of before by themselves', async t => {
    const journal = await journalFor(t)
    for (const [atMs, authentication] of [
      [99, recordOf('early.example', 'lost')],
      [100, recordOf('a.example', 'lost')],
      [150, recordOf('a.example', 'lost')],
      [150, recordOf('a.example', 'none')],
      [160, recordOf('a.example')],
      [170, recordOf('b.example', 'spam', 1)],
      [180, recordOf('c.example', 'spam', 3)],
      [190, '{ not JSON'],
      [195, '[]'],
      [200, recordOf('late.example', 'lost')],
    ] as const)
      await addImport(journal, atMs, { authentication })
    await addImport(journal, 150, {})
    const costs: ForwardingCost[] = []
    await journal.sumForwarding(100, 200, cost => costs.push(cost))
    const told = costs.map(c => [c.senderDomain, c.cost, c.judgedBefore !== undefined, c.messages])
    assert.deepEqual(told.map(cost => JSON.stringify(cost)).sort(), [
      '["",null,false,4]',
      '["a.example","lost",false,2]',
      '["a.example","none",false,1]',
      '["a.example",null,false,1]',
      '["b.example",null,true,1]',
    ])
    assert.equal(await journal.firstImportAtMs(), 99)
  })
})

/** As many rows as nobody has: written beside the port, for the port would take minutes. */
function fill(journal: Journal, count: number): void {
  const database = new DatabaseSync(journal.path)
  database.exec(`PRAGMA synchronous = OFF;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO message (mailbox, folder, stage, present, generation, listed_at_ms, imported_at_ms, gmail_id, account,
      sha256, authentication)
    SELECT '${box}', 'INBOX', CASE WHEN i % 9 > 0 THEN 'settled' ELSE 'refused' END, 0, 2, i,
      CASE WHEN i % 9 > 0 THEN i END, CASE WHEN i % 9 > 0 THEN printf('18c%013x', i) END, 'me', printf('%064x', i),
      CASE WHEN i % 9 > 0 THEN '{"version":2,"senderDomain":"s' || (i % 500) || '.example","forecast":{"cost":"lost"}}' END
    FROM n`)
  database.close()
}

/** What this thread has worked, ms: what others make of the machine is not in it. */
const workedMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** How long the event loop was kept from everything else at most, ms of work, while `work` went on. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let lastMs = workedMs()
  let isOver = false
  const look = (): void => {
    longest = Math.max(longest, workedMs() - lastMs)
    lastMs = workedMs()
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  await work()
  isOver = true
  look()
  return longest
}

const least = async (tries: number, measure: () => Promise<number>): Promise<number> => {
  let best = Number.POSITIVE_INFINITY
  for (let n = 0; n < tries; n += 1) best = Math.min(best, await measure())
  return best
}

test('among 100,000 rows each search is soon over, and never keeps the thread that carries mail for long', async t => {
  const journal = await journalFor(t)
  fill(journal, 100_000)
  const search = (question: Partial<SearchQuestion>) => () => journal.search({ ...everything, ...question })
  const works: Readonly<Record<string, () => Promise<unknown>>> = {
    newest: search({}),
    deepest: search({ place: { importedAtMs: 60, id: 60 } }),
    'a sender of few': search({ senderDomain: 's7.example', fromMs: 1, beforeMs: 4000 }),
    'a sender that never wrote': search({ senderDomain: 'nobody.example' }),
    'a mailbox that is not there': search({ mailboxes: ['nowhere'] }),
    'a folder that is not there': search({ folders: ['Nowhere'] }),
    refused: search({ stage: 'refused', mailboxes: [box] }),
    'refused, deep': search({
      stage: 'refused',
      mailboxes: [box],
      place: { mailbox: 0, generation: 2, id: 99 },
    }),
    'refused, in a folder that is not there': search({
      stage: 'refused',
      mailboxes: [box],
      folders: ['Nowhere'],
    }),
    digest: () => journal.named('0'.repeat(60), 50),
    'Gmail’s id': () => journal.named('18c0000000000022', 50),
    'what forwarding would have cost': () => journal.sumForwarding(0, Number.MAX_SAFE_INTEGER, () => {}),
  }
  for (const [name, work] of Object.entries(works)) {
    let tookMs = 0
    const turnMs = await least(3, async () => {
      const beganMs = performance.now()
      const longest = await longestTurnMs(work)
      tookMs = performance.now() - beganMs
      return longest
    })
    t.diagnostic(`${name}: ${tookMs.toFixed(1)} ms, at most ${turnMs.toFixed(1)} ms at once`)
    assert.ok(turnMs < 30, `${name}: ${turnMs.toFixed(1)} ms at once`)
  }
})

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { type Journal, type Stage, stages } from '../../src/journal/journal.ts'
import { contractOf } from './contract.ts'
import { account, add, addIn, box, journalFor, newRow, record, wayTo } from './journal-helpers.ts'

const idsOf = (rows: readonly { readonly id: number }[]): number[] => rows.map(row => row.id)

contractOf(({ journalFor }) => {
  test('a listing that was recorded is found by name, by folder and by presence', async t => {
    const journal = await journalFor(t)
    const added = [
      newRow('1.1', { seen: true, arrivedAtMs: 7 }),
      newRow('1.2', { seen: false }),
      newRow(undefined),
    ]
    const ids = await journal.recordFolder(record({ added }))
    const [a = 0, b = 0, c = 0] = ids
    assert.deepEqual(
      (await journal.standing(box, 'INBOX')).map(row => row.id),
      ids,
    )
    assert.equal((await journal.byUid(box, 'INBOX', '1.2'))?.id, b)
    assert.equal(await journal.byUid(box, 'Junk', '1.2'), undefined)
    assert.equal(await journal.byUid('other', 'INBOX', '1.2'), undefined)
    assert.deepEqual(idsOf(await journal.nameless(box, 'INBOX')), [c])
    const row = await journal.row(a)
    assert.deepEqual([row?.seen, row?.arrivedAtMs, row?.octetsListed, row?.stage], [true, 7, 100, 'listed'])
    assert.equal((await journal.row(b))?.seen, false)
    assert.equal((await journal.row(c))?.seen, undefined)
    assert.equal(await journal.row(4711), undefined)
    await add(journal, '1.1', { folder: 'Junk' })
    assert.deepEqual([...(await journal.foldersOf(box))].sort(), ['INBOX', 'Junk'])
    assert.equal((await journal.mailbox(box)).listed, 4)
  })

  test('flags and the wish of rules are kept with a message, and what rules leave is counted, paged and taken up', async t => {
    const journal = await journalFor(t)
    const flags = ['\\Flagged', '$Label1']
    const added = [newRow('a', { flags }), newRow('b'), newRow('c'), newRow('pseudo')]
    const [a = 0, b = 0, c = 0, pseudo = 0] = await journal.recordFolder(record({ added }))
    assert.deepEqual([(await journal.row(a))?.flags, (await journal.row(b))?.flags], [flags, undefined])
    const wish = { rules: [{ place: 2, name: 'News' }], left: 'abc', book: 'def' }
    for (const id of [a, b, c]) await journal.move(id, 'ignored', { wish })
    await journal.move(pseudo, 'ignored', {})
    assert.deepEqual((await journal.row(b))?.wish, wish)
    assert.equal(await journal.countLeftByRule(box), 3, 'a pseudo message is left by no rule')
    assert.equal(await journal.countLeftByRule('other'), 0)
    assert.deepEqual(idsOf(await journal.leftByRule(box, 2)), [a, b])
    assert.deepEqual(idsOf(await journal.leftByRule(box, 2, b)), [c])
    assert.equal((await journal.conservation(box)).ignored, 4)
    await journal.move(b, 'listed', { wish: { rules: [], byOwner: true } })
    assert.equal(await journal.countLeftByRule(box), 2)
    assert.deepEqual((await journal.row(b))?.wish, { rules: [], byOwner: true })
    await journal.move(b, 'listed', { wish: null })
    assert.equal((await journal.row(b))?.wish, undefined)
  })

  test('one name stands for one message: a second row of that name is refused and nothing of its listing stays', async t => {
    const journal = await journalFor(t)
    await add(journal, 'u1')
    await assert.rejects(() => journal.recordFolder(record({ added: [newRow('u2'), newRow('u1')] })))
    assert.equal(await journal.byUid(box, 'INBOX', 'u2'), undefined)
    assert.equal((await journal.mailbox(box)).listed, 1)
  })

  test('what vanished, came back, lost its name or changed it is recorded together', async t => {
    const journal = await journalFor(t)
    const [a = 0, b = 0, c = 0, d = 0] = await Promise.all(['a', 'b', 'c', 'd'].map(uid => add(journal, uid)))
    await journal.recordFolder(record({ vanished: [{ id: a, stage: 'gone', patch: {} }], unnamed: [d] }))
    assert.deepEqual(
      (await journal.standing(box, 'INBOX')).map(row => row.id),
      [b, c],
    )
    assert.equal((await journal.row(a))?.stage, 'gone')
    assert.equal((await journal.row(d))?.uid, undefined)
    // Names that change places, as a renumbered maildrop gives them.
    await journal.recordFolder(
      record({
        returned: [a],
        renamed: [
          { id: b, folder: 'INBOX', uid: 'c', octetsListed: 5, arrivedAtMs: undefined },
          { id: c, folder: 'INBOX', uid: 'b', octetsListed: undefined, arrivedAtMs: undefined },
        ],
      }),
    )
    assert.equal((await journal.byUid(box, 'INBOX', 'c'))?.id, b)
    assert.equal((await journal.byUid(box, 'INBOX', 'b'))?.id, c)
    assert.deepEqual([(await journal.row(a))?.stage, (await journal.row(a))?.present], ['listed', true])
  })

  test('the copy that Gmail has is found by digest in its own account, the oldest first', async t => {
    const journal = await journalFor(t)
    const facts = { account, sha256: 'd1', gmailId: 'g1' }
    await addIn(journal, 'deferred', 'w', { account, sha256: 'd1' })
    assert.equal(await journal.importedWith(account, 'd1'), undefined)
    const first = await addIn(journal, 'imported', 'a', facts)
    await addIn(journal, 'settled', 'b', facts)
    assert.equal((await journal.importedWith(account, 'd1'))?.id, first)
    assert.equal(await journal.importedWith('other', 'd1'), undefined)
    assert.equal(await journal.importedWith(account, 'd2'), undefined)
    // Gmail has other octets under the same Message-ID: that is no copy of these.
    await addIn(journal, 'imported', 'c', { ...facts, sha256: 'd3', mergedInto: first })
    assert.equal(await journal.importedWith(account, 'd3'), undefined)
  })

  test('evidence and Message-ID find every row that bears them, whatever its stage', async t => {
    const journal = await journalFor(t)
    const a = await add(journal, 'a', { headerSha256: 'h' })
    const b = await addIn(journal, 'refused', 'b', { headerSha256: 'h', messageId: '<m@x>' })
    await add(journal, 'c', { mailbox: 'other', headerSha256: 'h' })
    assert.deepEqual(idsOf(await journal.byEvidence(box, 'h')), [a, b])
    assert.deepEqual(await journal.byEvidence(box, 'none'), [])
    assert.deepEqual(idsOf(await journal.byMessageId('<m@x>')), [b])
    assert.deepEqual(await journal.byMessageId("' OR 1=1 --"), [])
  })

  test('rows in a stage come newest listing first and in their order within it', async t => {
    const journal = await journalFor(t)
    const old = await journal.recordFolder(record({ generation: 1, added: [newRow('1'), newRow('2')] }))
    const fresh = await journal.recordFolder(record({ generation: 2, added: [newRow('3'), newRow('4')] }))
    assert.deepEqual(idsOf(await journal.inStages(box, ['listed', 'deferred'])), [...fresh, ...old])
    assert.deepEqual(await journal.inStages(box, ['gone']), [])
    assert.deepEqual(await journal.inStages('other', ['listed']), [])
  })

  test('unsettled is what Gmail has, stands at the source and was not settled in the way now wanted', async t => {
    const journal = await journalFor(t)
    const imported = await addIn(journal, 'imported', 'a')
    const merged = await addIn(journal, 'merged', 'b')
    const kept = await addIn(journal, 'settled', 'c')
    const gone = await addIn(journal, 'imported', 'd')
    await journal.recordFolder(
      record({ vanished: [{ id: gone, stage: 'settled', patch: { settledAs: 'left' } }] }),
    )
    for (const stage of ['listed', 'importing', 'deferred', 'refused', 'baseline', 'ignored'] as const)
      await addIn(journal, stage, stage)
    assert.deepEqual(idsOf(await journal.unsettled(box, 'keep', Number.MAX_SAFE_INTEGER)), [imported, merged])
    assert.deepEqual(idsOf(await journal.unsettled(box, 'delete', Number.MAX_SAFE_INTEGER)), [
      imported,
      merged,
      kept,
    ])
  })

  test('conservation: every message ever listed stands in exactly one sum, and settling changes none', async t => {
    const journal = await journalFor(t)
    for (const stage of stages) await addIn(journal, stage, stage)
    const merged = await addIn(journal, 'merged', 'merged-then-settled')
    const before = await journal.conservation(box)
    assert.deepEqual(before, {
      listed: stages.length + 1,
      imported: 2,
      merged: 2,
      refused: 1,
      pending: 3,
      ignored: 2,
      gone: 1,
    })
    await journal.move(merged, 'settled', { settledAs: 'keep' })
    assert.deepEqual(await journal.conservation(box), before)
    const { listed, ...parts } = before
    assert.equal(
      Object.values(parts).reduce((sum, count) => sum + count, 0),
      listed,
    )
    const counts = await journal.counts(box)
    assert.deepEqual(Object.keys(counts), [...stages])
    assert.equal(counts.settled, 2)
    assert.equal((await journal.conservation('nowhere')).listed, 0)
  })

  test('repeats and latencies are told for one mailbox; the backlog of the first pull is no latency', async t => {
    const journal = await journalFor(t)
    await addIn(journal, 'imported', 'old', { importedAtMs: 9_000_000_000_000, generation: 1, repeated: 1 })
    const times = [
      ['a', { arrivedAtMs: 1000, importedAtMs: 1700 }],
      ['b', { arrivedAtMs: 2000, importedAtMs: 2300, repeated: 2 }],
      // The source's clock is ahead of ours.
      ['c', { arrivedAtMs: 5000, importedAtMs: 4000 }],
    ] as const
    for (const [uid, patch] of times) await addIn(journal, 'imported', uid, { ...patch, generation: 2 })
    assert.deepEqual(await journal.latenciesMs(box, 10), [0, 300, 700])
    assert.deepEqual(await journal.latenciesMs(box, 1), [0])
    assert.deepEqual(await journal.latenciesMs('other', 10), [])
    assert.equal(await journal.repeatedCount(box), 3)
    assert.equal(await journal.repeatedCount('other'), 0)
    const between = async (fromMs: number, lastMs: number): Promise<readonly (number | undefined)[]> =>
      (await journal.importedBetween(fromMs, lastMs)).map(row => row.importedAtMs)
    assert.deepEqual(await between(2300, 4000), [2300, 4000])
    assert.deepEqual(await between(2301, 3999), [])
  })

  test('what reached Gmail last is told for one mailbox, newest first, whatever came in of others', async t => {
    const journal = await journalFor(t)
    const reach = async (
      uid: string,
      importedAtMs: number,
      mailbox = box,
      generation = 1,
    ): Promise<number> => {
      const added = [newRow(uid, { mailbox })]
      const [id = 0] = await journal.recordFolder(record({ mailbox, generation, added }))
      for (const [to, more] of wayTo.imported) await journal.move(id, to, more)
      await journal.move(id, 'imported', { importedAtMs })
      return id
    }
    const early = await reach('a', 1000)
    const late = await reach('b', 3000)
    const middle = await reach('c', 2000)
    const same = await reach('d', 2000)
    await reach('e', 9000, 'other')
    await addIn(journal, 'refused', 'f')
    assert.deepEqual(idsOf(await journal.latestImports(box, 10)), [late, same, middle, early])
    assert.deepEqual(idsOf(await journal.latestImports(box, 2)), [late, same])
    assert.deepEqual(await journal.latestImports('nowhere', 10), [])
    const [between = 0, last = 0] = [await reach('g', 2000, box, 2), await reach('h', 4000, box, 3)]
    assert.deepEqual(idsOf(await journal.latestImports(box, 10)), [last, late, between, same, middle, early])
    assert.deepEqual(idsOf(await journal.latestImports(box, 3)), [last, late, between])
  })

  test('the state of mailboxes and accounts is kept field by field, and undefined clears', async t => {
    const journal = await journalFor(t)
    assert.equal((await journal.mailbox('new')).generation, 0)
    assert.deepEqual((await journal.mailbox('new')).failedLoginsAtMs, [])
    assert.equal(await journal.beginPull(box, 10), 1)
    assert.equal(await journal.beginPull(box, 20), 2)
    const fault = { code: 'source.timeout', retry: 'later', facts: { seconds: 30 }, atMs: 3 } as const
    await journal.updateMailbox(box, {
      fault,
      failures: 2,
      failedLoginsAtMs: [1, 2],
      startedFolders: ['INBOX', '迷惑'],
    })
    await journal.updateMailbox(box, { notBeforeMs: 99 })
    let state = await journal.mailbox(box)
    assert.deepEqual([state.firstPullAtMs, state.lastPullAtMs, state.notBeforeMs], [10, 20, 99])
    assert.deepEqual(
      [state.fault, state.failedLoginsAtMs, state.startedFolders],
      [fault, [1, 2], ['INBOX', '迷惑']],
    )
    await journal.updateMailbox(box, { fault: undefined, notBeforeMs: undefined })
    state = await journal.mailbox(box)
    assert.deepEqual([state.fault, state.notBeforeMs, state.failures], [undefined, undefined, 2])
    assert.equal((await journal.accountState('a')).failures, 0)
    await journal.updateAccount('a', { failures: 3, fault, consentEndsAtMs: 5 })
    await journal.updateAccount('a', { fault: undefined })
    assert.deepEqual(await journal.accountState('a'), {
      name: 'a',
      failingSinceMs: undefined,
      failures: 3,
      notBeforeMs: undefined,
      fault: undefined,
      consentEndsAtMs: 5,
    })
  })

  test('what is set aside is found last first, a page at a time', async t => {
    const journal = await journalFor(t)
    const ids: number[] = []
    for (const [n, stage] of (['refused', 'deferred', 'refused', 'refused', 'deferred'] as const).entries()) {
      const id = await add(journal, `aside-${n}`)
      await journal.move(id, stage)
      ids.unshift(id)
    }
    await add(journal, 'waits')
    assert.deepEqual(idsOf(await journal.asideBefore(box, 10)), ids)
    const first = await journal.asideBefore(box, 2)
    assert.deepEqual(idsOf(first), ids.slice(0, 2))
    assert.deepEqual(idsOf(await journal.asideBefore(box, 10, first.at(-1))), ids.slice(2))
    assert.deepEqual(await journal.asideBefore('other', 10), [])
  })

  test('a small fact is kept and replaced', async t => {
    const journal = await journalFor(t)
    assert.equal(await journal.note('pulls k'), undefined)
    await journal.setNote('pulls k', '1')
    await journal.setNote('pulls k', "2'")
    assert.equal(await journal.note('pulls k'), "2'")
  })
})

/** Every query once, by name: what a running bridge asks over and over. */
function queriesOf(journal: Journal): Readonly<Record<string, () => Promise<unknown>>> {
  return {
    row: () => journal.row(5000),
    byUid: () => journal.byUid(box, 'INBOX', 'u5000'),
    nameless: () => journal.nameless(box, 'INBOX'),
    importedWith: () => journal.importedWith(account, 'd5000'),
    byEvidence: () => journal.byEvidence(box, 'h5000'),
    byMessageId: () => journal.byMessageId('<m5000@x>'),
    inStages: () => journal.inStages(box, ['listed', 'deferred', 'importing']),
    unsettled: () => journal.unsettled(box, 'keep', 50),
    standsNowhere: () => journal.foldersOf(box),
    nextDueMs: () => journal.nextDueMs(box, ['INBOX']),
    settleKept: () => journal.settleKept(box, 'keep', 1, 10),
    thinSettled: () => journal.thinSettled(box, 1, 10),
    forgetGone: () => journal.forgetGone(box, 10),
    conservation: () => journal.conservation(box),
    counts: () => journal.counts(box),
    keepFolders: () => journal.troubles.keepFolders(box, ['INBOX'], [], 1),
    importedBetween: () => journal.importedBetween(9e15, 9e15),
    latestImports: () => journal.latestImports(box, 20),
    latestOfNothing: () => journal.latestImports('nowhere', 1),
    importsBefore: () => journal.importsBefore(20, { importedAtMs: 2500, id: 2500 }),
    asideBefore: () => journal.asideBefore(box, 20),
    mailbox: () => journal.mailbox(box),
    note: () => journal.note('pulls k'),
  }
}

async function fill(journal: Journal, from: number, to: number): Promise<void> {
  const added = Array.from({ length: to - from }, (_, n) =>
    newRow(`u${from + n}`, { headerSha256: `h${from + n}` }),
  )
  const ids = await journal.recordFolder(record({ added }))
  const done: Stage = 'settled'
  for (const [to, patch] of wayTo[done]) {
    await journal.moveAll(
      ids.map((id, n) => ({
        id,
        to,
        patch: { ...patch, account, sha256: `d${from + n}`, messageId: `<m${from + n}@x>`, importedAtMs: n },
      })),
    )
  }
}

/** The least of several tries: what a busy machine adds is no part of the query. */
async function costMs(work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 7; round += 1) {
    const began = performance.now()
    for (let n = 0; n < 20; n += 1) await work()
    least = Math.min(least, performance.now() - began)
  }
  return least
}

test('no query of the running bridge grows with the journal: 100,000 settled rows cost what 5,000 do', async t => {
  const journal = await journalFor(t)
  await fill(journal, 0, 5000)
  const small = new Map<string, number>()
  for (const [name, query] of Object.entries(queriesOf(journal))) small.set(name, await costMs(query))
  for (let from = 5000; from < 100_000; from += 19_000) await fill(journal, from, from + 19_000)
  const queries = queriesOf(journal)
  for (const [name, before] of small) {
    const query = queries[name] ?? (async () => {})
    // Twenty times the rows: a scan would cost about twenty times as much.
    const after = await costMs(query)
    assert.ok(after < before * 5 + 1, `${name}: ${before.toFixed(2)} ms, then ${after.toFixed(2)} ms`)
  }
  assert.equal((await journal.conservation(box)).imported, 100_000)
})

test('conservation sees a row that was taken out of the file by hand', async t => {
  const journal = await journalFor(t)
  for (const uid of ['a', 'b', 'c']) await add(journal, uid)
  const other = new DatabaseSync(journal.path)
  other.exec("DELETE FROM message WHERE uid = 'b'")
  other.close()
  const { listed, pending } = await journal.conservation(box)
  assert.deepEqual([listed, pending], [3, 2])
})

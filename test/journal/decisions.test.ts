/** What has to be one decision is one call, whoever else is at work; and what each call promises of the disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestWaitMs } from '../../src/base/backoff.ts'
import { Fault } from '../../src/base/fault.ts'
import { type ImportClaim, type Journal, type RecordedFault, stages } from '../../src/journal/journal.ts'
import { findPlaceInBooks, goneKept, thinAfterMs } from '../../src/journal/rules.ts'
import { contractOf } from './contract.ts'
import { account, add, addIn, box, newRow, record, stateDirFor } from './journal-helpers.ts'

const nowMs = Date.UTC(2026, 10, 26)
const question: RecordedFault = { code: 'gmail.ask-owner', retry: 'owner', facts: {}, atMs: nowMs }

const claim = (id: number, more: Partial<ImportClaim> = {}): ImportClaim => ({
  id,
  account,
  sha256: 'd1',
  bareSha256: 'd1',
  messageId: '<m@x>',
  facts: { account, sha256: 'd1', octets: 9, messageId: '<m@x>' },
  atMs: nowMs,
  waitUntilMs: nowMs + 15_000,
  askOwner: undefined,
  ...more,
})

const dueIds = async (journal: Journal, atMs: number): Promise<readonly number[]> =>
  (await journal.due(box, atMs)).map(({ id }) => id)
const importAs = (journal: Journal, id: number, gmailId: string, sha256 = 'd1') =>
  journal.recordImport({ id, gmailId, sha256, patch: { importedAtMs: nowMs, outcomeUnknown: false } })

contractOf(({ journalFor }) => {
  test('an upload begins once its intent is recorded', async t => {
    const journal = await journalFor(t)
    const id = await add(journal, 'a')
    assert.deepEqual(await journal.claimImport(claim(id)), { kind: 'begin', repeats: false })
    const row = await journal.row(id)
    assert.deepEqual(
      [row?.stage, row?.outcomeUnknown, row?.importingAtMs, row?.sha256, row?.repeated],
      ['importing', true, nowMs, 'd1', 0],
    )
    assert.deepEqual(await journal.claimImport(claim(id)), { kind: 'begin', repeats: true })
    assert.equal((await journal.row(id))?.repeated, 1)
  })

  test('of two mailboxes that claim the same message at once one begins, and the other waits', async t => {
    const journal = await journalFor(t)
    const ids = [await add(journal, 'a'), await add(journal, 'a', { mailbox: 'other' })]
    const answers = await Promise.all(ids.map(id => journal.claimImport(claim(id))))
    assert.deepEqual(answers.map(({ kind }) => kind).sort(), ['begin', 'wait'])
    const waiting = await journal.row(ids[answers.findIndex(({ kind }) => kind === 'wait')] ?? 0)
    assert.deepEqual([waiting?.stage, waiting?.notBeforeMs], ['deferred', nowMs + 15_000])
  })

  test('the same Message-ID with other octets waits, too; another account does not', async t => {
    const journal = await journalFor(t)
    const [a, b, c] = [await add(journal, 'a'), await add(journal, 'b'), await add(journal, 'c')]
    await journal.claimImport(claim(a))
    const other = { sha256: 'd2', bareSha256: 'd2' }
    assert.equal((await journal.claimImport(claim(b, other))).kind, 'wait')
    assert.equal((await journal.claimImport(claim(b, { ...other, messageId: '<n@x>' }))).kind, 'begin')
    assert.equal((await journal.claimImport(claim(c, { account: 'another' }))).kind, 'begin')
  })

  test('of two unknown outcomes the older one is resolved first, and what was read of the younger one stays', async t => {
    const journal = await journalFor(t)
    const older = await addIn(journal, 'importing', 'a', { account, sha256: 'd1', outcomeUnknown: true })
    const younger = await addIn(journal, 'importing', 'b', { account, sha256: 'd1', octets: 7 })
    assert.equal((await journal.claimImport(claim(younger))).kind, 'wait')
    const row = await journal.row(younger)
    assert.deepEqual([row?.stage, row?.octets, row?.notBeforeMs], ['importing', 7, nowMs + 15_000])
    assert.equal((await journal.claimImport(claim(older))).kind, 'begin')
  })

  test('what Gmail has already is given back, and nothing is recorded', async t => {
    const journal = await journalFor(t)
    const first = await add(journal, 'a')
    await journal.claimImport(claim(first))
    await importAs(journal, first, 'g1')
    const second = await add(journal, 'b')
    const answer = await journal.claimImport(claim(second))
    assert.equal(answer.kind === 'twin' && answer.twin.id, first)
    assert.equal((await journal.row(second))?.stage, 'listed')
    // By the octets without what a server keeps for itself, too.
    const bare = await journal.claimImport(claim(second, { sha256: 'd9', messageId: undefined }))
    assert.equal(bare.kind, 'twin')
  })

  test('the outcome of a message that is gone is inherited by the one that has its octets', async t => {
    for (const messageId of ['<m@x>', undefined]) {
      const journal = await journalFor(t)
      const gone = await addIn(journal, 'gone', 'a', { account, sha256: 'd1', outcomeUnknown: true })
      const id = await add(journal, 'b')
      const answer = await journal.claimImport(claim(id, { messageId, askOwner: question }))
      // Gmail merges a second import with the same Message-ID; without one the owner decides.
      assert.deepEqual(answer, messageId === undefined ? { kind: 'ask' } : { kind: 'begin', repeats: true })
      assert.equal((await journal.row(gone))?.outcomeUnknown, false)
      const row = await journal.row(id)
      assert.deepEqual(
        [row?.stage, row?.outcomeUnknown, row?.fault?.code],
        messageId === undefined ? ['refused', true, 'gmail.ask-owner'] : ['importing', true, undefined],
      )
    }
  })

  test('what is not there cannot be claimed', async t => {
    const journal = await journalFor(t)
    await assert.rejects(journal.claimImport(claim(4711)), Fault)
  })

  test('an answer with the id of another message says whose copy Gmail has, also where two come at once', async t => {
    const journal = await journalFor(t)
    const facts = { account, messageId: '<m@x>' }
    const a = await addIn(journal, 'importing', 'a', { ...facts, sha256: 'd1' })
    const b = await addIn(journal, 'importing', 'b', { ...facts, sha256: 'd2' })
    const [first, second] = await Promise.all([importAs(journal, a, 'g1'), importAs(journal, b, 'g1', 'd2')])
    assert.equal(first, undefined)
    assert.equal(second?.id, a)
    assert.deepEqual([(await journal.row(b))?.mergedInto, (await journal.row(b))?.gmailId], [a, 'g1'])
    assert.equal((await journal.row(a))?.mergedInto, undefined)
  })

  test('many changes of one state or note at once are all counted', async t => {
    const journal = await journalFor(t)
    const changes = Array.from({ length: 20 }, async (_, n) => {
      await journal.changeMailbox(box, state => ({ failedLoginsAtMs: [...state.failedLoginsAtMs, n] }))
      await journal.changeAccount(account, ({ failures }) => ({ failures: failures + 1 }))
      return journal.changeNote('pulls k', text => [String(Number(text ?? 0) + 1), text])
    })
    const before = await Promise.all(changes)
    assert.equal((await journal.mailbox(box)).failedLoginsAtMs.length, 20)
    assert.equal((await journal.accountState(account)).failures, 20)
    assert.equal(await journal.note('pulls k'), '20')
    assert.equal(new Set(before).size, 20, 'each saw another one')
    assert.equal(await journal.changeNote('pulls k', text => [undefined, text]), '20')
    assert.equal(await journal.note('pulls k'), '20')
  })

  test('a change that throws changes nothing, and what comes after it is taken', async t => {
    const journal = await journalFor(t)
    await journal.setNote('pulls k', '1')
    const fail = (): never => {
      throw new RangeError('no')
    }
    await assert.rejects(journal.changeNote('pulls k', fail))
    await assert.rejects(journal.changeMailbox(box, fail))
    await assert.rejects(journal.endPull(box, account, fail))
    await journal.setNote('pulls k', '2')
    assert.equal(await journal.note('pulls k'), '2')
  })

  test('the end of a pull is recorded whole: states, and the troubles that are over', async t => {
    const place = await stateDirFor(t)
    const journal = await journalFor(t, place)
    assert.equal(await journal.beginPull(box, nowMs), 1)
    assert.equal(await journal.beginPull(box, nowMs + 1), 2)
    const key = { scope: 'mailbox', name: box, subject: '' } as const
    await journal.troubles.opened(key, { ...question, code: 'source.timeout' })
    await journal.endPull(box, account, ({ generation }, { failures }) => ({
      mailboxPatch: { lastGoodPullAtMs: generation },
      accountPatch: { failures: failures + 3, consentEndsAtMs: undefined },
      over: [key],
      atMs: nowMs,
    }))
    await journal.setNote('pulls later', 'yes', 'later')
    await journal.updateMailbox(box, { lastLoginAtMs: 5 }, 'later')
    await journal.close()
    const again = await journalFor(t, place)
    const { generation, firstPullAtMs, lastPullAtMs, lastGoodPullAtMs, lastLoginAtMs } =
      await again.mailbox(box)
    assert.deepEqual(
      [generation, firstPullAtMs, lastPullAtMs, lastGoodPullAtMs, lastLoginAtMs],
      [2, nowMs, nowMs + 1, 2, 5],
    )
    assert.equal((await again.accountState(account)).failures, 3)
    assert.equal(await again.troubles.find(key), undefined)
    assert.equal(await again.note('pulls later'), 'yes')
  })

  test('due is what stands there and waits no longer: the untried first, then the newest listing, then in order', async t => {
    const journal = await journalFor(t)
    const uids = ['old', 'tried', 'waits', 'too-long', 'absent', 'done']
    const [old, tried, waits, tooLong, absent, done] = await journal.recordFolder(
      record({ generation: 1, added: uids.map(uid => newRow(uid)) }),
    )
    const fresh = await journal.recordFolder(
      record({ generation: 2, added: [newRow('new-1'), newRow('new-2')] }),
    )
    assert.ok(tried && waits && tooLong && absent && done && old)
    await journal.move(tried, 'deferred', { attempts: 1 })
    await journal.move(waits, 'deferred', { notBeforeMs: nowMs + 1000 })
    // No wait is longer than a day: that one was written by a wrong clock.
    await journal.move(tooLong, 'deferred', { notBeforeMs: nowMs + 2 * longestWaitMs })
    await journal.move(absent, 'listed', { present: false })
    await journal.move(done, 'ignored')
    assert.deepEqual(await dueIds(journal, nowMs), [...fresh, old, tooLong, tried])
    assert.deepEqual(await dueIds(journal, nowMs + 1000), [...fresh, old, waits, tooLong, tried])
    assert.equal(await journal.nextDueMs(box, ['INBOX']), 0)
    for (const id of [...fresh, old, tried, tooLong]) await journal.move(id, 'ignored')
    assert.equal(await journal.nextDueMs(box, ['INBOX']), nowMs + 1000)
    assert.equal(await journal.nextDueMs(box, ['Archive']), undefined)
    assert.equal(await journal.nextDueMs(box, ['INBOX'], [waits]), undefined, 'it is on its way')
  })

  test('more rows than one page stand, and are due, without a gap', async t => {
    const journal = await journalFor(t)
    const added = Array.from({ length: 9001 }, (_, n) => newRow(`u${n}`))
    const ids = await journal.recordFolder(record({ added }))
    assert.deepEqual(
      (await journal.standing(box, 'INBOX')).map(({ id }) => id),
      ids,
    )
    assert.deepEqual(await dueIds(journal, nowMs), ids)
  })

  test('the folders of a mailbox are those in which something stands', async t => {
    const journal = await journalFor(t)
    for (const folder of ['b', 'a', '']) await add(journal, 'u', { folder })
    await add(journal, 'u', { folder: 'c', mailbox: 'other' })
    const left = await add(journal, 'u', { folder: 'left' })
    await journal.move(left, 'gone', { present: false })
    assert.deepEqual(await journal.foldersOf(box), ['', 'a', 'b'])
    assert.deepEqual(await journal.foldersOf('none'), [])
  })

  test('what an owner keeps is settled in slices, and nothing else is', async t => {
    const journal = await journalFor(t)
    for (const stage of stages) await addIn(journal, stage, stage)
    for (const uid of ['a', 'b']) await addIn(journal, 'imported', uid)
    const before = await journal.conservation(box)
    assert.equal(await journal.settleKept('other', 'keep', nowMs, 10), 0)
    assert.equal(await journal.settleKept(box, 'keep', nowMs, 3), 3)
    assert.equal(await journal.settleKept(box, 'keep', nowMs, 3), 1)
    assert.equal(await journal.settleKept(box, 'keep', nowMs, 3), 0)
    const counts = await journal.counts(box)
    assert.deepEqual([counts.settled, counts.imported, counts.merged, counts.listed], [5, 0, 0, 1])
    assert.deepEqual(await journal.conservation(box), before, 'settling changes no sum')
  })

  test('the sums follow every move, and the rows that are forgotten leave them', async t => {
    const journal = await journalFor(t)
    const sums = Object.fromEntries(stages.map(stage => [stage, 0]))
    for (const [at, stage] of stages.entries())
      for (let n = 0; n <= at; n += 1) {
        await addIn(journal, stage, `${stage}${n}`)
        sums[stage] = (sums[stage] ?? 0) + 1
      }
    assert.deepEqual({ ...(await journal.counts(box)) }, sums)
    const books = await journal.conservation(box)
    for (const place of ['imported', 'merged', 'refused', 'pending', 'ignored', 'gone'] as const) {
      // Each of these rows counts by its own stage; `merged` alone is another's copy.
      const here = stages.filter(stage => findPlaceInBooks(stage, stage === 'merged') === place)
      const expected = here.reduce((sum, stage) => sum + (sums[stage] ?? 0), 0)
      assert.equal(books[place], expected, place)
    }
    const added = Array.from({ length: goneKept + 3 }, (_, n) => newRow(`gone-${n}`))
    for (const [at, row] of added.entries()) {
      if (at % 500 !== 0) continue
      const ids = await journal.recordFolder(
        record({
          generation: at + 2,
          added: added.slice(at, at + 500).map(each => ({ ...each, uid: each.uid ?? row.uid })),
        }),
      )
      await journal.moveAll(ids.map(id => ({ id, to: 'gone', patch: { present: false } })))
    }
    let forgotten = 0
    for (let now = -1; now !== 0; forgotten += now) now = await journal.forgetGone(box, 2)
    const { listed, gone } = await journal.conservation(box)
    assert.ok(forgotten > 0)
    assert.equal(gone, books.gone + added.length - forgotten)
    assert.equal(listed, books.listed + added.length - forgotten)
  })

  test('a settled row whose message left long ago is thinned, and the same octets still do not come twice', async t => {
    const journal = await journalFor(t)
    const facts = {
      ...{ account, sha256: 'd1', headerSha256: 'h1', messageId: '<m@x>', authentication: '{}' },
      settledAtMs: nowMs - thinAfterMs,
    }
    const old = await addIn(journal, 'settled', 'old', { ...facts, present: false })
    const young = await addIn(journal, 'settled', 'young', {
      ...facts,
      present: false,
      settledAtMs: nowMs - thinAfterMs + 1,
    })
    const stands = await addIn(journal, 'settled', 'stands', facts)
    const before = await journal.conservation(box)
    assert.equal(await journal.thinSettled(box, nowMs, 10), 1)
    assert.equal(await journal.thinSettled(box, nowMs, 10), 0, 'once')
    const thin = await journal.row(old)
    assert.deepEqual(
      [thin?.uid, thin?.headerSha256, thin?.authentication, thin?.sha256, thin?.messageId, thin?.gmailId],
      [undefined, undefined, undefined, 'd1', '<m@x>', 'g1'],
    )
    for (const id of [young, stands]) assert.equal((await journal.row(id))?.authentication, '{}')
    assert.deepEqual(await journal.conservation(box), before)
    const back = await add(journal, 'old')
    const answer = await journal.claimImport(claim(back))
    assert.equal(answer.kind === 'twin' && answer.twin.id, old)
  })

  test('after it was closed a journal takes nothing any more', async t => {
    const journal = await journalFor(t)
    await journal.close()
    await assert.rejects(journal.row(1), Fault)
    await assert.rejects(journal.setNote('pulls k', 'v'), Fault)
  })
})

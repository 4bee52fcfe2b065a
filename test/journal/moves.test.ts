import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { legalMoves, type RowPatch, stages } from '../../src/journal/journal.ts'
import { contractOf } from './contract.ts'
import { add, addIn } from './journal-helpers.ts'

/** What the schema demands of a row in these stages. */
const demanded: RowPatch = { gmailId: 'g1', mergedInto: 1 }

contractOf(({ journalFor }) => {
  test('every move between two stages is taken or refused as the table of legal moves says', async t => {
    const journal = await journalFor(t)
    const taken: string[] = []
    const expected: string[] = []
    for (const from of stages) {
      for (const to of stages) {
        const id = await addIn(journal, from, `${from}-${to}`)
        if (from === to || legalMoves[from].includes(to)) expected.push(`${from}->${to}`)
        try {
          await journal.move(id, to, demanded)
          assert.equal((await journal.row(id))?.stage, to)
          taken.push(`${from}->${to}`)
        } catch (error) {
          assert.ok(error instanceof Fault && error.code === 'bug', String(error))
          const row = await journal.row(id)
          assert.equal(row?.stage, from, 'a refused move changes nothing')
          assert.notEqual(row?.mergedInto, from === 'merged' ? undefined : 1)
        }
      }
    }
    assert.deepEqual(taken, expected)
  })

  test('nothing becomes settled but what was imported or merged', () => {
    const before = stages.filter(stage => stage !== 'settled' && legalMoves[stage].includes('settled'))
    assert.deepEqual(before, ['imported', 'merged'])
  })

  test('an import without an id and a merge into nothing are refused by the file itself', async t => {
    const journal = await journalFor(t)
    const id = await addIn(journal, 'importing', 'a')
    await assert.rejects(() => journal.move(id, 'imported', {}), Fault)
    await assert.rejects(() => journal.move(id, 'merged', {}), Fault)
    assert.equal((await journal.row(id))?.stage, 'importing')
  })

  test('a message that is not there cannot be moved', async t => {
    const journal = await journalFor(t)
    await assert.rejects(() => journal.move(4711, 'importing'), Fault)
  })

  test('many moves are one: where one is illegal none is made', async t => {
    const journal = await journalFor(t)
    const ids = await Promise.all(['a', 'b', 'c'].map(uid => add(journal, uid)))
    const [a = 0, b = 0, c = 0] = ids
    const moves = [
      { id: a, to: 'importing' },
      { id: b, to: 'settled' },
      { id: c, to: 'importing' },
    ] as const
    await assert.rejects(() => journal.moveAll(moves), Fault)
    assert.deepEqual(
      (await Promise.all(ids.map(id => journal.row(id)))).map(row => row?.stage),
      ['listed', 'listed', 'listed'],
    )
    await journal.moveAll([])
    await journal.moveAll(moves.filter(move => move.to !== 'settled'))
    assert.equal((await journal.row(c))?.stage, 'importing')
  })

  test('a patch leaves alone what it does not name, clears by null, and keeps facts as they were given', async t => {
    const journal = await journalFor(t)
    const id = await addIn(journal, 'deferred', 'a')
    const fault = {
      code: 'message.short',
      retry: 'later',
      facts: { words: "it's “quoted” \u0000 日本", octets: 3 },
      atMs: 5,
    } as const
    await journal.move(id, 'deferred', {
      fault,
      attempts: 3,
      notBeforeMs: 17,
      short: true,
      messageId: '<日本@x>',
    })
    await journal.move(id, 'deferred', { attempts: 4, notBeforeMs: undefined })
    let row = await journal.row(id)
    assert.deepEqual(row?.fault, fault)
    assert.deepEqual([row?.attempts, row?.notBeforeMs, row?.short, row?.messageId], [4, 17, true, '<日本@x>'])
    await journal.move(id, 'deferred', { fault: null, notBeforeMs: null, short: false })
    row = await journal.row(id)
    assert.deepEqual([row?.fault, row?.notBeforeMs, row?.short], [undefined, undefined, false])
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeUidSets, readNumber32 } from '../../src/source/imap-parse.ts'

test('no set of UIDs is longer than a command line may be, and together they name each once', () => {
  // Every second one: no two make a run.
  const uids = Array.from({ length: 2000 }, (_, at) => 4_000_000_000 + 2 * at)
  const sets = makeUidSets(uids)
  for (const { set } of sets) assert.ok(set.length <= 900, `${set.length} characters`)
  assert.deepEqual(
    sets.flatMap(({ set }) => set.split(',').map(Number)),
    uids,
  )
})

test('a number is one of 32 bits or none', () => {
  const read = (value: string): number | undefined => readNumber32({ type: 'ATOM', value })
  assert.deepEqual(['0', '4294967295'].map(read), [0, 4_294_967_295])
  for (const value of ['4294967296', '9999999999', '-1', '1e3', '', '00000000001'])
    assert.equal(read(value), undefined, value)
})

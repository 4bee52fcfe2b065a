/** Numbered values, which some supported versions of Node cannot bind: their places are counted by ourselves. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeDatabase, toPlainPlaces } from '../../src/journal/database.ts'

describe('numbered values of a statement', () => {
  it('stand where their numbers say, however often and in whatever order', async () => {
    const database = makeDatabase(new DatabaseSync(':memory:'), ':memory:')
    assert.deepEqual(
      { ...(await database.get('SELECT ?2 AS a, ?1 AS b, ?2 AS c, ?3 AS d', 'one', 'two', 3)) },
      {
        a: 'two',
        b: 'one',
        c: 'two',
        d: 3,
      },
    )
    assert.deepEqual(
      { ...(await database.get('SELECT ? AS a, ? AS b', 'one', 'two')) },
      { a: 'one', b: 'two' },
    )
    assert.deepEqual(toPlainPlaces('?10 ?2'), { text: '? ?', order: [9, 1] })
  })

  it('are not mixed with plain ones, whose places nobody could count', () => {
    assert.throws(() => toPlainPlaces('id = ? AND account = ?1'), /mixed/)
  })

  it('are never put past this: only whole statements without numbers are prepared elsewhere', () => {
    const folder = fileURLToPath(new URL('../../src/', import.meta.url))
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('journal/database.ts')) continue
      const text = readFileSync(`${folder}${name}`, 'utf8')
      assert.doesNotMatch(text, /\.prepare\([^)]*\?\d/, name)
    }
  })
})

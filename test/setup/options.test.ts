import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf } from '../../src/setup/options.ts'

test('what stands behind --after-import is days for a deletion and a name as it is for a folder', () => {
  const read = (afterImport: string): object => answersOf({ afterImport })
  assert.deepEqual(read('delete-after:14d'), { 'after-import': 'delete-after', 'after-days': '14' })
  assert.deepEqual(read('delete-after:36h'), { 'after-import': 'delete-after', 'after-days': '36h' })
  assert.deepEqual(read('move: 14d'), { 'after-import': 'move', 'move-folder': '14d' })
  assert.deepEqual(read('move:Done'), { 'after-import': 'move', 'move-folder': 'Done' })
})

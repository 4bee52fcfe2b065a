import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBounded } from '../../src/base/bounded-file.ts'

test('a file that says it is empty and is not is read to its limit only', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, async () => {
  // Files of /proc have no size.
  await assert.rejects(readBounded('/proc/self/smaps', { mostOctets: 100 }), { code: 'too-large' })
  assert.ok((await readBounded('/proc/self/comm', { mostOctets: 100 })).length > 0)
})

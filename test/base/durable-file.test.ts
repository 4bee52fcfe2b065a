import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { replaceFile } from '../../src/base/durable-file.ts'

test('a file has the mode that was asked for, whatever the umask says, and nothing is left beside it', t => {
  const folder = mkdtempSync(join(tmpdir(), 'hikyaku-durable-'))
  const before = process.umask(0o277)
  t.after(() => {
    process.umask(before)
    rmSync(folder, { recursive: true, force: true })
  })
  const file = join(folder, 'file')
  for (const text of ['first', 'second']) {
    replaceFile(file, Buffer.from(text), 0o640)
    assert.equal(statSync(file).mode & 0o777, 0o640)
    assert.equal(readFileSync(file, 'utf8'), text)
  }
  assert.deepEqual(readdirSync(folder), ['file'])
})

/** The journal at its edges: the very instant, the last page, the row that is just too old. */
import assert from 'node:assert/strict'
import { appendFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { goneKept } from '../../src/journal/journal.ts'
import { replaceJournal } from '../../src/journal/replace.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { add, addIn, box, journalFor, newRow, record, stateDirFor } from './journal-helpers.ts'

test('what was imported at the very instant is to be settled, what came a moment later is not', async t => {
  const journal = await journalFor(t)
  const id = await addIn(journal, 'imported', 'a', { importedAtMs: 1000 })
  const ids = async (atMs: number): Promise<readonly number[]> =>
    (await journal.unsettled(box, 'delete', atMs)).map(row => row.id)
  assert.deepEqual(await ids(999), [])
  assert.deepEqual(await ids(1000), [id])
})

test('a file whose last page is not whole is refused, and is sound once it is whole again', async t => {
  const stateDir = await stateDirFor(t)
  const open = async () => openJournal(stateDir, 'run', () => {})
  const journal = await open()
  await add(journal, 'a')
  await journal.close()
  const file = join(stateDir, 'journal.sqlite')
  const { size } = await stat(file)
  await appendFile(file, 'a part of a page')
  await assert.rejects(open(), { code: 'journal.damaged' })
  await truncate(file, size)
  await (await open()).close()
})

test('of the oldest rows that are gone only those are forgotten of which nothing was ever read', async t => {
  const journal = await journalFor(t)
  const names = ['forgotten', 'read', 'unknown']
  const added = names.map(uid => newRow(uid))
  const [forgotten = 0, read = 0, unknown = 0] = await journal.recordFolder(record({ added }))
  const newer = Array.from({ length: goneKept }, (_, at) => newRow(`n${at}`))
  const later = await journal.recordFolder(record({ generation: 2, added: newer }))
  await journal.move(read, 'deferred', { sha256: 'a'.repeat(64) })
  await journal.move(unknown, 'importing', { outcomeUnknown: true })
  const vanished = [forgotten, read, unknown, ...later].map(id => ({ id, stage: 'gone', patch: {} }) as const)
  await journal.recordFolder(record({ generation: 3, vanished }))
  assert.equal(await journal.forgetGone(box, 10_000), 1)
  const left = await Promise.all([forgotten, read, unknown].map(id => journal.row(id)))
  assert.deepEqual(
    left.map(row => row?.id),
    [undefined, read, unknown],
  )
  const { listed, gone } = await journal.conservation(box)
  assert.deepEqual([listed, gone], [goneKept + 2, goneKept + 2])
})

test('a journal that is replaced is kept beside the new one, with its log', async t => {
  const stateDir = await stateDirFor(t)
  const workDir = join(stateDir, 'rebuild-x')
  await mkdir(workDir)
  await writeFile(join(workDir, 'journal.sqlite'), 'new')
  for (const end of ['', '-wal']) await writeFile(join(stateDir, `journal.sqlite${end}`), `old${end}`)
  const kept = replaceJournal(stateDir, workDir, '2026')
  assert.ok(kept)
  assert.equal(await readFile(join(stateDir, 'journal.sqlite'), 'utf8'), 'new')
  for (const end of ['', '-wal']) assert.equal(await readFile(`${kept}${end}`, 'utf8'), `old${end}`)
})

/** A journal that is not what it should be is refused and left as it is: without it every message would look new. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import { findIntegrityProblems, journalFile, madeFile, migrate } from '../../src/journal/file.ts'
import { isInstanceRunning, lockInstance } from '../../src/journal/lock.ts'
import { lookAtJournal } from '../../src/journal/look.ts'
import { migrations } from '../../src/journal/schema.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { add, addIn, box, stateDirFor } from './journal-helpers.ts'

const noLock = (): void => {}

async function faultOf(work: () => unknown): Promise<FaultCode | 'none'> {
  try {
    await work()
    return 'none'
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return error.code
  }
}

/** A journal with some rows, closed. */
async function madeIn(folder: string, rows = 300): Promise<string> {
  const journal = await openJournal(folder, 'run', noLock)
  for (let n = 0; n < rows; n += 1) await add(journal, `u${n}`)
  await journal.close()
  return join(folder, journalFile)
}

test('the first run makes the folder for its owner alone, and the file that says a journal was made', async t => {
  const folder = join(await stateDirFor(t), 'a', 'b')
  await (await openJournal(folder, 'run', noLock)).close()
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
  assert.deepEqual((await readdir(folder)).sort(), ['journal.made', 'journal.sqlite'])
})

test('looking where there has never been a journal makes nothing and finds nothing', async t => {
  const folder = await stateDirFor(t)
  assert.equal(await openJournal(folder, 'look'), undefined)
  assert.equal(await openJournal(join(folder, 'none'), 'look'), undefined)
  assert.deepEqual(await readdir(folder), [])
})

/** What a process leaves that is killed while it makes its journal, from the first moment to the last but one. */
const halfMade: Readonly<Record<string, (file: string) => Promise<void> | void>> = {
  'an empty file': file => writeFile(file, ''),
  'a file with no table in it': file => {
    const database = new DatabaseSync(file)
    database.exec('PRAGMA journal_mode = WAL')
    database.close()
  },
  'its tables begun and not committed': async file => {
    const copy = `${file}-copy`
    const database = new DatabaseSync(file)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE')
    for (const step of migrations) database.exec(step)
    for (const suffix of ['', '-wal']) await copyFile(file + suffix, copy + suffix)
    database.close()
    for (const suffix of ['', '-wal']) await rename(copy + suffix, file + suffix)
  },
}

for (const [left, leave] of Object.entries(halfMade))
  test(`${left} is a journal that is not there yet: nobody is frightened, and the next run makes it`, async t => {
    const folder = await stateDirFor(t)
    await leave(join(folder, journalFile))
    assert.equal(await openJournal(folder, 'look'), undefined)
    for (const running of [false, true]) {
      const { journal, fault } = await lookAtJournal(folder, running, true)
      assert.deepEqual([journal, fault], [undefined, undefined])
    }
    const lock = lockInstance(folder)
    t.after(() => lock.release())
    // Whoever holds the directory may be about to make it.
    const looking = openJournal(folder, 'look')
    const journal = await openJournal(folder, 'run', noLock)
    await add(journal, 'u1')
    const found = await looking
    assert.equal((await found?.byUid(box, 'INBOX', 'u1'))?.stage, 'listed')
    await found?.close()
    await journal.close()
  })

test('who looks while a journal is made finds none, or all of it', async t => {
  const folder = await stateDirFor(t)
  const child = fileURLToPath(new URL('make-journals-child.ts', import.meta.url))
  const making = spawn(process.execPath, [child, folder, '40'], { stdio: ['ignore', 'inherit', 'inherit'] })
  t.after(() => making.kill('SIGKILL'))
  const found = { none: 0, whole: 0 }
  const look = async (place: string): Promise<void> => {
    const running = isInstanceRunning(place)
    const [journal, seen] = [await openJournal(place, 'look'), await lookAtJournal(place, running, false)]
    assert.equal(seen.fault, undefined)
    for (const each of [journal, seen.journal]) {
      found[each === undefined ? 'none' : 'whole'] += 1
      if (each !== undefined) assert.equal(await each.byUid(box, 'INBOX', 'u1'), undefined)
    }
    await seen.close()
    await journal?.close()
  }
  for (let n = 0; making.exitCode === null && n < 40; ) {
    const place = join(folder, String(n))
    await look(place)
    if (existsSync(join(place, madeFile))) n += 1
    else await new Promise(resolve => setImmediate(resolve))
  }
  if (making.exitCode === null) await once(making, 'exit')
  assert.equal(making.exitCode, 0)
  assert.ok(found.whole > 0)
})

test('the lock is taken once the folder exists and before the journal is touched', async t => {
  const folder = join(await stateDirFor(t), 'new')
  await assert.rejects(
    () =>
      openJournal(folder, 'run', () => {
        throw new Fault('state.second-instance')
      }),
    Fault,
  )
  assert.deepEqual(await readdir(folder), [])
})

test('a journal that is gone or empty where one was made is refused, and none is begun anew', async t => {
  const folder = await stateDirFor(t)
  const file = await madeIn(folder)
  await rename(file, `${file}.away`)
  for (const mode of ['run', 'look'] as const) {
    const open = async () =>
      mode === 'run' ? await openJournal(folder, 'run', noLock) : await openJournal(folder, 'look')
    assert.equal(await faultOf(open), 'journal.missing', mode)
    await writeFile(file, '')
    assert.equal(await faultOf(open), 'journal.missing', `${mode}, empty`)
    assert.equal((await readFile(file)).length, 0)
    await rm(file)
  }
  await rename(`${file}.away`, file)
  const journal = await openJournal(folder, 'run', noLock)
  assert.equal((await journal.mailbox(box)).listed, 300)
  await journal.close()
})

test('a damaged file is refused wherever the damage is, and not one octet of it is changed', async t => {
  const folder = await stateDirFor(t)
  const file = await madeIn(folder)
  const sound = await readFile(file)
  const damages: Record<string, (octets: Buffer) => Buffer> = {
    'no SQLite file': () => Buffer.from('this was once a journal\n'.repeat(100)),
    'its first page overwritten': octets => Buffer.concat([Buffer.alloc(4096, 0xff), octets.subarray(4096)]),
    'its schema overwritten': octets =>
      Buffer.concat([octets.subarray(0, 100), Buffer.alloc(3996), octets.subarray(4096)]),
    'a page in the middle overwritten': octets => Buffer.from(octets).fill(0xaa, 5 * 4096, 7 * 4096),
    'cut in half': octets => octets.subarray(0, Math.floor(octets.length / 8192) * 4096),
    'another program’s database': () => sound,
  }
  for (const [what, damage] of Object.entries(damages)) {
    await writeFile(file, damage(sound))
    if (what.startsWith('another')) {
      await rm(file)
      const other = new DatabaseSync(file)
      other.exec('CREATE TABLE recipes (name TEXT)')
      other.close()
    }
    const before = await readFile(file)
    assert.equal(await faultOf(() => openJournal(folder, 'run', noLock)), 'journal.damaged', what)
    assert.ok(before.equals(await readFile(file)), `${what}: left as it was`)
  }
  await writeFile(file, sound)
  assert.equal(await faultOf(async () => (await openJournal(folder, 'run', noLock)).close()), 'none')
})

test('a large journal that nobody touched since it was looked at is looked at whole once a day only', async t => {
  const folder = await stateDirFor(t)
  const file = await madeIn(folder)
  const record = join(folder, 'journal.checked')
  const open = async (): Promise<void> => (await openJournal(folder, 'run', noLock)).close()
  await assert.rejects(stat(record), 'a small one is looked at each time')
  const database = new DatabaseSync(file)
  database.exec('CREATE TABLE ballast (octets BLOB); INSERT INTO ballast VALUES (zeroblob(6000000))')
  database.close()
  await open()
  const left = JSON.parse(await readFile(record, 'utf8'))
  assert.ok(Math.abs(left.checkedAtMs - Date.now()) < 60_000)
  await open()
  assert.equal(JSON.parse(await readFile(record, 'utf8')).checkedAtMs, left.checkedAtMs)

  // Damage that only a look at the whole file finds, and a record that says what such a file should be.
  const octets = await readFile(file)
  await writeFile(file, Buffer.from(octets).fill(0xaa, octets.length - 8 * 4096, octets.length - 2 * 4096))
  const refused = async (what: string): Promise<void> =>
    assert.equal(await faultOf(open), 'journal.damaged', what)
  await refused('it was written since')
  const { ino, size, mtimeNs } = await stat(file, { bigint: true })
  const asFound = { inode: String(ino), octets: String(size), writtenNs: String(mtimeNs) }
  const claim = (change: object): Promise<void> =>
    writeFile(record, JSON.stringify({ ...asFound, checkedAtMs: Date.now(), ...change }))
  await claim({ checkedAtMs: Date.now() - 86_400_001 })
  await refused('a day ago')
  await claim({ checkedAtMs: Date.now() + 60_000 })
  await refused('in the future')
  await claim({ inode: '1' })
  await refused('another file')
  await claim({ octets: String(size + 1n) })
  await refused('another size')
  await writeFile(record, '{')
  await refused('a record that is none')
  await rm(record)
  await mkdir(record)
  await refused('a folder for a record')
  await rm(record, { recursive: true })
  await claim({})
  await writeFile(`${file}-wal`, '')
  await refused('it was not closed')
  await rm(`${file}-wal`, { force: true })
  await claim({})
  assert.equal(await faultOf(open), 'none')
})

test('damage that shows only while it is used is a fault, too, and not an answer', async t => {
  const folder = await stateDirFor(t)
  const file = await madeIn(folder, 3000)
  const { size } = await stat(file)
  const journal = await openJournal(folder, 'look')
  assert.ok(journal)
  t.after(() => journal.close())
  await writeFile(file, Buffer.alloc(size - 4096, 0xaa), { flag: 'r+' })
  const code = await faultOf(() => journal.inStages(box, ['listed']))
  assert.ok(code === 'journal.damaged' || code === 'state.io', code)
})

test('a journal of a newer version is refused unread, in both modes', async t => {
  const folder = await stateDirFor(t)
  const file = await madeIn(folder, 1)
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA user_version = ${migrations.length + 1}`)
  database.close()
  assert.equal(await faultOf(() => openJournal(folder, 'run', noLock)), 'journal.newer')
  assert.equal(await faultOf(() => openJournal(folder, 'look')), 'journal.newer')
})

test('killed while the first journal was being made: the next start makes it', async t => {
  const folder = await stateDirFor(t)
  await mkdir(folder, { recursive: true })
  for (const left of ['', 'header']) {
    const database = new DatabaseSync(join(folder, journalFile))
    if (left === 'header') database.exec('PRAGMA journal_mode = WAL; VACUUM')
    database.close()
    const journal = await openJournal(folder, 'run', noLock)
    assert.equal(await add(journal, 'u1'), 1)
    await journal.close()
    for (const name of await readdir(folder)) await rm(join(folder, name))
  }
})

test('an older file is brought up step by step, each whole or not at all, and its rows stay', async t => {
  const database = new DatabaseSync(join(await stateDirFor(t), 'older.sqlite'))
  t.after(() => database.close())
  const version = () => Number(database.prepare('PRAGMA user_version').get()?.user_version)
  const first = 'CREATE TABLE message (id INTEGER PRIMARY KEY, uid TEXT);'
  const second =
    "ALTER TABLE message ADD COLUMN octets INTEGER; UPDATE message SET octets = 7 WHERE uid = 'a';"
  migrate(database, [first])
  database.exec("INSERT INTO message (uid) VALUES ('a'), ('b')")
  assert.equal(version(), 1)
  assert.throws(() => migrate(database, [first, second, 'ALTER TABLE message ADD COLUMN x TEXT; nonsense;']))
  assert.equal(version(), 2, 'the good step stands')
  database.exec('ROLLBACK')
  const columns = database
    .prepare('PRAGMA table_info(message)')
    .all()
    .map(row => row.name)
  assert.deepEqual(columns, ['id', 'uid', 'octets'], 'nothing of the bad step does')
  migrate(database, [first, second])
  assert.equal(version(), 2, 'a step is made once')
  const rows = database.prepare('SELECT uid, octets FROM message ORDER BY id').all()
  assert.deepEqual(
    rows.map(row => ({ ...row })),
    [
      { uid: 'a', octets: 7 },
      { uid: 'b', octets: null },
    ],
  )
  assert.deepEqual(findIntegrityProblems(database, true), [])
})

test('a file that is moved away, or exchanged, under a running process is noticed', async t => {
  const folder = await stateDirFor(t)
  const file = await madeIn(folder)
  const journal = await openJournal(folder, 'run', noLock)
  t.after(() => journal.close())
  await journal.assertInPlace()
  await copyFile(file, `${file}.copy`)
  await rename(file, `${file}.away`)
  assert.equal(await faultOf(() => journal.assertInPlace()), 'journal.missing')
  await rename(`${file}.copy`, file)
  assert.equal(await faultOf(() => journal.assertInPlace()), 'journal.missing')
})

test('one instance holds a state directory; others may look while it works', async t => {
  const folder = await stateDirFor(t)
  const lock = lockInstance(folder)
  const journal = await openJournal(folder, 'run', noLock)
  assert.equal(await faultOf(() => lockInstance(folder)), 'state.second-instance')
  assert.equal(isInstanceRunning(folder), true)
  const id = await addIn(journal, 'imported', 'u1')
  const looking = await openJournal(folder, 'look')
  assert.equal((await looking?.row(id))?.stage, 'imported')
  await looking?.setNote('check-now', '1')
  assert.equal(await journal.note('check-now'), '1')
  await looking?.close()
  await journal.close()
  lock.release()
  assert.equal(isInstanceRunning(folder), false)
  lockInstance(folder).release()
})

test('a journal that another program keeps locked is a fault that passes', { timeout: 30_000 }, async t => {
  const folder = await stateDirFor(t)
  const file = await madeIn(folder, 1)
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  t.after(() => other.close())
  const journal = await openJournal(folder, 'look')
  t.after(() => journal?.close())
  let thrown: unknown
  try {
    await journal?.setNote('pulls k', 'v')
  } catch (error) {
    thrown = error
  }
  assert.ok(thrown instanceof Fault)
  assert.deepEqual([thrown.code, thrown.retry], ['journal.locked', 'later'])
})

test('a state directory that cannot be made is a fault of this machine with the place in it', async t => {
  const folder = await stateDirFor(t)
  await writeFile(join(folder, 'file'), '')
  const code = await faultOf(() => openJournal(join(folder, 'file', 'state'), 'run', noLock))
  assert.equal(code, 'state.no-folder')
})

test('a look at a journal of before rules finds nothing left by them, and changes nothing', async t => {
  const folder = await stateDirFor(t)
  await (await openJournal(folder, 'run', noLock)).close()
  const database = new DatabaseSync(join(folder, 'journal.sqlite'))
  database.exec(
    'DROP INDEX message_left; ALTER TABLE message DROP COLUMN wish; ALTER TABLE message DROP COLUMN flags',
  )
  database.exec(`PRAGMA user_version = ${migrations.length - 1}`)
  database.close()
  const journal = await openJournal(folder, 'look')
  t.after(() => journal?.close())
  assert.equal(await journal?.countLeftByRule('box'), 0)
  assert.deepEqual(await journal?.leftByRule('box', 10), [])
})

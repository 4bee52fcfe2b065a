/** Writes are heard of and looked at soon, and while nobody writes hardly anything is done. Played timers, real files. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { watchWrites } from '../../src/base/watch-writes.ts'

async function fileFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-writes-'))
  t.after(() => rm(folder, { recursive: true }))
  return join(folder, 'file')
}

/** Writes, until the system has told everybody in this process of it. */
async function write(file: string): Promise<void> {
  const watcher = watch(file)
  const heard = once(watcher, 'change')
  await appendFile(file, 'x')
  await heard
  watcher.close()
  await turn()
}

/** @param look of the one who watches @returns how often it was called by when so many ms more have passed */
function playedFor(t: TestContext, file: string, look = async (): Promise<void> => {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let looks = 0
  const stop = watchWrites(file, () => {
    looks += 1
    return look()
  })
  t.after(stop)
  const after = async (ms: number): Promise<number> => {
    t.mock.timers.tick(ms)
    await turn()
    return looks
  }
  return { after, stop }
}

test('a write is looked at soon and a second later; else it is looked every half a minute', async t => {
  const file = await fileFor(t)
  await writeFile(file, '')
  const { after, stop } = playedFor(t, file)
  assert.deepEqual([await after(999), await after(1)], [0, 1], 'not seen to be told of writes')
  await write(file)
  assert.deepEqual([await after(99), await after(1), await after(900)], [1, 2, 3])
  assert.deepEqual([await after(1999), await after(1)], [3, 4], 'what was written before it listened again')
  assert.deepEqual([await after(29_999), await after(1), await after(29_999)], [4, 5, 5])
  await write(file)
  assert.deepEqual([await after(99), await after(1)], [5, 6])
  stop()
  assert.equal(await after(100_000), 6)
})

test('who writes all the time wakes it twice a second', async t => {
  const file = await fileFor(t)
  await writeFile(file, '')
  const { after } = playedFor(t, file)
  let looks = 0
  for (let tenth = 0; tenth < 100; tenth += 1) {
    await write(file)
    looks = await after(100)
  }
  assert.ok(looks >= 15 && looks <= 20, String(looks))
})

test('a write that comes during a look is looked at soon, too', async t => {
  const file = await fileFor(t)
  await writeFile(file, '')
  const looking = Promise.withResolvers<void>()
  const { after } = playedFor(t, file, () => looking.promise)
  assert.equal(await after(1000), 1)
  await write(file)
  looking.resolve()
  await turn()
  assert.deepEqual([await after(99), await after(1)], [1, 2])
})

test('a file that is not there yet is asked for every second, and a look that fails is followed by others', async t => {
  const file = await fileFor(t)
  const { after } = playedFor(t, file, () => Promise.reject(new Error('not there')))
  assert.deepEqual([await after(1000), await after(1000), await after(1000)], [1, 2, 3])
  await writeFile(file, '')
  assert.equal(await after(1000), 4)
  await write(file)
  assert.equal(await after(100), 5)
})

/** A Maildir is read while its server works in it. */
import assert from 'node:assert/strict'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deliverInto, makeMaildir, readMaildir } from './maildir.ts'

test('each message is read once while a server takes it from new to cur, marks it and removes another', async t => {
  const path = await mkdtemp(join(tmpdir(), 'hikyaku-maildir-'))
  t.after(() => rm(path, { recursive: true }))
  await makeMaildir(path)
  const names: string[] = []
  for (let n = 0; n < 20; n += 1) names.push(await deliverInto(path, Buffer.from(`Subject: ${n}\r\n\r\n`)))
  let isOver = false
  const working = (async () => {
    for (const end of [':2,', ':2,S', ':2,ST'])
      for (const [at, name] of names.entries()) {
        const before = end === ':2,' ? ['new', name] : ['cur', `${name}${end === ':2,S' ? ':2,' : ':2,S'}`]
        await rename(join(path, ...before), join(path, 'cur', `${name}${end}`))
        if (at === 0) await new Promise(resolve => setImmediate(resolve))
      }
    isOver = true
  })()
  const counts: number[] = []
  while (!isOver) counts.push((await readMaildir(path)).length)
  await working
  assert.deepEqual([...new Set(counts)], [20], String(counts))
  await rm(join(path, 'cur', `${names[0]}:2,ST`))
  assert.equal((await readMaildir(path)).length, 19)
})

/** QUIT: how long it is waited for depends on what hangs on its answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlayedClock } from '../servers/in-process.ts'
import { listAll, never, openAt, plain, rejectsWith, serve } from './pop3-helpers.ts'

test('QUIT that takes long commits the deletions; where nothing was deleted it is not waited for', async t => {
  for (const deletes of [true, false]) {
    const server = await serve(t, { messages: [plain(1)] })
    const clock = new PlayedClock()
    const asked = Promise.withResolvers<void>()
    server.faults.line = ({ verb }) => {
      if (verb !== 'QUIT') return undefined
      asked.resolve()
      return 'silence'
    }
    const session = await openAt(t, server, { clock })
    if (deletes) await session.settle(await listAll(session), { do: 'delete' }, never)
    const closing = rejectsWith('source.timeout', session.close())
    let isOver = false
    void closing.finally(() => {
      isOver = true
    })
    await asked.promise
    clock.pass(30_000)
    for (let turns = 0; turns < 20; turns++) await new Promise(resolve => setImmediate(resolve))
    assert.equal(isOver, !deletes, deletes ? 'half a minute is not too long' : 'nobody waits')
    clock.pass(600_000)
    await closing
  }
})

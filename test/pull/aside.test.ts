/** What is aside: `pull` says so as long as it is, and `retry` takes nothing from under the daemon's hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mail, play } from '../faults/harness.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { answerOf, startWorld } from '../servers/world.ts'

test('a pull ends with 1 as long as something is aside, also where an earlier one put it there', async t => {
  const world = await startWorld({ protocol: 'pop3' })
  t.after(() => world.stop())
  await world.source.deliver(mail('m'))
  world.gmail.faults.next('import', presets.status(400))
  for (let pulls = 0; pulls < 2; pulls++) {
    const ended = await world.run(['pull', '--json'])
    assert.equal(ended.code, 1, ended.stdout)
  }
  assert.equal(world.gmail.accepted.length, 0)
})

test('retry leaves a message alone whose upload the daemon has begun meanwhile', () =>
  play({}, async self => {
    const { app, world } = self
    await self.deliver(mail('m'))
    world.gmail.faults.next('import', presets.status(400))
    await app.pull()
    assert.equal((await app.journal.row(1))?.stage, 'deferred')
    // Another process: it read the row as deferred, and the daemon is faster.
    await app.journal.move(1, 'importing', {})
    const moved = await app.journal.moveAll([
      { id: 1, from: 'deferred', to: 'deferred', patch: { attempts: 0 } },
    ])
    assert.deepEqual(moved, [])
    assert.equal((await app.journal.row(1))?.stage, 'importing')
    await app.journal.move(1, 'deferred', {})
    const answer = answerOf(await world.run(['retry', 'all', '--json']))
    assert.deepEqual(answer.retried, [1])
    assert.equal((await app.journal.row(1))?.attempts, 0)
  }))

/**
 * What comes back: a message that was gone, one under the Message-ID of another whose outcome is unknown, one at which
 * the process died before. Each of these tests fails on a change of scripts/mutants/ that no other one noticed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { presets } from '../servers/gmail/gmail-server.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/pop3-maildrop.ts'
import { startWorld } from '../servers/world.ts'
import { copies, day, hour, mail, minute, type Play, play, pop3Of, portsOf, uploads } from './harness.ts'

const deleting = { more: { AFTER_IMPORT: 'delete' } }
const repeated = ({ app }: Play) => app.journal.repeatedCount(portsOf(app).mailbox.name)
/** Takes the message away under its name; gives the name. */
function takeAway(self: Play, octets: Buffer): string {
  const server = pop3Of(self)
  const message = server.messages.find(stored => stored.octets.equals(octets))
  if (message === undefined) throw new Error('nothing there')
  server.vanish(message)
  return message.uidl
}

test('B5: mail that waits, is gone for one listing and comes back under its name is imported', () =>
  play(deleting, async self => {
    const one = mail('one')
    await self.deliver(one, mail('other'))
    self.world.gmail.faults.next('import', presets.status(400))
    self.world.gmail.faults.next('import', presets.status(400))
    countOf(await self.app.pull())
    const name = takeAway(self, one)
    countOf(await self.app.pull())
    assert.equal((await self.stages()).gone, 1)
    pop3Of(self).deliver(one, name)
    for (let n = 0; n < 3; n++) {
      self.clock.pass(2 * hour)
      countOf(await self.app.pull())
    }
    assert.equal(copies(self, one), 1)
    await self.judge()
  }))

test('B4, A19: mail that was deleted as asked and stands there again is asked to be deleted again', () =>
  play(deleting, async self => {
    const server = pop3Of(self)
    const one = mail('one')
    await self.deliver(one)
    const [stored] = server.messages
    assert.ok(stored)
    for (let n = 0; n < 2; n++) countOf(await self.app.pull())
    assert.equal((await self.stages()).settled, 1)
    // The host restored yesterday's maildrop.
    server.deliver(one, stored.uidl)
    for (let n = 0; n < 2; n++) {
      self.clock.pass(minute)
      countOf(await self.app.pull())
    }
    assert.deepEqual(server.messages, [])
    assert.equal(uploads(self), 1)
    await self.judge()
  }))

test('D3, D8: beside an unknown outcome nothing is uploaded under the same Message-ID', () =>
  play({}, async self => {
    const same = 'Message-ID: <same@example.net>\r\n'
    const first = mail('first', 200, same)
    const second = mail('second', 900, same)
    await self.deliver(first)
    self.world.gmail.faults.next('import', presets.reset('after-body'))
    await self.app.pull()
    await self.deliver(second)
    await self.app.pull()
    assert.equal(uploads(self), 1, 'it waits')
    // It leaves without having been sent, and comes back once the first is resolved: nothing is repeated by it.
    takeAway(self, second)
    for (let n = 0; n < 2; n++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.equal(await repeated(self), 1, 'the first')
    await self.deliver(second)
    for (let n = 0; n < 2; n++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.equal(await repeated(self), 1, 'of the second no outcome was unknown')
  }))

test('D3, F15: an unknown outcome is known again though the server wrote lines of its own into the mail', () =>
  play({}, async self => {
    const one = mail('one', 200, '')
    const marked = Buffer.from(
      one.toString('latin1').replace('Subject:', 'X-UIDL: abc\r\nStatus: O\r\nSubject:'),
      'latin1',
    )
    await self.deliver(one)
    self.world.gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    // Another message of the maildrop turns out to be the same one, marked by its server.
    self.put.push(marked)
    pop3Of(self).deliver(marked)
    await self.app.pull()
    assert.equal(uploads(self), 1, 'none beside an unknown outcome')
    for (let n = 0; n < 4; n++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.equal(copies(self, marked), 0)
  }))

test('E5: a wall clock that was set back deletes nothing early, though the steady one has gone on', () =>
  play({ more: { AFTER_IMPORT: 'delete-after:2d' } }, async self => {
    const server = pop3Of(self)
    await self.deliver(mail('one'))
    countOf(await self.app.pull())
    self.clock.pass(2 * day - hour)
    countOf(await self.app.pull())
    self.clock.offsetMs -= hour
    countOf(await self.app.pull())
    self.clock.pass(hour + minute)
    countOf(await self.app.pull())
    assert.equal(server.messages.length, 1, 'an hour is left by the wall clock')
    self.clock.pass(hour)
    for (let n = 0; n < 2; n++) countOf(await self.app.pull())
    assert.deepEqual(server.messages, [])
    await self.judge()
  }))

test('G17: a second reading before the deletion at which the process dies is left out, and the others go', async () => {
  const marker = 'the-end-of-hikyaku'
  const preload = [
    '--disable-warning=ExperimentalWarning',
    '--import',
    fileURLToPath(new URL('poison-preload.ts', import.meta.url)),
  ]
  const world = await startWorld({ protocol: 'pop3' })
  try {
    const poison = Buffer.concat([mail('poison'), Buffer.from(`${marker}\r\n`)])
    for (const octets of [mail('one'), poison, mail('two')]) await world.source.deliver(octets)
    assert.equal((await world.run(['pull'])).code, 0)
    const deletion = { env: { AFTER_IMPORT: 'delete', HIKYAKU_POISON: `in:${marker}` }, nodeArgs: preload }
    for (let start = 0; start < 3; start++)
      assert.equal((await world.run(['pull'], deletion)).signal, 'SIGKILL', `start ${start}`)
    const fourth = await world.run(['pull'], deletion)
    assert.equal(fourth.signal, null, fourth.stderr)
    assert.deepEqual(await world.source.stored(), [sha256(poison)])
  } finally {
    await world.stop()
  }
})

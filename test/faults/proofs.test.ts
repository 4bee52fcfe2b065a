/**
 * What counts as proof in one pull only, and what is no proof at all: the sequel of evidence.test.ts. Each of these tests
 * fails on a change of scripts/mutants/ that no other one noticed.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { presets } from '../servers/gmail/gmail-server.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/pop3-maildrop.ts'
import { copies, hour, imapOf, mail, minute, play, pop3Of, portsOf, uploads } from './harness.ts'

const deleting = { more: { AFTER_IMPORT: 'delete' } }

test('D11: a Message-ID that Gmail cannot search for is not asked about, and the import is repeated at once', () =>
  play({ scopes: reading }, async self => {
    await self.deliver(mail('odd', 200, 'Message-ID: <odd"one@example.net>\r\n'))
    self.world.gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    self.clock.pass(minute)
    countOf(await self.app.pull())
    assert.equal(uploads(self), 2)
    assert.equal(self.world.gmail.ledger.of('messages.list').length, 0)
    assert.equal(await self.app.journal.repeatedCount(portsOf(self.app).mailbox.name), 1)
  }))

test('D11: a search that found nothing is not made again before its time, however often is pulled', () =>
  play({ scopes: reading }, async self => {
    await self.deliver(mail('one'))
    self.world.gmail.faults.next('import', presets.reset('after-body'))
    await self.app.pull()
    self.clock.pass(minute)
    for (let n = 0; n < 4; n++) await self.app.pull()
    assert.equal(self.world.gmail.ledger.of('messages.list').length, 1)
    for (let n = 0; n < 4; n++) {
      self.clock.pass(minute)
      await self.app.pull()
    }
    await self.judge()
  }))

test('F17: what is imported by a listing that contradicts itself is not deleted by it', () =>
  play(deleting, async self => {
    const server = pop3Of(self)
    await self.deliver(mail('one'), mail('two'))
    server.faults.line = ({ verb }) => (verb === 'STAT' ? { answer: '+OK 5 1000\r\n' } : undefined)
    for (let n = 0; n < 3; n++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    assert.equal(self.world.gmail.accepted.length, 2)
    assert.equal(server.messages.length, 2)
    delete server.faults.line
    for (let n = 0; n < 2; n++) countOf(await self.app.pull())
    assert.deepEqual(server.messages, [])
    await self.judge()
  }))

for (const [how, change] of [
  [
    'of another size',
    (octets: Buffer) => Buffer.concat([octets, Buffer.from('and more, much more of it\r\n')]),
  ],
  ['a little longer, by nine octets', (octets: Buffer) => Buffer.concat([octets, Buffer.from('and more\n')])],
] as const) {
  test(`B7: a UIDL that goes to other mail ${how} under the same header section is noticed while it stays`, () =>
    play({}, async self => {
      const server = pop3Of(self)
      const fields = 'Message-ID: <same@example.net>\r\n'
      const old = mail('same', 200, fields)
      const other = change(old)
      await self.deliver(old)
      countOf(await self.app.pull())
      const [stored] = server.messages
      assert.ok(stored)
      server.vanish(stored)
      self.put.push(other)
      server.deliver(other, stored.uidl)
      countOf(await self.app.pull())
      assert.equal(uploads(self), 2)
    }))
}

test('C2: in a pull in which one UID turned out to name other mail, nothing older is deleted', () =>
  play({ protocol: 'imap' }, async self => {
    const folder = imapOf(self).folder('INBOX')
    assert.ok(folder)
    await self.deliver(mail('one'), mail('two'))
    countOf(await self.app.pull())
    const other = mail('other', 900)
    self.put.push(other)
    folder.messages = folder.messages.map((message, at) =>
      at === 0 ? { ...message, octets: other } : message,
    )
    await self.restart({ AFTER_IMPORT: 'delete' })
    // Once a day sizes and dates are asked for of all.
    self.clock.pass(25 * hour)
    countOf(await self.app.pull())
    assert.equal(copies(self, other), 1)
    const removed = imapOf(self).ledger.expunged.map(message => message.sha256)
    assert.ok(!removed.includes(sha256(mail('two'))), 'its name is as good as the other one was')
    for (let n = 0; n < 3; n++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.deepEqual(folder.messages, [])
  }))

test('B8, B7: the same message twice on a server without UIDL is two rows, pull after pull', () =>
  play({}, async self => {
    const server = pop3Of(self)
    server.faults.line = ({ verb }) => (verb === 'UIDL' ? { answer: '-ERR no such command\r\n' } : undefined)
    const twin = mail('twin')
    await self.deliver(twin, mail('other'), twin)
    for (let n = 0; n < 3; n++) {
      countOf(await self.app.pull())
      // Sooner, what shows no change is not listed again.
      self.clock.pass(11 * minute)
    }
    const { imported, merged, listed } = await self.app.journal.conservation(portsOf(self.app).mailbox.name)
    assert.deepEqual([listed, imported, merged], [3, 2, 1])
    await self.judge()
  }))

test('the books that do not balance are told by the pull that sees it', () =>
  play({}, async self => {
    await self.deliver(mail('one'), mail('two'))
    countOf(await self.app.pull())
    const file = new DatabaseSync(join(self.world.stateDir, 'journal.sqlite'))
    file.exec("UPDATE message SET mailbox = 'elsewhere' WHERE id = 1")
    file.close()
    const { name } = portsOf(self.app).mailbox
    const made = await self.app.pull()
    assert.equal(made.kind === 'pulled' && made.result.conserved, false)
    assert.equal(
      (await self.app.journal.troubles.find({ scope: 'mailbox', name, subject: 'books' }))?.code,
      'books.broken',
    )
  }))

test('D2: an account whose server fails behind each whole upload is met with few of them', () =>
  play({}, async self => {
    await self.deliver(...Array.from({ length: 30 }, (_, at) => mail(`m${at}`)))
    self.world.gmail.faults.always('import', presets.status(503))
    const made = await self.app.pull()
    assert.equal(made.kind, 'failed')
    assert.ok(uploads(self) <= 12, `${uploads(self)} uploads`)
    self.world.gmail.faults.clear()
    for (let n = 0; n < 4; n++) {
      self.clock.pass(hour)
      await self.app.pull()
    }
    await self.judge()
  }))

test('B5: mail that the source hides for hours is waited for, and imported when it is shown again', () =>
  play({}, async self => {
    const server = pop3Of(self)
    const hidden = mail('hidden')
    await self.deliver(hidden)
    server.faults.line = ({ line }) =>
      /^RETR 1$/.test(line) ? { answer: '-ERR no such message\r\n' } : undefined
    for (let n = 0; n < 8; n++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    delete server.faults.line
    self.clock.pass(4 * hour)
    countOf(await self.app.pull())
    assert.equal(copies(self, hidden), 1)
    await self.judge()
  }))

test('a label that cannot be had costs no mail, and is asked for neither with each nor in each pull', () =>
  play({ more: { GMAIL_LABELS: 'Shop' } }, async self => {
    const asked = (): number => self.world.gmail.ledger.of('labels.create').length
    self.world.gmail.faults.always('labels.create', presets.status(400))
    await self.deliver(...Array.from({ length: 5 }, (_, at) => mail(`m${at}`)))
    countOf(await self.app.pull())
    assert.deepEqual([self.world.gmail.accepted.length, asked()], [5, 1])
    self.clock.pass(5000)
    await self.deliver(mail('later'))
    countOf(await self.app.pull())
    assert.deepEqual([self.world.gmail.accepted.length, asked()], [6, 1])
    self.clock.pass(hour)
    await self.deliver(mail('latest'))
    countOf(await self.app.pull())
    assert.deepEqual([self.world.gmail.accepted.length, asked()], [7, 2])
  }))

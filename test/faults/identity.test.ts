/** A message keeps its identity when everything that names it changes: protocol, host, folder, UIDVALIDITY. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dovecotMissing } from '../servers/dovecot.ts'
import { countOf } from '../servers/in-process.ts'
import { startPop3Server } from '../servers/pop3-server.ts'
import { requireServer } from '../servers/required.ts'
import { sha256 } from '../servers/source-server.ts'
import { codeOf, day, hour, imapOf, mail, minute, nameless, type Play, play } from './harness.ts'

const uploads = (self: Play): string[] => self.world.gmail.accepted.map(one => one.sha256)
const digests = (...messages: readonly Buffer[]): string[] => messages.map(sha256)

const dovecot = { skip: requireServer('dovecot', dovecotMissing()) }

for (const [from, to] of [
  ['pop3', 'imap'],
  ['imap', 'pop3'],
] as const) {
  test(
    `from ${from} to ${to} on the same mailbox nothing is imported again, and deleted only a pull later`,
    dovecot,
    () =>
      play({ protocol: from, server: 'dovecot' }, async self => {
        const { dovecot } = self.world.source
        assert.ok(dovecot !== undefined)
        const port = String(to === 'imap' ? dovecot.ports.imaps : dovecot.ports.pop3s)
        const old = [mail('a'), nameless('b'), mail('c', 9000), mail('d')]
        await self.deliver(...old)
        assert.equal(countOf(await self.app.pull()).imported, 4)
        // One that Gmail could not take yet: it must not be lost on the way.
        const late = mail('late')
        await self.deliver(late)
        await self.world.gmail.goOffline()
        assert.match(codeOf(await self.app.pull()), /^gmail\./)
        await self.world.gmail.goOnline()
        await self.restart({ MAIL_PROTOCOL: to, MAIL_PORT: port, AFTER_IMPORT: 'delete' })
        await self.deliver(mail('new'))
        self.clock.pass(hour)
        countOf(await self.app.pull())
        assert.deepEqual(uploads(self).sort(), digests(...old, late, mail('new')).sort())
        const left = await self.world.source.stored()
        for (const one of digests(mail('a'), mail('c', 9000), mail('d')))
          assert.ok(left.includes(one), 'what was only recognised is not deleted')
        for (let i = 0; i < 2; i++) {
          self.clock.pass(hour)
          countOf(await self.app.pull())
        }
        assert.deepEqual(await self.world.source.stored(), [])
        await self.judge()
        // And back again: an empty mailbox is no news.
        await self.restart()
        assert.equal(countOf(await self.app.pull()).listed, 0)
      }),
  )
}

test('START_FROM=new holds over a change from POP3 to IMAP: what was there before stays out', dovecot, () =>
  play({ protocol: 'pop3', server: 'dovecot', more: { START_FROM: 'new' } }, async self => {
    const { dovecot } = self.world.source
    assert.ok(dovecot !== undefined)
    // Dovecot's INTERNALDATE is the file's time of arrival.
    await self.deliver(mail('old 1'), mail('old 2'))
    self.clock.pass(2000)
    assert.equal(countOf(await self.app.pull()).imported, 0)
    await self.deliver(mail('new 1'))
    assert.equal(countOf(await self.app.pull()).imported, 1)
    await self.restart({ MAIL_PROTOCOL: 'imap', MAIL_PORT: String(dovecot.ports.imaps) })
    self.clock.pass(minute)
    countOf(await self.app.pull())
    assert.deepEqual(uploads(self), digests(mail('new 1')))
    await self.deliver(mail('new 2'))
    self.clock.pass(minute)
    countOf(await self.app.pull())
    assert.deepEqual(uploads(self), digests(mail('new 1'), mail('new 2')))
    await self.judge()
  }),
)

// The stand-ins number their UIDLs, so the new host gives each name to another message of the same size. A user
// with an address gives the mailbox a name that outlasts its host.
for (const user of ['owner', 'owner@example.test']) {
  test(`the mailbox of ${user} moves to another host: nothing is imported again, nothing mistaken for another`, async () => {
    const password = 'correct horse battery'
    const servers = [
      await startPop3Server({ users: { [user]: password } }),
      await startPop3Server({ users: { [user]: password } }),
    ] as const
    const [here, there] = servers
    const more = {
      MAIL_USER: user,
      MAIL_PASSWORD: password,
      MAIL_HOST: here.host,
      MAIL_PORT: String(here.port),
    }
    const old = [mail('a'), nameless('b'), mail('c', 3000), mail('c', 3000), mail('d')]
    const fresh = [mail('e'), mail('f', 3000)]
    for (const octets of old) here.deliver(octets)
    for (const octets of [...fresh, ...old.toReversed()]) there.deliver(octets)
    try {
      await play({ more }, async self => {
        countOf(await self.app.pull())
        await self.restart({ MAIL_HOST: 'localhost', MAIL_PORT: String(there.port), AFTER_IMPORT: 'delete' })
        countOf(await self.app.pull())
        const imported = [...new Set(digests(...old, ...fresh))]
        assert.deepEqual(uploads(self).sort(), imported.sort())
        const gone = (): string[] => there.ledger.deleted.map(one => one.sha256)
        if (user !== 'owner')
          for (const one of digests(mail('a'), mail('d')))
            assert.ok(!gone().includes(one), 'what was only recognised is not deleted')
        for (let i = 0; i < 2; i++) {
          self.clock.pass(hour)
          countOf(await self.app.pull())
        }
        assert.deepEqual(there.messages, [])
        assert.equal(gone().length, old.length + fresh.length)
        assert.equal(uploads(self).length, imported.length)
      })
    } finally {
      for (const server of servers) await server.close()
    }
  })
}

for (const folders of ['INBOX,Work', 'Work,INBOX']) {
  test(`a message that is moved between the pulled folders ${folders} is imported once`, () =>
    play({ protocol: 'imap', more: { MAIL_FOLDERS: folders } }, async self => {
      const server = imapOf(self)
      server.create('Work')
      await self.deliver(mail('a'), nameless('b'), mail('c'))
      countOf(await self.app.pull())
      for (const [from, to] of [
        ['INBOX', 'Work'],
        ['Work', 'INBOX'],
      ] as const) {
        for (const message of [...(server.folder(from)?.messages ?? [])]) {
          server.expunge(from, message.uid)
          server.deliver(to, message.octets)
        }
        self.clock.pass(minute)
        countOf(await self.app.pull())
      }
      // A copy in both at once is still one message of the owner's.
      server.deliver('Work', mail('a'))
      self.clock.pass(minute)
      countOf(await self.app.pull())
      assert.deepEqual(uploads(self).sort(), digests(mail('a'), nameless('b'), mail('c')).sort())
      await self.judge()
    }))
}

test('START_FROM=new holds over a new UIDVALIDITY: old mail stays out, new mail comes', () =>
  play({ protocol: 'imap', more: { START_FROM: 'new' } }, async self => {
    const server = imapOf(self)
    const put = (octets: Buffer, atMs: number): void => {
      self.put.push(octets)
      server.deliver('INBOX', octets, { internalDate: new Date(atMs) })
    }
    const now = self.clock.nowMs()
    for (let i = 0; i < 5; i++) put(mail(`old ${i}`), now - day)
    put(nameless('old too'), now - day)
    assert.equal(countOf(await self.app.pull()).imported, 0)
    self.clock.pass(hour)
    put(mail('new 1'), self.clock.nowMs())
    assert.equal(countOf(await self.app.pull()).imported, 1)
    self.clock.pass(hour)
    const folder = server.folder('INBOX')
    assert.ok(folder !== undefined)
    put(mail('new 2'), self.clock.nowMs())
    folder.uidValidity = 1_900_000_000
    folder.messages = folder.messages.reverse().map((message, at) => ({ ...message, uid: at + 1 }))
    assert.equal(countOf(await self.app.pull()).imported, 1)
    assert.deepEqual(uploads(self), digests(mail('new 1'), mail('new 2')))
    await self.judge()
  }))

test('START_FROM=new: a listing that comes back after it was empty once brings no old mail', () =>
  play({ protocol: 'imap', more: { START_FROM: 'new' } }, async self => {
    const folder = imapOf(self).folder('INBOX')
    assert.ok(folder !== undefined)
    const old = mail('old')
    self.put.push(old)
    imapOf(self).deliver('INBOX', old, { internalDate: new Date(self.clock.nowMs() - day) })
    countOf(await self.app.pull())
    const { messages } = folder
    folder.messages = []
    self.clock.pass(minute)
    countOf(await self.app.pull())
    folder.messages = messages
    self.clock.pass(minute)
    countOf(await self.app.pull())
    assert.deepEqual(uploads(self), [])
    await self.judge()
  }))

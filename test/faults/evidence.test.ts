/**
 * What may not be taken for proof: a folder that is not there, a question that failed, a name that came back, half of
 * the evidence. Each of these tests fails on a change of scripts/mutants/ that no other one noticed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Gmail } from '../../src/gmail/gmail.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { asksForBody, type ImapPlay } from '../servers/imap-faults.ts'
import { usualCapabilities } from '../servers/imap-server.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/pop3-maildrop.ts'
import {
  copies,
  hour,
  imapOf,
  mail,
  minute,
  type Play,
  play,
  pop3Of,
  portsOf,
  pullWith,
  rowOf,
  uploads,
} from './harness.ts'

const deleting = { more: { AFTER_IMPORT: 'delete' } }
const moving = { protocol: 'imap', more: { AFTER_IMPORT: 'move:Done' } } as const
const no = (words: string): ImapPlay => ({ do: 'answer', pieces: [`{tag} ${words}\r\n`] })
const retrieved = (self: Play): number =>
  pop3Of(self).ledger.commands.filter(line => line.startsWith('RETR')).length

/** The server begins anew: what stood there goes, and these stand there under names that it never gave before. */
function standAnew(self: Play, ...messages: readonly Buffer[]): void {
  const server = pop3Of(self)
  for (const message of [...server.messages]) server.vanish(message)
  for (const [at, octets] of messages.entries()) {
    if (!self.put.some(put => put.equals(octets))) self.put.push(octets)
    server.deliver(octets, `anew-${at}`)
  }
}

test('D3, C10: an unknown outcome in a folder that cannot be listed stays unknown until the folder is back', () =>
  play({ protocol: 'imap', scopes: reading, more: { MAIL_FOLDERS: 'INBOX,Shop' } }, async self => {
    const imap = imapOf(self)
    const lost = mail('lost')
    imap.create('Shop')
    imap.deliver('Shop', lost)
    self.put.push(lost)
    self.world.gmail.faults.next('import', presets.reset('after-body'))
    await self.app.pull()
    assert.equal((await rowOf(self, 1)).stage, 'importing')
    imap.faults.at = ({ verb, text }) =>
      verb === 'SELECT' && text.includes('Shop') ? no('NO [UNAVAILABLE] later') : undefined
    for (let n = 0; n < 6; n++) {
      self.clock.pass(hour)
      await self.app.pull()
      assert.equal((await rowOf(self, 1)).stage, 'importing', 'nobody looked whether it is gone')
    }
    delete imap.faults.at
    for (let n = 0; n < 2; n++) {
      self.clock.pass(hour)
      await self.app.pull()
    }
    assert.equal(copies(self, lost), 1)
  }))

test('D11: a look-up that fails is made once in a pull, whoever waits for it', () =>
  play({ scopes: reading }, async self => {
    await self.deliver(mail('one'), mail('two'), mail('three'))
    self.world.gmail.faults.always('import', presets.reset('after-body'))
    await self.app.pull()
    self.world.gmail.faults.clear()
    const unknown = (await self.app.journal.inStages(portsOf(self.app).mailbox.name, ['importing'])).length
    assert.ok(unknown >= 2, `${unknown} of unknown outcome`)
    self.world.gmail.faults.always('messages.list', presets.status(500))
    const asked = self.world.gmail.ledger.of('messages.list').length
    self.clock.pass(hour)
    await self.app.pull()
    assert.equal(self.world.gmail.ledger.of('messages.list').length - asked, 1)
    self.world.gmail.faults.clear()
    for (let n = 0; n < 6; n++) {
      self.clock.pass(hour)
      await self.app.pull()
    }
    await self.judge()
  }))

test('B6, B7: all names change, and one message stands there twice: both are accounted for', () =>
  play({}, async self => {
    const one = mail('one')
    await self.deliver(one, mail('two'))
    countOf(await self.app.pull())
    standAnew(self, one, mail('two'), one)
    assert.equal(countOf(await self.app.pull()).merged, 1)
    await self.judge()
  }))

test('B4, B6: mail that was asked to be deleted and other mail under the same header section are two', () =>
  play(deleting, async self => {
    const old = mail('same', 300)
    const other = Buffer.from(old.toString('latin1').replace('lazy dog', 'lazy cat'), 'latin1')
    await self.deliver(old)
    countOf(await self.app.pull())
    assert.deepEqual(pop3Of(self).messages, [], 'deleted as asked')
    await self.restart({ AFTER_IMPORT: 'keep' })
    standAnew(self, other)
    countOf(await self.app.pull())
    assert.equal(uploads(self), 2, 'it is offered to Gmail, and not taken for the first')
  }))

test('B6: all names change, and other octets stand below a header section that is known: they are imported', () =>
  play({}, async self => {
    const fields = 'Message-ID: <same@example.net>\r\n'
    const old = mail('same', 200, fields)
    const longer = Buffer.concat([old, Buffer.from('and more\r\n')])
    await self.deliver(old)
    countOf(await self.app.pull())
    standAnew(self, longer)
    countOf(await self.app.pull())
    assert.equal(uploads(self), 2)
  }))

test('B6: all names change, and two known messages have one header section: the octets tell which it is', () =>
  play({}, async self => {
    const first = mail('same', 200, 'Message-ID: <same@example.net>\r\n')
    const second = Buffer.from(first.toString('latin1').replace('lazy dog', 'lazy cat'), 'latin1')
    await self.deliver(first, second)
    countOf(await self.app.pull())
    const before = retrieved(self)
    standAnew(self, second)
    countOf(await self.app.pull())
    assert.equal(retrieved(self) - before, 1, 'it is read')
  }))

test('C9: a session in which the server asks for a pause deletes nothing in that pull', () =>
  play({ protocol: 'imap', ...deleting }, async self => {
    const imap = imapOf(self)
    const uids = ['one', 'two'].map(name => imap.deliver('INBOX', mail(name)))
    self.put.push(mail('one'), mail('two'))
    imap.faults.at = ({ text }) =>
      asksForBody(text, uids[0] ?? 0) ? no('NO [THROTTLED] take a break') : undefined
    await self.app.pull()
    assert.equal(imap.ledger.expunged.length, 0)
    delete imap.faults.at
    for (let n = 0; n < 3; n++) {
      self.clock.pass(hour)
      await self.app.pull()
    }
    assert.deepEqual(imap.folder('INBOX')?.messages, [])
    await self.judge()
  }))

test('G4, F11: a server that asks for a pause between logins is not entered again in the same pull', async () => {
  for (const delay of [undefined, 30]) {
    await play({}, async self => {
      const server = pop3Of(self)
      const { faults } = server
      const endless = mail('endless', 300)
      await self.deliver(endless, mail('other'))
      const capabilities = ['TOP', 'UIDL', 'USER', ...(delay === undefined ? [] : [`LOGIN-DELAY ${delay}`])]
      faults.line = ({ verb, line }) => {
        if (verb === 'CAPA') return { answer: `+OK\r\n${capabilities.join('\r\n')}\r\n.\r\n` }
        if (line.startsWith('RETR 1'))
          return { answer: `+OK\r\n${'x'.repeat(78)}\r\n`.padEnd(400_000, 'y\r\n') }
        return undefined
      }
      await self.app.pull()
      assert.equal(server.ledger.logins.length, delay === undefined ? 2 : 1)
    })
  }
})

test('B10: two short readings that differ prove nothing: a third is waited for', () =>
  play(deleting, async self => {
    const { faults } = pop3Of(self)
    const cut = mail('cut', 5000)
    await self.deliver(cut)
    for (const octets of [2000, 2100, 2200]) {
      faults.truncate = () => octets
      const count = countOf(await self.app.pull())
      assert.deepEqual([count.imported, count.deferred], [0, 1], `${octets} octets`)
      self.clock.pass(hour)
    }
    delete faults.truncate
    for (let n = 0; n < 3; n++) {
      countOf(await self.app.pull())
      self.clock.pass(hour)
    }
    assert.equal(copies(self, cut), 1)
    await self.judge()
  }))

test('octets that left and are not those that were retrieved are no success, and nothing is deleted', () =>
  play(deleting, async self => {
    await self.deliver(mail('one'))
    const { gmail } = portsOf(self.app)
    const lying: Gmail = Object.assign(Object.create(gmail) as Gmail, {
      import: async (...given: Parameters<Gmail['import']>) => {
        const answer = await gmail.import(...given)
        return { ...answer, sentSha256: sha256(Buffer.from('something else')) }
      },
    })
    await pullWith(self.app, { gmail: lying }).catch(() => {})
    assert.equal((await rowOf(self, 1)).gmailId, undefined)
    assert.equal((await rowOf(self, 1)).outcomeUnknown, true)
    assert.equal(pop3Of(self).messages.length, 1)
  }))

test('F17: IMAP: another client at work amid a listing is no contradiction: it is asked for once more', () =>
  play({ protocol: 'imap' }, async self => {
    const imap = imapOf(self)
    for (const name of ['one', 'two', 'three']) imap.deliver('INBOX', mail(name))
    self.put.push(mail('one'), mail('two'), mail('three'))
    let listings = 0
    imap.faults.at = ({ verb }) => {
      if (verb !== 'UID SEARCH' && verb !== 'UID FETCH') return undefined
      listings += verb === 'UID SEARCH' ? 1 : 0
      return listings === 1 ? { do: 'answer', pieces: ['* SEARCH 1\r\n', '{tag} OK done\r\n'] } : undefined
    }
    const made = await self.app.pull()
    assert.equal(countOf(made).imported, 3)
    assert.deepEqual(made.kind === 'pulled' ? made.result.faults : [], [])
  }))

test('F14: a copy whose folder was made anew since is no copy any more: nothing is lost', () =>
  play(moving, async self => {
    const imap = imapOf(self)
    const name = mail('a')
    imap.faults.capabilitiesAfterLogin = usualCapabilities.filter(each => each !== 'MOVE')
    imap.faults.at = ({ verb }) => (verb === 'UID STORE' ? no('NO [NOPERM] not for you') : undefined)
    await self.deliver(name)
    countOf(await self.app.pull())
    assert.equal(imap.folder('Done')?.messages.length, 1)
    // Another client empties the folder by making it anew.
    imap.drop('Done')
    const anew = imap.create('Done')
    anew.uidValidity = 1_900_000_000
    delete imap.faults.at
    for (let n = 0; n < 30; n++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.deepEqual(imap.folder('INBOX')?.messages, [])
    assert.deepEqual(
      imap.folder('Done')?.messages.map(({ octets }) => sha256(octets)),
      [sha256(name)],
    )
  }))

test('F14: another message under the same Message-ID in the target is not the copy', () =>
  play(moving, async self => {
    const imap = imapOf(self)
    const moved = mail('a', 200, 'Message-ID: <same@example.net>\r\n')
    const other = mail('b', 2000, 'Message-ID: <same@example.net>\r\n')
    imap.faults.capabilitiesAfterLogin = usualCapabilities.filter(each => each !== 'MOVE')
    imap.create('Done')
    imap.deliver('Done', other)
    // The connection ends before COPY is carried out, so whether there is a copy is not known.
    imap.faults.at = ({ verb }) => (verb === 'UID COPY' ? { do: 'reset' } : undefined)
    await self.deliver(moved)
    countOf(await self.app.pull())
    assert.equal(imap.folder('Done')?.messages.length, 1)
    delete imap.faults.at
    for (let n = 0; n < 30; n++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.deepEqual(imap.folder('INBOX')?.messages, [])
    assert.deepEqual(
      imap
        .folder('Done')
        ?.messages.map(({ octets }) => sha256(octets))
        .sort(),
      [sha256(other), sha256(moved)].sort(),
    )
  }))

test('F13: after a move the folder is listed again, and not its target', () =>
  play(moving, async self => {
    const imap = imapOf(self)
    await self.deliver(mail('a'))
    for (let n = 0; n < 2; n++) {
      countOf(await self.app.pull())
      self.clock.pass(minute)
    }
    await self.deliver(mail('b'), mail('c'))
    for (let n = 0; n < 2; n++) {
      countOf(await self.app.pull())
      self.clock.pass(minute)
    }
    assert.equal(imap.folder('Done')?.messages.length, 3)
    assert.deepEqual(imap.folder('INBOX')?.messages, [])
    await self.judge()
  }))

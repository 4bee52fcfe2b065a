/**
 * Family F, rows 17 and 18: a listing that is not understood is not "no mail", and a date, size or number that cannot be
 * decides nothing. Each kind was reported in public; the address stands with its row.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultCode } from '../../src/base/fault.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { day, hour, imapOf, mail, minute, type Play, play, pop3Of, portsOf } from './harness.ts'

const uploads = ({ world }: Play): string[] => world.gmail.accepted.map(one => one.sha256)
const troubles = async (self: Play): Promise<(readonly [string, FaultCode])[]> =>
  (await self.app.journal.troubles.list()).map(({ scope, code }) => [scope, code])
const unclear = [['folder', 'source.listing-unclear']]

const size = mail('a').length
/** What the answers to STAT, LIST and UIDL become; the maildrop holds three messages that are imported. */
const pop3Lies: readonly (readonly [name: string, answers: Readonly<Record<string, string>>])[] = [
  ['LIST and UIDL empty, STAT 3', { LIST: '+OK\r\n.\r\n', UIDL: '+OK\r\n.\r\n' }],
  [
    'a line that is none',
    { LIST: `+OK\r\n1 ${size}\r\n<html>busy</html>\r\n.\r\n`, UIDL: '+OK\r\n1 uidl-1\r\n.\r\n' },
  ],
  [
    'a negative number',
    { LIST: '+OK\r\n-1 200\r\n.\r\n', UIDL: '+OK\r\n-1 a\r\n.\r\n', STAT: '+OK 0 0\r\n' },
  ],
  ['the number 0', { LIST: '+OK\r\n0 200\r\n.\r\n', UIDL: '+OK\r\n.\r\n', STAT: '+OK 0 0\r\n' }],
  ['fewer rows than STAT counts', { LIST: `+OK\r\n1 ${size}\r\n.\r\n`, UIDL: '+OK\r\n1 uidl-1\r\n.\r\n' }],
  ['more rows than STAT counts', { STAT: '+OK 1 200\r\n' }],
  [
    'STAT refused, LIST and UIDL of different messages',
    { STAT: '-ERR\r\n', LIST: '+OK\r\n2 264\r\n.\r\n', UIDL: '+OK\r\n1 uidl-1\r\n.\r\n' },
  ],
]
for (const [name, answers] of pop3Lies) {
  test(`F17: POP3, ${name}: told, nothing is gone or deleted, and the end of it is seen`, () =>
    play({ more: { AFTER_IMPORT: 'delete-after:1d' } }, async self => {
      await self.deliver(mail('a'), mail('b'), mail('c'))
      assert.equal(countOf(await self.app.pull()).imported, 3)
      self.clock.pass(2 * day)
      pop3Of(self).faults.line = ({ verb }) => (verb in answers ? { answer: answers[verb] ?? '' } : undefined)
      for (let i = 0; i < 2; i++) {
        const made = await self.app.pull()
        const { gone, settled, settleAsked } = countOf(made)
        assert.deepEqual([gone, settled, settleAsked], [0, 0, 0])
        assert.deepEqual(made.kind === 'pulled' && made.result.faults.map(({ code }) => code), [
          'source.listing-unclear',
        ])
      }
      assert.deepEqual(await troubles(self), unclear)
      assert.equal(pop3Of(self).messages.length, 3)
      delete pop3Of(self).faults.line
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      assert.deepEqual(await troubles(self), [])
      assert.equal(pop3Of(self).messages.length, 0, 'deleted once the listing is clear')
      assert.equal(uploads(self).length, 3)
    }))
}

test('F17: POP3, what is understood of a listing goes on being imported, also where STAT lies for good', () =>
  play({ more: { AFTER_IMPORT: 'delete' } }, async self => {
    pop3Of(self).faults.line = ({ verb }) => (verb === 'STAT' ? { answer: '+OK 77 1\r\n' } : undefined)
    for (const name of ['a', 'b', 'c']) {
      await self.deliver(mail(name))
      assert.equal(countOf(await self.app.pull()).imported, 1)
    }
    assert.deepEqual(await troubles(self), unclear)
    assert.equal(pop3Of(self).messages.length, 3)
  }))

test('F17: POP3, mail that is let in between two answers is asked for again and is no contradiction', () =>
  play({}, async self => {
    await self.deliver(mail('a'))
    let left = 1
    pop3Of(self).faults.line = ({ verb }) =>
      verb === 'STAT' && left-- > 0 ? { answer: '+OK 0 0\r\n' } : undefined
    const made = await self.app.pull()
    assert.equal(countOf(made).imported, 1)
    assert.deepEqual(await troubles(self), [])
  }))

test('F17: POP3, an empty maildrop that is empty by all three answers is understood', () =>
  play({}, async self => {
    await self.deliver(mail('a'), mail('b'))
    countOf(await self.app.pull())
    for (const message of [...pop3Of(self).messages]) pop3Of(self).vanish(message)
    countOf(await self.app.pull())
    assert.deepEqual(await troubles(self), [])
  }))

for (const again of [false, true]) {
  test(`F17: START_FROM=new draws no line by a listing in doubt${again ? ', and where it stays so each date decides' : ''}`, () =>
    play({ more: { START_FROM: 'new' } }, async self => {
      const dated = (name: string, atMs: number): Buffer =>
        mail(
          name,
          200,
          `Date: ${new Date(atMs).toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: <${name}@x>\r\n`,
        )
      await self.deliver(
        dated('old-1', self.clock.nowMs() - 30 * day),
        dated('old-2', self.clock.nowMs() - 20 * day),
      )
      pop3Of(self).faults.line = ({ verb }) => (verb === 'STAT' ? { answer: '+OK 9 9\r\n' } : undefined)
      countOf(await self.app.pull())
      assert.deepEqual(await self.stages(), {}, 'nothing is left by rule yet')
      self.clock.pass(hour)
      if (!again) delete pop3Of(self).faults.line
      await self.deliver(dated('new', self.clock.nowMs()))
      countOf(await self.app.pull())
      assert.deepEqual(uploads(self), [sha256(self.put[2] ?? Buffer.alloc(0))])
      assert.equal((await self.stages()).baseline, 2)
    }))
}

const imapLies: readonly (readonly [name: string, pieces: Readonly<Record<string, readonly string[]>>])[] = [
  [
    'SEARCH and FETCH empty, EXISTS 3',
    { 'UID SEARCH': ['* SEARCH\r\n', '{tag} OK\r\n'], 'UID FETCH': ['{tag} OK\r\n'] },
  ],
  [
    'SEARCH with words in it',
    { 'UID SEARCH': ['* SEARCH 1 two 3\r\n', '{tag} OK\r\n'], 'UID FETCH': ['{tag} OK\r\n'] },
  ],
  ['UID 0 and UIDs beyond 32 bits', { 'UID SEARCH': ['* SEARCH 0 1 2 3 99999999999\r\n', '{tag} OK\r\n'] }],
  [
    'one UID three times',
    {
      'UID SEARCH': ['* SEARCH 2 2 2\r\n', '{tag} OK\r\n'],
      'UID FETCH': ['* 1 FETCH (UID 2 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n', '{tag} OK\r\n'],
    },
  ],
  ['EXISTS that is no number', { SELECT: ['* 99999999999 EXISTS\r\n'] }],
  [
    'EXISTS that is no number, and nothing else shown',
    {
      SELECT: ['* 99999999999 EXISTS\r\n'],
      'UID SEARCH': ['* SEARCH\r\n', '{tag} OK\r\n'],
      'UID FETCH': ['{tag} OK\r\n'],
    },
  ],
  ['fewer messages than EXISTS', { SELECT: ['* 9 EXISTS\r\n'] }],
]
for (const [name, lies] of imapLies) {
  test(`F17: IMAP, ${name}: told for that folder, nothing is gone or deleted, the other folder goes on`, () =>
    play(
      { protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,Work', AFTER_IMPORT: 'delete-after:1d' } },
      async self => {
        const server = imapOf(self)
        if (server.folder('Work') === undefined) server.create('Work')
        await self.deliver(mail('a'), mail('b'), mail('c'))
        assert.equal(countOf(await self.app.pull()).imported, 3)
        self.clock.pass(2 * day)
        let isInbox = false
        server.faults.at = ({ verb, text }) => {
          if (verb === 'SELECT') isInbox = /INBOX/.test(text)
          const pieces = isInbox && !/BODY/.test(text) ? lies[verb] : undefined
          return pieces && { do: verb === 'SELECT' ? 'after' : 'answer', pieces }
        }
        server.deliver('Work', mail('other'))
        self.put.push(mail('other'))
        const first = countOf(await self.app.pull())
        assert.deepEqual([first.imported, first.gone, first.settled, first.settleAsked], [1, 0, 0, 0])
        assert.deepEqual(await troubles(self), unclear)
        delete server.faults.at
        countOf(await self.app.pull())
        assert.deepEqual(await troubles(self), [])
        assert.equal(uploads(self).length, 4)
      },
    ))
}

test('F17: IMAP, UIDs that SEARCH names and no message has are no messages', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'), mail('b'))
    imapOf(self).faults.at = ({ verb }) =>
      verb === 'UID SEARCH' ? { do: 'answer', pieces: ['* SEARCH 1 2 77\r\n', '{tag} OK\r\n'] } : undefined
    assert.equal(countOf(await self.app.pull()).imported, 2)
    assert.deepEqual(await troubles(self), [])
    assert.deepEqual(await self.stages(), { settled: 2 })
  }))

test('F17: a message that is listed for days and is not there is told, and waits for nobody in the end', () =>
  play({}, async self => {
    await self.deliver(mail('ghost'), mail('real'))
    const server = pop3Of(self)
    server.faults.line = ({ line }) =>
      /^RETR 1$/.test(line) ? { answer: '-ERR no such message\r\n' } : undefined
    for (let n = 0; n < 40; n++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    assert.deepEqual(await troubles(self), [['message', 'message.listed-only']])
    const { pending, refused } = await self.app.journal.conservation(portsOf(self.app).mailbox.name)
    assert.deepEqual([pending, refused], [0, 1])
    assert.equal(uploads(self).length, 1)
    const [ghost] = server.messages
    if (ghost !== undefined) server.vanish(ghost)
    await self.app.pull()
    assert.deepEqual(await troubles(self), [])
  }))

const noDates = [
  // https://github.com/jstedfast/MailKit/issues/1236, https://github.com/scanner/asimap/issues/458
  '00-Jan-0000 00:00:00 +0000',
  '01-Jan-1970 00:00:00 +0000',
  '01-Jan-1900 00:00:00 +0000',
  '01-Foo-2026 00:00:00 +0000',
  '32-Jan-2026 00:00:00 +0000',
  '05-Jan-2025 24:61:61 +0000',
  '05-Jan-2025 00:00:00 +9999',
  '30-Feb-2025 00:00:00 +0000',
]
for (const date of noDates) {
  test(`F18: INTERNALDATE "${date}" decides nothing: under START_FROM a date the mail is imported`, () =>
    play({ protocol: 'imap', more: { START_FROM: '2026-01-01' } }, async self => {
      await self.deliver(mail('now'))
      imapOf(self).faults.at = ({ verb, text }) =>
        verb === 'UID FETCH' && /INTERNALDATE/.test(text) && !/BODY/.test(text)
          ? {
              do: 'answer',
              pieces: [
                `* 1 FETCH (UID 1 FLAGS () INTERNALDATE "${date}" RFC822.SIZE 264)\r\n`,
                '{tag} OK\r\n',
              ],
            }
          : undefined
      assert.equal(countOf(await self.app.pull()).imported, 1)
    }))
}

for (const date of [
  'Thu, 01 Jan 1970 00:00:00 +0000',
  'Mon, 1 Jan 1900 00:00:00 +0000',
  'Fri, 1 Jan 2100 00:00:00 +0000',
  '5',
  '31 Feb 2025 10:00:00 +0000',
  '1 Jan 2025 10:00:00 +9999',
]) {
  test(`F18: a message whose only date is "${date}" is imported under START_FROM a date`, () =>
    play({ more: { START_FROM: '2026-01-01' } }, async self => {
      await self.deliver(
        mail('odd', 200, `Date: ${date}\r\n`),
        mail('old', 200, 'Date: Wed, 1 Jan 2025 10:00:00 +0900\r\n'),
      )
      assert.equal(countOf(await self.app.pull()).imported, 1)
      assert.deepEqual(uploads(self), [sha256(self.put[0] ?? Buffer.alloc(0))])
    }))
}

test('F18: a Received line that cannot be leaves the word to the Date', () =>
  play({ more: { START_FROM: '2026-01-01' } }, async self => {
    const received = 'Received: from a by b; Thu, 01 Jan 1970 00:00:00 +0000\r\n'
    await self.deliver(mail('old', 200, `${received}Date: Wed, 1 Jan 2025 10:00:00 +0900\r\n`))
    assert.equal(countOf(await self.app.pull()).imported, 0)
    assert.deepEqual(await self.stages(), { baseline: 1 })
  }))

for (const size of ['-1', '0', '4294967295', '9223372036854775808', 'NaN', '1e3', '']) {
  test(`F18: a size announced as "${size}" costs no message, twice over`, () =>
    play({ more: { AFTER_IMPORT: 'delete' } }, async self => {
      pop3Of(self).faults.size = () => size
      await self.deliver(mail('a'), mail('b'))
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      assert.deepEqual(pop3Of(self).messages, [])
      await self.judge()
    }))
}

// https://github.com/emersion/go-imap/issues/612
for (const validity of ['1731940461857054720', '18446744073709551616', '-1700000001', '007']) {
  test(`F18: UIDVALIDITY ${validity}, which stays the same, names messages for good`, () =>
    play({ protocol: 'imap', more: { AFTER_IMPORT: 'delete-after:1d' } }, async self => {
      await self.deliver(mail('a'), mail('b'))
      const folder = imapOf(self).folder('INBOX')
      assert.ok(folder)
      Object.assign(folder, { uidValidity: validity })
      assert.equal(countOf(await self.app.pull()).imported, 2)
      const before = imapOf(self).ledger.commands.length
      self.clock.pass(minute)
      countOf(await self.app.pull())
      const asked = imapOf(self)
        .ledger.commands.slice(before)
        .map(({ text }) => text)
      assert.ok(!asked.some(text => /HEADER|INTERNALDATE/.test(text)), asked.join())
      self.clock.pass(2 * day)
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      assert.equal(folder.messages.length, 0)
      assert.deepEqual(await troubles(self), [])
    }))
}
